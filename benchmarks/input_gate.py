"""Does the input gate stop what is no head MRI like the training data, and nothing else?

Folds of patients of the LGG set under TUMORSCOPE_DATA: the gate is fitted on the training
patients of a fold, its distances are fixed on some others, and the patients left out are
in-distribution. Wrong inputs come from gate_inputs.py; those made from slices come from
the left-out patients only. AUROC and FPR95 are those of the gate score.

    python benchmarks/input_gate.py [--sequences 1|3] [--every 2] [--json FILE.json]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import gate_inputs
import numpy as np
from cohorts import LIMIT, data_folder, read_cohort
from gate_inputs import TIERS, WrongInput
from numpy.typing import NDArray
from reporting import Figure, make_result, report
from sklearn.metrics import roc_auc_score

from tumorscope.domain.gate_spec import GateSpec
from tumorscope.input_gate.fitting import DescribedPart, fit_gate
from tumorscope.input_gate.judging import (
    Description,
    GateOutcome,
    InputGate,
    decide_outcome,
    describe_slice,
)
from tumorscope.io.images import read_image

FOLDS, TUNE_PATIENTS = 5, 8
BRAIN_SHARE = 0.10
"""A slice counts as one with brain where the head covers at least this share of the
picture, and at most `NO_AIR_SHARE`: above the head, noise alone fills it."""
NO_AIR_SHARE = 0.9
GOALS = {1: (0.999, 0.01), 2: (0.97, 0.10), 3: (0.90, None), 4: (None, None)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Slices with their patients, as the gate sees them.

    Attributes:
        pixels: Each slice as it was decoded, or one sequence of it.
        described: What the gate sees of each.
        patient: Shape (slices,).
        names: File names.
    """

    pixels: list[NDArray[np.uint8]]
    described: list[Description]
    patient: NDArray[np.object_]
    names: list[str]

    def part(self, rows: NDArray[np.int64]) -> DescribedPart:
        """Return some slices for fitting."""
        slices = tuple(self.described[row] for row in rows)
        return DescribedPart(slices=slices, owners=self.patient[rows])


def has_brain(one: Description) -> bool:
    """Return whether a slice shows a head section of some size."""
    return BRAIN_SHARE <= one.features.head_share <= NO_AIR_SHARE


def read_lgg(sequences: int, every: int) -> tuple[Cohort, list[NDArray[np.uint8]]]:
    """Return every n-th slice as the gate sees it, and all slices in three sequences."""
    manifest = read_cohort("lgg", scratch=Path())
    rows = range(0, len(manifest), every)
    whole = [read_image(manifest.image_path(row)) for row in rows]
    pixels = [one if sequences == 3 else one[..., 1] for one in whole]
    patients = manifest.table["patient_id"].to_numpy(dtype=object)[::every]
    cohort = Cohort(
        pixels=pixels,
        described=[describe_slice(one, sequences=sequences) for one in pixels],
        patient=patients,
        names=[manifest.image_path(row).name for row in rows],
    )
    return cohort, whole


def deal(patients: NDArray[np.object_]) -> dict[object, int]:
    """Return the fold of each patient."""
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(np.unique(patients.astype(str)))
    return {name: number % FOLDS for number, name in enumerate(shuffled)}


def fit_fold(cohort: Cohort, fold_of: dict[object, int], fold: int) -> InputGate:
    """Fit the gate on the patients of the other folds."""
    known = [name for name, number in fold_of.items() if number != fold]
    tuned = set(np.random.default_rng(fold).permutation(known)[:TUNE_PATIENTS])
    names = cohort.patient.astype(str)
    tune = np.flatnonzero(np.isin(names, list(tuned)))
    train = np.flatnonzero(np.isin(names, [one for one in known if one not in tuned]))
    sequences = 3 if cohort.pixels[0].ndim == 3 else 1
    return fit_gate(
        cohort.part(train), cohort.part(tune), GateSpec(), sequences=sequences
    )


def wrong_inputs_of_fold(
    cohort: Cohort, whole: list[NDArray[np.uint8]], rows: NDArray[np.int64], seed: int
) -> list[WrongInput]:
    """Return tiers 2 to 4 made from the slices of left-out patients."""
    sequences = 3 if cohort.pixels[0].ndim == 3 else 1
    volumes = [
        np.stack([cohort.pixels[row] for row in rows if cohort.patient[row] == name])
        for name in np.unique(cohort.patient[rows].astype(str))
    ]
    picked = np.random.default_rng(seed).permutation(rows)[:54]
    slices = [cohort.pixels[row] for row in picked]
    return [
        *gate_inputs.wrong_planes_of(
            volumes, places=(0.35, 0.5, 0.65), source="LGG patients resliced"
        ),
        *gate_inputs.wrong_sequences_of([whole[row] for row in picked], sequences),
        *gate_inputs.spoiled(slices, [cohort.names[row] for row in picked]),
        *gate_inputs.broken_exports(slices, seed=seed),
    ]


def shared_wrong_inputs(sequences: int, phantoms: list[NDArray]) -> list[WrongInput]:
    """Return tier 1, and tier 2 of template, phantom and the BraTS case."""
    case = gate_inputs.read_case(
        data_folder() / "nifti" / "brats18", levels=range(35, 135, 4)
    )
    return [
        *gate_inputs.foreign_pictures(per_kind=16, sequences=sequences, seed=1),
        *gate_inputs.template_planes(sequences=sequences, seed=2, cuts=10),
        *gate_inputs.wrong_planes_of(
            phantoms, places=(0.3, 0.4, 0.5, 0.6, 0.7), source="phantom"
        ),
        *gate_inputs.wrong_sequences_of_case(case, sequences),
    ]


def judge(gate: InputGate, described: Sequence[Description]) -> list[GateOutcome]:
    """Judge slices that are described already."""
    return [
        decide_outcome(
            gate.rules, one.findings, distance=gate.model.distance(one.features)
        )
        for one in described
    ]


def tier_figures(
    inside: list[GateOutcome], outside: list[tuple[WrongInput, GateOutcome]]
) -> list[Figure]:
    """Return AUROC, FPR95 and outcomes of each tier."""
    normal = np.array([one.score for one in inside])
    cut, figures = np.quantile(normal, 0.95), []
    for tier, words in TIERS.items():
        found = [outcome for wrong, outcome in outside if wrong.tier == tier]
        scores = np.array([one.score for one in found])
        truth = np.r_[np.zeros(len(normal)), np.ones(len(scores))]
        distinct = len({id(wrong) for wrong, _ in outside if wrong.tier == tier})
        shares = Counter(one.outcome for one in found)
        told = ", ".join(
            f"{name} {shares[name] / len(found):.3f}"
            for name in ("refuse", "flag", "accept")
        )
        goal_auroc, goal_fpr = GOALS[tier]
        figures += [
            Figure(
                name=f"tier {tier} AUROC: {words}",
                value=float(roc_auc_score(truth, np.r_[normal, scores])),
                goal=goal_auroc,
                at_least=True,
                note=f"{distinct} inputs, n = {len(scores)} judgments, against {len(normal)} slices with brain; {told}",
            ),
            Figure(
                name=f"tier {tier} FPR95",
                value=float((scores <= cut).mean()),
                goal=goal_fpr,
                note=f"n = {len(scores)}",
            ),
        ]
    return figures


def by_kind(
    inside: list[GateOutcome], outside: list[tuple[WrongInput, GateOutcome]]
) -> list[dict[str, object]]:
    """Return outcomes of each kind of wrong input."""
    cut = np.quantile([one.score for one in inside], 0.95)
    rows = []
    for tier, kind in sorted({(wrong.tier, wrong.kind) for wrong, _ in outside}):
        found = [
            each for wrong, each in outside if (wrong.tier, wrong.kind) == (tier, kind)
        ]
        shares = Counter(one.outcome for one in found)
        rows.append(
            {
                "tier": tier,
                "kind": kind,
                "n": len(found),
                "accepted_at_95": float(np.mean([one.score <= cut for one in found])),
                **{name: shares[name] / len(found) for name in ("refuse", "flag")},
            }
        )
    return rows


def check_shares(described: Sequence[Description]) -> dict[str, float]:
    """Return which share of brain slices each fixed check finds fault with."""
    counts = Counter(
        f"{found.check} ({found.severity})"
        for one in described
        for found in one.findings
    )
    return {name: count / len(described) for name, count in counts.most_common()}


def false_alarms(inside: list[GateOutcome], source: str) -> list[Figure]:
    """Return shares of left-out brain slices that are flagged and refused."""
    shares = Counter(one.outcome for one in inside)
    return [
        Figure(
            name=f"{source}: slices with brain, {name}",
            value=shares[name] / len(inside),
            note=f"n = {len(inside)}",
        )
        for name in ("flag", "refuse")
    ]


def measure(sequences: int, every: int) -> tuple[list[Figure], dict[str, object]]:
    """Return all figures for one kind of model, and the details behind them."""
    cohort, whole = read_lgg(sequences, every)
    phantoms = gate_inputs.phantom_volumes(patients=3, seed=5)
    planes = [one if sequences == 3 else one[..., 1] for one in phantoms]
    shared = shared_wrong_inputs(sequences, planes)
    described = [describe_slice(one.pixels, sequences=sequences) for one in shared]
    fold_of = deal(cohort.patient)
    inside: list[GateOutcome] = []
    outside: list[tuple[WrongInput, GateOutcome]] = []
    gate = fit_fold(cohort, fold_of, 0)
    for fold in range(FOLDS):
        gate = fit_fold(cohort, fold_of, fold)
        rows = np.array(
            [
                row
                for row, name in enumerate(cohort.patient)
                if fold_of[str(name)] == fold and has_brain(cohort.described[row])
            ]
        )
        inside += judge(gate, [cohort.described[row] for row in rows])
        own = wrong_inputs_of_fold(cohort, whole, rows, seed=fold)
        seen = [describe_slice(one.pixels, sequences=sequences) for one in own]
        outside += zip(own, judge(gate, seen), strict=True)
        outside += zip(shared, judge(gate, described), strict=True)
    size_kb = sum(one.nbytes for one in gate.model.as_arrays().values()) / 1000
    start = time.process_time()
    for one in cohort.pixels[:100]:
        gate.judge(one)
    figures = [
        *tier_figures(inside, outside),
        *false_alarms(inside, "LGG, left-out patients"),
        Figure(
            name="gate, one slice",
            value=1000 * (time.process_time() - start) / 100,
            unit="ms of processor time",
            goal=5.0,
        ),
        Figure(name="gate, size in the bundle", value=size_kb, unit="kB"),
    ]
    details = {
        "limit": LIMIT,
        "sequences": sequences,
        "kinds": by_kind(inside, outside),
        "checks": {
            "lgg": check_shares([one for one in cohort.described if has_brain(one)])
        }
        | other_checks(planes, sequences),
    }
    return figures, details


def other_checks(
    phantoms: list[NDArray], sequences: int
) -> dict[str, dict[str, float]]:
    """Return the shares of faults on phantom slices and on the JPEG set, if it is there."""
    heads = [one for volume in phantoms for one in volume]
    found = {"phantom": [describe_slice(one, sequences=sequences) for one in heads]}
    files = sorted((data_folder() / "seed").rglob("*.jpg"))[::5]
    if files and sequences == 1:
        found["seed"] = [describe_slice(read_image(one), sequences=1) for one in files]
    return {name: check_shares(described) for name, described in found.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, choices=(1, 3), default=1)
    parser.add_argument("--every", type=int, default=2, help="take every n-th slice")
    parser.add_argument("--json", type=Path, help="where the figures go")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    figures, details = measure(options.sequences, options.every)
    name = f"input_gate, {options.sequences} sequence(s)"
    report(make_result(name, figures, details=details), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
