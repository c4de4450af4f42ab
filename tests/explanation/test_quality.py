"""Figures of the maps' quality from scores of slices, by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.json_reading import from_json_value
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.specs import EvaluateSpec, ExplainSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.explanation.quality import (
    QualityReport,
    ScoredMaps,
    judge_randomization,
    measure_quality,
)

BLANK = float("nan")
PATIENTS = ["p", "p", "q", "q", "r", "r"]
LABELS = [1, 1, 1, 0, 1, 0]
AREAS = [100.0, 900.0, 900.0, 0.0, BLANK, 0.0]
FOUND = [True, False, True, False, True, True]


def draws_of(patients):
    """Return draws of these patients."""
    return draw_patients(
        pd.Series(patients, dtype="str"),
        pd.Series(["a"] * len(patients), dtype="str"),
        EvaluateSpec(bootstrap_draws=200),
        grouping="patient",
    )


def scores_of(method, **columns):
    """Return the rows of one method."""
    return pd.DataFrame({"slice": range(6), "method": method} | columns)


@pytest.fixture
def scored():
    """Return scores of a class map, two trivial maps and random orders."""
    cam = scores_of(
        "cam",
        hit=[1, 0, 1, BLANK, BLANK, BLANK],
        dice=[0.2, 0.4, 0.6, BLANK, BLANK, BLANK],
        mass_outside_brain=[0.1] * 6,
        highlighted_on_tumor_free=[BLANK, BLANK, BLANK, 0.5, BLANK, 0.1],
        randomized_rank_correlation=[0.5, BLANK, 0.7, BLANK, 0.6, BLANK],
        deletion=[0.1, 0.3, 0.4, BLANK, BLANK, BLANK],
    )
    trivial = [
        scores_of(name, hit=[0, 0, 1, BLANK, BLANK, BLANK], deletion=[0.5] * 6)
        for name in ("brightness", "center")
    ]
    random = scores_of("random", deletion=[0.6] * 3 + [BLANK] * 3)
    weight = [1.0, 1.0, 1.0, 3.0, 1.0, 1.0]
    slices = pd.DataFrame(
        {"label": LABELS, "area_px": AREAS, "is_found": FOUND, "weight": weight}
    )
    return ScoredMaps(
        slices=slices,
        draws=draws_of(PATIENTS),
        scores=pd.concat([cam, *trivial, random], ignore_index=True),
        completeness=np.array([1e-6, 3e-6]),
    )


@pytest.fixture
def report(scored):
    """Return the report of these scores."""
    return measure_quality(
        scored, ExplainSpec(), grouping="patient", against="b, seed 1"
    )


def test_means_are_over_the_slices_that_were_measured(report):
    """Tumor-free slices have their weights: (3 x 0.5 + 0.1) / 4 = 0.4."""
    cam = report.of_method("cam")

    assert cam.figure("hit").value == pytest.approx(2 / 3)
    assert cam.figure("dice").value == pytest.approx(0.4)
    assert cam.figure("mass_outside_brain").n_slices == 6
    assert cam.figure("highlighted_on_tumor_free").value == pytest.approx(0.4)


def test_deletion_counts_each_patient_once(report):
    """Patients of 0.2 and 0.4 are 0.3, though one of them has two slices."""
    assert report.of_method("cam").figure("deletion").value == pytest.approx(0.3)
    (deletion, insertion) = report.random_order
    assert deletion.value == pytest.approx(0.6)
    assert insertion.reason.startswith("no slice was looked at")
    tested = {(each.method, each.curve, each.against) for each in report.tests}
    assert tested == {
        ("cam", curve, against)
        for curve in ("deletion", "insertion")
        for against in ("random", "brightness")
    }


def test_a_map_that_survives_new_weights_is_not_to_be_trusted(report):
    """A mean |rho| of 0.6 fails; trivial maps look at no model."""
    assert report.of_method("cam").verdict == "failed"
    assert report.untrusted == ("cam",)
    center = report.of_method("center")
    assert center.is_trivial
    assert "no model" in center.figure("randomized_rank_correlation").reason


@pytest.mark.parametrize(
    ("value", "high", "verdict"),
    [
        (0.1, 0.2, "passed"),
        (0.1, 0.21, "failed"),
        (0.3, 0.4, "failed"),
        (BLANK, BLANK, "cannot be assessed"),
    ],
)
def test_the_interval_must_be_below_the_gate_too(value, high, verdict):
    """A small mean with a wide interval is no proof."""
    figure = MetricEstimate(
        name="rho",
        value=value,
        low=0.0,
        high=high,
        level=0.95,
        n_slices=9,
        n_patients=3,
        resampled="patients",
        reason="" if value > 0 else "one patient",
    )

    assert judge_randomization(figure) == verdict


def test_groups_are_lesion_sizes_and_decisions(report):
    """100 px is one slice of one patient, 900 px two; found and missed add up."""
    groups = {each.name: each for each in report.of_method("cam").groups}

    assert groups["up to 200 px"].n_slices == 1
    assert "at least two patients" in groups["up to 200 px"].figures[1].reason
    medium = groups["above 735 to 1529 px"]
    assert medium.n_slices == 2
    assert medium.figures[1].value == pytest.approx(0.5)
    assert groups["above 2765 px"].n_slices == 0
    assert (groups["found"].n_slices, groups["missed"].n_slices) == (2, 1)


def test_the_largest_completeness_error_stands_with_its_n(report, scored):
    """A maximum has no interval."""
    assert report.completeness_error == 3e-6
    assert report.completeness_slices == 2


def test_a_report_comes_back_from_its_json(report):
    """Nothing is lost but the distinction of blanks."""
    text = json.dumps(to_json_value(report), allow_nan=False)

    again = from_json_value(QualityReport, json.loads(text))

    assert json.dumps(to_json_value(again), allow_nan=False) == text
    assert again.untrusted == ("cam",)


def test_nothing_scored_is_a_report_of_blanks():
    """A run whose test part has no tumor slices and no sample."""
    slices = pd.DataFrame(
        {"label": [0], "area_px": [0.0], "is_found": [False], "weight": [1.0]}
    )
    scores = pd.DataFrame(
        {"slice": [0], "method": ["cam"], "mass_outside_brain": [0.5]}
    )
    scored = ScoredMaps(
        slices=slices, draws=draws_of(["p"]), scores=scores, completeness=np.zeros(0)
    )

    report = measure_quality(scored, ExplainSpec(), grouping="patient")

    (cam,) = report.methods
    assert cam.verdict == "cannot be assessed"
    assert all(figure.reason for figure in cam.figures)
    assert np.isnan(report.completeness_error)


def test_tables_that_do_not_belong_together_are_refused(scored):
    """A wrong number of slices would shift every score."""
    with pytest.raises(DataError, match="6 slices, but draws for 2"):
        ScoredMaps(
            slices=scored.slices,
            draws=draws_of(["p", "q"]),
            scores=scored.scores,
            completeness=np.zeros(0),
        )
    with pytest.raises(DataError, match=r"lack the columns \['is_found'\]"):
        ScoredMaps(
            slices=scored.slices.drop(columns="is_found"),
            draws=scored.draws,
            scores=scored.scores,
            completeness=np.zeros(0),
        )
