"""Studies of the contract server: phantom heads with a lesion on one known side.

Everything is in display order, as the real server sends it: the patient's right is on the
left of the screen, the front at the top, slice 0 the lowest.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np

EDGES = {"left": "R", "right": "L", "top": "A", "bottom": "P"}
THRESHOLD = 0.42
MODEL = {
    "id": "default",
    "name": "phantom-resnet50",
    "version": "0.1.0",
    "weights_sha256": "4f1c" * 16,
    "is_default": True,
    "is_shadow": False,
    "threshold_probability": THRESHOLD,
    "threshold_words": "fixed for a specificity of 0.95 on 310 tuning slices of 12 patients",
    "sensitivity": {
        "value": 0.87,
        "low": 0.79,
        "high": 0.93,
        "n_slices": 240,
        "n_patients": 22,
    },
    "specificity": {
        "value": 0.91,
        "low": 0.86,
        "high": 0.95,
        "n_slices": 410,
        "n_patients": 22,
    },
    "figures_set": "internal testing, grouped by patient: 650 slices, 22 patients or groups",
    "calibration": "temperature 1.31, fitted on 12 tuning patients",
    "conformal": "sets of labels hold the true one in 0.90 of slices",
    "referral": "slices with both labels possible are referred",
    "input_gate": "refuses slices farther from the training data than 99 of 100 of them",
    "training_data": "phantom slices, 3 sites; nothing of a patient",
    "prevalence": 0.37,
    "intended_use": "Scores single MRI slices of the head for signs of a brain tumor, for "
    "research on data like the training data. It does not diagnose and must not guide care.",
    "natural_frequencies": [
        {"low": 0.0, "high": 0.2, "n": 260, "tumors": 6},
        {"low": 0.2, "high": 0.5, "n": 120, "tumors": 31},
        {"low": 0.5, "high": 0.8, "n": 96, "tumors": 60},
        {"low": 0.8, "high": 0.95, "n": 110, "tumors": 95},
        {"low": 0.95, "high": 1.0, "n": 64, "tumors": 62},
    ],
    "natural_frequencies_words": "650 slices of internal testing",
    "figures": {},
    "comparison": None,
    "notice": "Research use only. Not a medical device.",
}
CHECKS = [
    {"name": "files", "outcome": "accept", "words": "all files could be read"},
    {
        "name": "sequence",
        "outcome": "accept",
        "words": "T1, FLAIR, T1 with contrast medium: stated by the files",
    },
    {
        "name": "orientation and spacing",
        "outcome": "accept",
        "words": "stated by the files; pictures are in the radiological convention",
    },
    {
        "name": "distribution",
        "outcome": "flag",
        "words": "2 of 20 slices lie far from the training data; their scores are less sure",
    },
]


@dataclass
class PhantomStudy:
    """A study as JSON, and its arrays by series: pixels by channel, and the map."""

    view: dict
    pixels: dict[int, list[np.ndarray]] = field(default_factory=dict)
    relevance: dict[int, np.ndarray] = field(default_factory=dict)
    polls_left: int = 0


def make_head(shape, *, lesion_column, contrast=0, seed=0):
    """Return a head (slices, rows, columns) int16 and its lesion's mask.

    `lesion_column` is a share of the width: below a half is the patient's right.
    """
    slices, rows, columns = shape
    z, y, x = np.ogrid[-1 : 1 : slices * 1j, -1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    distance = np.sqrt((x / 0.8) ** 2 + (y / 0.92) ** 2 + (z / 1.25) ** 2)
    brain = distance < 0.86
    skull = (distance > 0.93) & (distance < 1)
    fluid = ((np.abs(x) - 0.13) / 0.09) ** 2 + (y / 0.34) ** 2 + (z / 0.4) ** 2 < 1
    at_x = 2 * lesion_column - 1
    lesion = ((x - at_x) / 0.17) ** 2 + ((y + 0.15) / 0.19) ** 2 + (
        (z - 0.2) / 0.3
    ) ** 2 < 1
    noise = np.random.default_rng(seed).normal(0, 14, shape)
    folds = 40 * np.sin(19 * x + 5 * np.sin(9 * y)) * np.sin(17 * y + 3 * z)
    levels = ((420, 120, 900), (380, 800, 640), (300, 90, 1000))[contrast]
    image = brain * (levels[0] + folds) + skull * 700
    image = np.where(fluid & brain, levels[1], image)
    image = np.where(lesion & brain, levels[2], image)
    return np.clip(image + np.abs(noise), 0, 4000).astype("<i2"), lesion & brain


def make_map(lesion):
    """Return a uint8 map that falls off around a lesion, largest inside."""
    where = np.argwhere(lesion)
    center, spread = where.mean(0), np.maximum(where.std(0) * 1.7, 0.8)
    grid = np.ogrid[tuple(slice(0, n) for n in lesion.shape)]
    far = sum(
        ((axis - c) / s) ** 2 for axis, c, s in zip(grid, center, spread, strict=True)
    )
    return np.clip(255 * np.exp(-far / 2) - 6, 0, 255).astype(np.uint8)


def slice_results(lesion, *, refer=(), skip=()):
    """Return one result for each slice; the score follows the lesion's area."""
    area = lesion.sum((1, 2))
    scores = 0.06 + 0.83 * area / max(area.max(), 1)
    found = []
    for index, score in enumerate(scores):
        one = {
            "index": index,
            "position_mm": round(-40 + 5.0 * index, 1),
            "tumor_probability": round(float(score), 4),
            "interval": [round(float(score) - 0.05, 4), round(float(score) + 0.04, 4)],
            "decision": "above threshold" if score > THRESHOLD else "not above",
            "reasons": [],
        }
        blank = {"tumor_probability": None, "interval": None}
        if index in refer:
            why = "both labels are possible at the level that was fixed"
            one |= blank | {"decision": "refer", "reasons": [why]}
        if index in skip:
            why = "shows almost nothing of a head"
            one |= blank | {"decision": "not assessed", "reasons": [why]}
        found.append(one)
    return found


def make_series(number, lesion, results, **fields):
    """Return a series as JSON."""
    slices, rows, columns = lesion.shape
    scored = [one for one in results if one["tumor_probability"] is not None]
    best = max(scored, key=lambda one: one["tumor_probability"], default=None)
    highest = best and {
        "slice_index": best["index"],
        "tumor_probability": best["tumor_probability"],
    }
    return {
        "id": number,
        "label": f"series {number + 1}",
        "sequences": ["T1", "FLAIR", "T1c"],
        "sequence_words": "stated by the files",
        "slices": slices,
        "rows": rows,
        "columns": columns,
        "spacing_mm": [1.5, 1.5],
        "edge_labels": EDGES,
        "window": {"center": 500, "width": 1000},
        "highest": highest,
        "slice_results": results,
        "overlay": {
            "method": "class activation map",
            "threshold": 0.5,
            "score_words": "In internal testing its hottest point lay in the lesion in "
            "0.61 [0.49, 0.72] of slices; always guessing the brightest spot reached 0.38.",
        },
        "notes": [],
    } | fields


def make_view(study_id, title, series, **fields):
    """Return a study as JSON."""
    best = [one["highest"]["tumor_probability"] for one in series if one["highest"]]
    top = max(best, default=None)
    above = top is not None and top > THRESHOLD
    decision = "refer" if top is None else "above threshold" if above else "not above"
    return {
        "id": study_id,
        "title": title,
        "created": "2026-11-24T08:15:00+00:00",
        "state": "done",
        "model_id": "default",
        "series_count": len(series),
        "highest_tumor_probability": top,
        "decision": decision if series else None,
        "reading": None,
        "withheld": False,
        "error": None,
        "job": {
            "id": f"job-{study_id}",
            "study_id": study_id,
            "state": "done",
            "attempts": 1,
            "progress": {"done": 1, "total": 1, "stage": "done"},
        },
        "input_checks": copy.deepcopy(CHECKS),
        "series": series,
        "left_out": [],
        "notes": ["The threshold was fixed for single slices."],
        "model": MODEL,
        "feedback": [],
        "dicom_results": 2,
        "notice": MODEL["notice"],
    } | fields


def usual_study(
    study_id="s-usual", title="Phantom 1", *, shape=(20, 96, 96), column=0.3
):
    """Three channels; a lesion of the patient's right unless told otherwise."""
    heads = [
        make_head(shape, lesion_column=column, contrast=k, seed=k) for k in range(3)
    ]
    lesion = heads[0][1]
    results = slice_results(lesion, refer=(5,), skip=(0, shape[0] - 1))
    relevance = make_map(lesion)
    for one in results:
        if one["tumor_probability"] is None:
            relevance[one["index"]] = 0
    view = make_view(study_id, title, [make_series(0, lesion, results)])
    return PhantomStudy(view, {0: [head for head, _ in heads]}, {0: relevance})


def two_series_study():
    """Two series of different slices and oblong pixels, linked by position."""
    fine, fine_lesion = make_head((20, 96, 96), lesion_column=0.3)
    coarse, coarse_lesion = make_head((10, 48, 96), lesion_column=0.3, contrast=1)
    coarse_results = slice_results(coarse_lesion)
    for one in coarse_results:
        one["position_mm"] = round(-37.5 + 10 * one["index"], 1)
    series = [
        make_series(0, fine_lesion, slice_results(fine_lesion), sequences=["T1"]),
        make_series(
            1,
            coarse_lesion,
            coarse_results,
            sequences=["FLAIR"],
            spacing_mm=[3.0, 1.5],
        ),
    ]
    series[0]["label"], series[1]["label"] = "T1 axial", "FLAIR axial"
    return PhantomStudy(
        make_view("s-two", "Phantom 2: two series", series),
        {0: [fine], 1: [coarse]},
        {0: make_map(fine_lesion), 1: make_map(coarse_lesion)},
    )


def referred_study():
    """The model abstains on every slice."""
    head, lesion = make_head((12, 64, 64), lesion_column=0.7, contrast=1)
    results = slice_results(lesion, refer=range(12))
    series = make_series(0, lesion, results, sequences=["FLAIR"], overlay=None)
    view = make_view("s-refer", "Phantom 3: referred", [series])
    return PhantomStudy(view, {0: [head]})


def refused_study():
    """The gate refuses the input: pictures are there, nothing was scored."""
    head, lesion = make_head((12, 64, 64), lesion_column=0.5)
    results = slice_results(lesion, skip=range(12))
    for one in results:
        one["reasons"] = ["lies far from the training data: this may be no head"]
    series = make_series(0, lesion, results, sequences=["T2"], overlay=None)
    refusal = {
        "name": "distribution",
        "outcome": "refuse",
        "words": "12 of 12 slices lie far from the training data: this may be no head",
    }
    view = make_view(
        "s-refused",
        "Phantom 4: no head",
        [series],
        state="not_assessed",
        decision="not assessed",
        input_checks=[*CHECKS[:3], refusal],
        left_out=[{"label": "scout", "reason": "3 slices: too few to screen"}],
    )
    return PhantomStudy(view, {0: [head]})


def picture_study():
    """A picture without a header: nobody knows its sides or its scale."""
    head, lesion = make_head((1, 80, 80), lesion_column=0.6)
    lesion[:, 30:40, 50:60] = True
    results = slice_results(lesion)
    results[0]["position_mm"] = None
    results[0]["interval"] = None
    series = make_series(
        0,
        lesion,
        results,
        label="picture.png",
        sequences=[""],
        edge_labels=None,
        spacing_mm=[1.0, 1.0],
        sequence_words="not stated: pictures carry no header",
        notes=["orientation and scale unknown"],
    )
    view = make_view("s-picture", "Phantom 5: a picture", [series])
    return PhantomStudy(view, {0: [head]}, {0: make_map(lesion)})


def failed_study():
    """Screening did not come to an end."""
    error = {
        "code": "unreadable",
        "detail": "None of 3 files could be read as an image.",
    }
    view = make_view(
        "s-failed", "Phantom 6: unreadable", [], state="failed", error=error
    )
    return PhantomStudy(view | {"decision": None, "input_checks": []})


def running_study():
    """A study that is being screened, and stays so."""
    view = make_view("s-running", "Phantom 7: under way", [], state="running")
    view |= {"decision": None, "input_checks": []}
    view["job"] |= {
        "state": "running",
        "progress": {"done": 7, "total": 20, "stage": "scoring slices"},
    }
    return PhantomStudy(view, polls_left=1_000_000)


def all_studies():
    """Return one study for each state."""
    made = (
        usual_study(),
        two_series_study(),
        referred_study(),
        refused_study(),
        picture_study(),
        failed_study(),
        running_study(),
    )
    return {one.view["id"]: one for one in made}
