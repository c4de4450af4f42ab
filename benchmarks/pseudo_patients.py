"""Measure how well slices of one head are found where patient ids are hidden.

Ids are hidden from the search and used afterwards only: pairs of slices, and what a split
by the groups leaks, beside slices dealt at random, near-duplicate groups, files cut into
blocks, and the same links joined without limits. Files come in four orders: as exported,
shuffled, in three passes over the patients (12 slices of each), and those shuffled.

    python benchmarks/pseudo_patients.py                      # lgg where it is, and phantom
    python benchmarks/pseudo_patients.py --source seed        # no truth: what is found
    python benchmarks/pseudo_patients.py --spaces             # learned here or on a phantom
    python benchmarks/pseudo_patients.py --scale 100000       # time and memory
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from cohorts import data_folder, read_cohort
from numpy.typing import NDArray
from reporting import Figure, make_result, report
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.linear_model import LogisticRegression

from tumorscope.audit.near_duplicates import (
    find_near_duplicates,
    fingerprint,
    link_groups,
)
from tumorscope.audit.pseudo_patients.agreement import (
    compare_with_patients,
)
from tumorscope.audit.pseudo_patients.finding import find_pseudo_patients
from tumorscope.audit.pseudo_patients.fingerprints import (
    HeadFingerprint,
    fingerprint_head,
)
from tumorscope.audit.pseudo_patients.head_space import learn_space
from tumorscope.audit.pseudo_patients.linking import find_links
from tumorscope.audit.pseudo_patients.neighbors import find_neighbors, pair_neighbors
from tumorscope.audit.pseudo_patients.section import common_lags
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec
from tumorscope.domain.specs import DuplicateSpec
from tumorscope.io.images import read_image
from tumorscope.workflows.pseudo_patients import file_positions

LIMIT = (
    "The distances of the default settings were chosen on lgg in the shuffled order: its "
    "figures are those of development data. Figures of the phantom say that the software "
    "works."
)
SLICES_IN_PASSES = 12
PASSES = 3
ENDS = (0.05, 0.9)
"""Heights between which the three passes take slices: exports skip the empty ends."""
CALLED_SAME = 0.9
BRAIN_LEVEL = 40
BRAIN_CENTER = 0.545
"""Share of the height at which area, not place, tells cerebellum from vertex."""
STEP = (0.05, 2.5)
DROP = -1.5
SCALE_NOISE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A cohort that was read once.

    Attributes:
        prints: Of each slice, for pseudo-patients.
        patient: Shape (slices,), int64; all -1 where none is known.
        height: Shape (slices,), rank of the slice in its head, in [0, 1].
        duplicate: Shape (slices,), near-duplicate group.
        phase: Shape (slices,), radians: how far up in the brain a skull-stripped slice
            seems to lie, from area and center alone; see `brain_phase`.
    """

    prints: list[HeadFingerprint]
    patient: NDArray[np.int64]
    height: NDArray[np.float64]
    duplicate: NDArray[np.int64]
    phase: NDArray[np.float64]

    def take(self, rows: NDArray[np.int64]) -> Looked:
        """Return these slices, in this order."""
        return Looked(
            prints=[self.prints[row] for row in rows],
            patient=self.patient[rows],
            height=self.height[rows],
            duplicate=self.duplicate[rows],
            phase=self.phase[rows],
        )


def look_at(manifest: Manifest) -> Looked:
    """Read a cohort in the order of its files."""
    order = np.argsort(file_positions(manifest))
    pixels = [read_image(manifest.image_path(row)) for row in order]
    pairs = find_near_duplicates(
        [fingerprint(each) for each in pixels], DuplicateSpec()
    )
    table = manifest.table.iloc[order]
    patients = table["patient_id"].fillna("").unique()
    index = table["slice_index"].to_numpy(dtype=np.float64, na_value=np.nan)
    count = table["slice_count"].to_numpy(dtype=np.float64, na_value=np.nan)
    return Looked(
        prints=[fingerprint_head(each) for each in pixels],
        patient=(
            table["patient_id"].map({name: n for n, name in enumerate(patients)})
        ).to_numpy(dtype=np.int64)
        if manifest.has_patients
        else np.full(len(table), -1),
        height=index / np.maximum(count - 1, 1),
        duplicate=link_groups(pairs, len(pixels)),
        phase=brain_phase(pixels),
    )


def brain_phase(pixels: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """Guess how far up in the brain skull-stripped slices lie, in radians.

    From the cerebellum (small, far back: low in the picture) over the middle (large) to
    the vertex (small, central) area and center run around a half circle. Nothing that
    pseudo-patients are found by is used but the picture itself.
    """
    area, center = [], []
    for each in pixels:
        grey = each if each.ndim == 2 else each.mean(axis=2)
        brain = grey > BRAIN_LEVEL
        area.append(brain.mean())
        rows = np.flatnonzero(brain.any(axis=1))
        weights = brain[rows].sum(axis=1)
        center.append(
            np.average(rows, weights=weights) / len(grey) if len(rows) else BRAIN_CENTER
        )
    share = np.array(area) / max(np.quantile(area, 0.95), 1e-6)
    return -np.arctan2((np.array(center) - BRAIN_CENTER) * 10, share - 0.5)


def torn_steps(group: NDArray[np.int64], phase: NDArray[np.float64]) -> Figure:
    """Return the share of steps upwards to the next file that leave the group.

    A step from one file to the next that rises in the brain is most likely inside one
    head, as files of a head go upwards; a step from the vertex down is not.
    """
    change = np.diff(phase)
    rises = (change > STEP[0]) & (change < STEP[1])
    torn = group[:-1] != group[1:]
    return Figure(
        name="",
        value=float(torn[rises].mean()),
        note=f"{int(rises.sum())} steps; of {int((change < DROP).sum())} steps far down, "
        f"which are of two heads, {float(torn[change < DROP].mean()):.3f} leave the group",
    )


def in_passes(looked: Looked) -> NDArray[np.int64]:
    """Return the rows of an export that goes over all patients three times."""
    of_patient = []
    for patient in np.unique(looked.patient):
        rows = np.flatnonzero(
            (looked.patient == patient)
            & (looked.height > ENDS[0])
            & (looked.height < ENDS[1])
        )
        chosen = np.linspace(0, len(rows) - 1, min(SLICES_IN_PASSES, len(rows)))
        of_patient.append(rows[chosen.round().astype(int)])
    starts = (PASSES - 1, *range(PASSES - 1))
    return np.concatenate(
        [rows[start::PASSES] for start in starts for rows in of_patient]
    )


def compare(name: str, looked: Looked, spec: PseudoPatientSpec) -> list[dict[str, Any]]:
    """Compare all groupings of a cohort, in all orders of its files."""
    passes = looked.take(in_passes(looked))
    results = []
    for words, cohort, is_shuffled in (
        ("as exported", looked, False),
        ("shuffled", looked, True),
        ("three passes", passes, False),
        ("three passes, shuffled", passes, True),
    ):
        count = len(cohort.prints)
        order = np.random.default_rng(1).permutation(count)
        position = order if is_shuffled else np.arange(count)
        for method, grouping in GROUPINGS.items():
            group, kept = grouping(cohort, position, spec)
            agreement = compare_with_patients(group[kept], cohort.patient[kept])
            results.append(
                {
                    "source": name,
                    "order": words,
                    "method": method,
                    "kept_share": float(kept.mean()),
                    **asdict(agreement),
                }
            )
    return results


def _whole(group: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    return group, np.ones(len(group), dtype=np.bool_)


def _blocks(
    cohort: Looked, position: NDArray[np.int64], _: PseudoPatientSpec
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    return _whole(position * len(np.unique(cohort.patient)) // len(position))


def _joined_plainly(
    cohort: Looked, position: NDArray[np.int64], spec: PseudoPatientSpec
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    vectors = learn_space(cohort.prints).place(cohort.prints)
    links = find_links(vectors, position, spec)
    first, second = links.first[links.is_strong], links.second[links.is_strong]
    graph = coo_matrix(
        (np.ones(len(first)), (first, second)), shape=(len(vectors), len(vectors))
    )
    return _whole(connected_components(graph, directed=False)[1].astype(np.int64))


def _pseudo_patients(
    cohort: Looked, position: NDArray[np.int64], spec: PseudoPatientSpec
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    found = find_pseudo_patients(cohort.prints, spec, position=position)
    return found.group, found.is_assigned


def _all_slices(
    cohort: Looked, position: NDArray[np.int64], spec: PseudoPatientSpec
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    return _whole(_pseudo_patients(cohort, position, spec)[0])


Grouping = Callable[
    [Looked, NDArray[np.int64], PseudoPatientSpec],
    tuple[NDArray[np.int64], NDArray[np.bool_]],
]
GROUPINGS: dict[str, Grouping] = {
    "slices at random": lambda cohort, *_: _whole(np.arange(len(cohort.prints))),
    "near-duplicates": lambda cohort, *_: _whole(cohort.duplicate),
    "blocks of files": _blocks,
    "links joined plainly": _joined_plainly,
    "pseudo-patients, unassigned slices kept": _all_slices,
    "pseudo-patients": _pseudo_patients,
}


def sensitivity(
    name: str, looked: Looked, spec: PseudoPatientSpec
) -> list[dict[str, Any]]:
    """Compare pseudo-patients under other settings, shuffled: what hangs on the choice."""
    position = np.random.default_rng(1).permutation(len(looked.prints))
    changes: list[dict[str, float]] = [
        {"strong_distance": 1.0},
        {"strong_distance": 1.35},
        {"stray_distance": 1.25},
        {"stray_distance": 2.0},
        {"small_group": 4},
        {"small_group": 12},
    ]
    results = []
    for change in changes:
        group, kept = _pseudo_patients(
            looked, position, PseudoPatientSpec(**spec.model_dump() | change)
        )
        agreement = compare_with_patients(group[kept], looked.patient[kept])
        results.append(
            {
                "source": name,
                "order": "shuffled",
                "method": ", ".join(f"{key} {value}" for key, value in change.items()),
                "kept_share": float(kept.mean()),
                **asdict(agreement),
            }
        )
    return results


def compare_spaces(name: str, looked: Looked, phantom: Looked) -> list[Figure]:
    """Compare a space learned from the set itself with one learned on a phantom."""
    own, other = learn_space(looked.prints), learn_space(phantom.prints)
    figures = [
        Figure(
            name=f"{name}: nearest slice is of the same patient, {words}",
            value=_nearest_share(vectors, looked.patient),
            note=f"{len(looked.prints)} slices",
        )
        for words, vectors in (
            ("every kind of trait alike", own.describe(looked.prints)),
            ("space learned on a phantom", other.place(looked.prints)),
            ("space learned from the set", own.place(looked.prints)),
        )
    ]
    score = LogisticRegression().fit(*_distances_and_truth(phantom))
    distance, is_same = _distances_and_truth(looked)
    called = score.predict_proba(distance)[:, 1] >= CALLED_SAME
    figures.append(
        Figure(
            name=f"{name}: pairs that a score trained on a phantom calls one head "
            f"(probability of {CALLED_SAME:g} or more) and that are",
            value=float(is_same[called].mean()) if called.any() else float("nan"),
            note=f"{int(called.sum())} of {len(called)} pairs",
        )
    )
    return figures


def _nearest_share(vectors: NDArray[np.float32], patient: NDArray[np.int64]) -> float:
    nearest = find_neighbors(vectors, 1).index[:, 0]
    return float((patient[nearest] == patient).mean())


def _distances_and_truth(
    looked: Looked,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    vectors = learn_space(looked.prints).place(looked.prints)
    k = PseudoPatientSpec().neighbors
    pairs = pair_neighbors(find_neighbors(vectors, k), k)
    is_same = looked.patient[pairs.first] == looked.patient[pairs.second]
    return np.log(pairs.distance + 0.01)[:, None].astype(np.float64), is_same


def multiply(looked: Looked, slices: int) -> Looked:
    """Return this many slices of invented heads: each head again, with other traits."""
    generator = np.random.default_rng(0)
    prints, patients = [], []
    copy = 0
    while len(prints) < slices:
        for patient in np.unique(looked.patient):
            shifts = {
                name: generator.normal(0, SCALE_NOISE, np.shape(getattr(each, name)))
                for each in looked.prints[:1]
                for name in ("outline", "tissue", "texture", "spectrum", "darkness")
            }
            for row in np.flatnonzero(looked.patient == patient):
                changed = {
                    name: (getattr(looked.prints[row], name) + shift).astype(np.float32)
                    for name, shift in shifts.items()
                }
                prints.append(replace(looked.prints[row], **changed))
                patients.append(copy * 1000 + int(patient))
        copy += 1
    count = len(prints)
    return Looked(
        prints=prints,
        patient=np.array(patients),
        height=np.zeros(count),
        duplicate=np.arange(count),
        phase=np.zeros(count),
    ).take(np.arange(slices))


def measure_scale(phantom: Looked, slices: int) -> list[Figure]:
    """Time the search, without reading, in a set of this many slices."""
    large = multiply(phantom, slices)
    position = np.random.default_rng(1).permutation(slices)
    started, started_cpu = time.perf_counter(), time.process_time()
    found = find_pseudo_patients(large.prints, PseudoPatientSpec(), position=position)
    wall, cpu = time.perf_counter() - started, time.process_time() - started_cpu
    agreement = compare_with_patients(
        found.group[found.is_assigned], large.patient[found.is_assigned], dealings=20
    )
    words = f"{slices} slices, shuffled"
    return [
        Figure(name=f"{words}: processor time of the search", value=cpu, unit="s"),
        Figure(name=f"{words}: wall time of the search", value=wall, unit="s"),
        Figure(
            name=f"{words}: peak memory of the process, the fingerprints included",
            value=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            unit="GB",
        ),
        Figure(
            name=f"{words}: pairs of one head in one group",
            value=agreement.pair_recall,
            note=f"{agreement.patients} invented heads, {agreement.groups} groups",
        ),
    ]


def describe_unknown(
    name: str, looked: Looked, spec: PseudoPatientSpec
) -> tuple[list[Figure], dict[str, Any]]:
    """Say what is found in a set without truth."""
    started = time.process_time()
    found = find_pseudo_patients(looked.prints, spec)
    sizes = found.sizes
    figures = [
        Figure(name=f"{name}: pseudo-patients", value=len(sizes)),
        Figure(name=f"{name}: slices of the largest", value=int(sizes[0])),
        Figure(name=f"{name}: slices, median", value=float(np.median(sizes))),
        Figure(
            name=f"{name}: slices that fit no head",
            value=float((~found.is_assigned).mean()),
            note=f"of {len(found)}",
        ),
        Figure(
            name=f"{name}: processor time of the search, without reading",
            value=time.process_time() - started,
            unit="s",
        ),
    ]
    for words, group in (
        ("pseudo-patients", found.group),
        ("near-duplicates", looked.duplicate),
        ("slices at random", np.arange(len(found))),
    ):
        figures.append(
            replace(
                torn_steps(group, looked.phase),
                name=f"{name}: steps upwards in one head that {words} tear",
            )
        )
    ranges, counts = common_lags(found)
    details = {
        "order": asdict(found.order),
        "files_apart": [
            {"from": low, "to_below": high, "links": count}
            for (low, high), count in zip(ranges, counts, strict=True)
        ],
        "links": len(found.link_places),
    }
    return figures, details


def to_figures(results: Sequence[dict[str, Any]]) -> list[Figure]:
    """Return the leak of each grouping, with what belongs to it in the note."""
    return [
        Figure(
            name=f"{each['source']}, {each['order']}, {each['method']}: test slices "
            "whose patient is in training",
            value=each["leaked_share"],
            low=each["leaked_low"],
            high=each["leaked_high"],
            note=(
                f"{each['slices']} slices ({each['kept_share']:.3f} of all), "
                f"{each['patients']} patients, {each['groups']} groups, largest "
                f"{each['largest_share']:.3f}, pair precision "
                f"{each['pair_precision']:.3f}, recall {each['pair_recall']:.3f}, "
                f"seen share {each['seen_share']:.3f}"
            ),
        )
        for each in results
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the JSON where wanted."""
    options = _options(arguments)
    sources = options.source or [
        *(["lgg"] if (data_folder() / "lgg").is_dir() else []),
        "phantom",
    ]
    spec = PseudoPatientSpec()
    results: list[dict[str, Any]] = []
    figures: list[Figure] = []
    details: dict[str, Any] = {"limit": LIMIT, "spec": spec.model_dump()}
    with tempfile.TemporaryDirectory() as temporary:

        def read(name: str) -> Looked:
            return look_at(
                read_cohort(name, scratch=Path(temporary), patients=options.patients)
            )

        if options.scale:
            figures += measure_scale(read("phantom"), options.scale)
            sources = []
        for name in sources:
            looked = read(name)
            if looked.patient[0] < 0:
                found, details[name] = describe_unknown(name, looked, spec)
                figures += found
            elif options.spaces:
                figures += compare_spaces(name, looked, read("phantom"))
            else:
                results += compare(name, looked, spec)
                results += sensitivity(name, looked, spec)
    result = make_result(
        "pseudo-patients",
        figures + to_figures(results),
        details=details | {"results": results},
    )
    report(result, options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--source",
        action="append",
        choices=("lgg", "seed", "phantom"),
        help="repeatable; default: lgg where it is, and the phantom",
    )
    parser.add_argument("--patients", type=int, default=24, help="of the phantom")
    parser.add_argument(
        "--spaces",
        action="store_true",
        help="compare a space learned from the set with one learned on a phantom",
    )
    parser.add_argument(
        "--scale", type=int, default=0, metavar="SLICES", help="time and memory instead"
    )
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
