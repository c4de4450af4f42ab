"""Can site, or having a tumor, be told of a patient without looking at the brain?

Scores of a patient's slices are averaged, and each class is told from all others. The
question "has this patient a tumor" stands beside the one about slices, because a scanner
that goes with the disease blurs in a count of slices: the tumor-free slices of a tumor
patient come from the same scanner.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from tumorscope.audit.shortcuts.cohort import ProbeCohort
from tumorscope.audit.shortcuts.dealing import Dealing, deal
from tumorscope.audit.shortcuts.design import Design
from tumorscope.audit.shortcuts.evidence import (
    draws_of,
    estimate_auroc,
    most_used,
    no_auroc,
)
from tumorscope.audit.shortcuts.permutation import PermutationTest, permutation_test
from tumorscope.audit.shortcuts.probes import Probe
from tumorscope.audit.shortcuts.results import ProbeResult, Target
from tumorscope.audit.shortcuts.scoring import (
    Fold,
    Scorer,
    auroc_columns,
    linear_scorer,
)
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.shortcut_spec import ShortcutSpec
from tumorscope.estimation.resampling import UNIT_WORDS

HAS_TUMOR, HAS_NONE = "tumor", "no tumor"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientTarget:
    """What is to be told of the patients, and from which slices.

    Attributes:
        target: "site" or "patient".
        cohort: The slices that enter; None where nothing can be told.
        reason: Why there are none; empty where there are.
        class_of_slice: Shape (slices,), class of each slice's patient, as words.
        dealing: Folds; None where nothing can be told.
        left_out: Classes with too few patients, sorted.
    """

    target: Target
    cohort: ProbeCohort | None
    reason: str
    class_of_slice: NDArray[np.str_]
    dealing: Dealing | None
    left_out: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that entered, sorted."""
        return tuple(str(each) for each in np.unique(self.class_of_slice))


def site_target(cohort: ProbeCohort, spec: ShortcutSpec) -> PatientTarget:
    """Tell the site of a patient from tumor-free slices.

    Slices with tumor stay out, so that the site is not told by the tumors it treats.

    Args:
        cohort: Slices with known labels.
        spec: Fewest patients of a site and in all.
    """
    site = cohort.manifest.table["site"]
    rows = np.flatnonzero((cohort.manifest.labels == 0) & site.notna().to_numpy())
    return _target(
        "site", cohort, rows, names=site.astype(object).to_numpy(), spec=spec
    )


def tumor_target(cohort: ProbeCohort, spec: ShortcutSpec) -> PatientTarget:
    """Tell whether a patient has a tumor slice, from all slices.

    Args:
        cohort: Slices with known labels.
        spec: Fewest patients of a class and in all.
    """
    has_tumor = np.bincount(cohort.patient, cohort.manifest.labels) > 0
    names = np.where(has_tumor[cohort.patient], HAS_TUMOR, HAS_NONE).astype(object)
    return _target("patient", cohort, np.arange(len(names)), names=names, spec=spec)


def probe_patients(
    probe: Probe, chosen: PatientTarget, spec: ShortcutSpec
) -> ProbeResult:
    """Try to tell the class of each patient with one probe.

    Args:
        probe: What is looked at.
        chosen: Slices and classes.
        spec: Folds, permutations and the rule.

    Returns:
        Not judged yet: AUROC over patients (macro one-vs-rest where there are more than two classes),
        with interval and p-value over patients; or why it cannot be assessed.
    """
    design = probe.read(chosen.cohort) if chosen.cohort else chosen.reason
    if chosen.cohort is None or chosen.dealing is None or isinstance(design, str):
        return _unassessed(probe, str(design), chosen, spec)
    problem = _Problem.of(design, chosen.cohort, chosen.class_of_slice)
    auroc = problem.estimate(chosen.cohort, chosen.dealing.stratified, spec)
    test = problem.test(chosen.dealing.blind, spec)
    return ProbeResult(
        probe=probe.name,
        is_gate=probe.is_gate and chosen.target == "patient",
        target=chosen.target,
        auroc=auroc,
        p_value=test.p_value,
        permutations=test.permutations,
        floor=test.floor,
        used=most_used(design, problem.one_hot(problem.kind)[problem.patient]),
    )


def _target(
    target: Target,
    cohort: ProbeCohort,
    rows: NDArray[np.int64],
    *,
    names: NDArray[np.object_],
    spec: ShortcutSpec,
) -> PatientTarget:
    """Keep the patients of classes with enough of them; the first slice decides."""
    pairs = pd.DataFrame({"patient": cohort.patient[rows], "name": names[rows]})
    first = pairs.drop_duplicates("patient").set_index("patient")["name"].astype("str")
    counts = first.value_counts()
    classes = counts.index[counts >= spec.min_class_patients]
    first = first[first.isin(classes)]
    reason = _why_not(
        target, cohort, patients=len(first), classes=list(classes), spec=spec
    )
    left_out = tuple(sorted(set(counts.index) - set(classes)))
    if reason:
        return PatientTarget(
            target=target,
            cohort=None,
            reason=reason,
            class_of_slice=np.array(list(classes), dtype=np.str_),
            dealing=None,
            left_out=left_out,
        )
    kept = rows[np.isin(cohort.patient[rows], first.index)]
    class_of_slice = first.reindex(cohort.patient[kept]).to_numpy(dtype=np.str_)
    chosen = cohort.rows(kept)
    return PatientTarget(
        target=target,
        cohort=chosen,
        reason="",
        class_of_slice=class_of_slice,
        dealing=deal(class_of_slice, chosen.patient, spec),
        left_out=left_out,
    )


def _why_not(
    target: Target,
    cohort: ProbeCohort,
    *,
    patients: int,
    classes: list[str],
    spec: ShortcutSpec,
) -> str:
    unit = UNIT_WORDS[cohort.grouping]
    if target == "site" and cohort.manifest.table["site"].isna().all():
        return "no `site`"
    if cohort.grouping != "patient":
        return f"no `patient_id`, and {unit} are not patients"
    if target == "patient" and len(classes) == 1:
        return f"fewer than {spec.min_class_patients} {unit} with, or without, tumor"
    if len(classes) < 2:
        return f"fewer than two sites with {spec.min_class_patients} {unit}"
    needed = max(spec.min_groups, spec.folds)
    return f"{patients} {unit}, but {needed} are needed" if patients < needed else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """Slices, their patients, and the patients' classes.

    Attributes:
        matrix: Shape (slices, columns).
        patient: Shape (slices,), number of the patient.
        site: Shape (patients,), site of each patient; may be missing.
        kind: Shape (patients,), number of the class.
        columns: Classes that are told from the rest: one of two, or all of several.
        mean: Shape (patients, slices), averages the slices of a patient.
    """

    matrix: NDArray[np.float64]
    patient: NDArray[np.int64]
    site: pd.Series
    kind: NDArray[np.int64]
    columns: NDArray[np.int64]
    mean: csr_matrix

    @classmethod
    def of(
        cls, design: Design, cohort: ProbeCohort, class_of_slice: NDArray[np.str_]
    ) -> _Problem:
        """Number patients and classes."""
        patient = cohort.patient
        first = np.unique(patient, return_index=True)[1]
        classes, kind = np.unique(class_of_slice[first], return_inverse=True)
        slices = np.bincount(patient)
        cells = (1 / slices[patient], (patient, np.arange(len(patient))))
        return cls(
            matrix=design.matrix,
            patient=patient,
            site=cohort.manifest.table["site"].iloc[first].reset_index(drop=True),
            kind=kind,
            columns=np.arange(len(classes)) if len(classes) > 2 else np.array([1]),
            mean=csr_matrix(cells, shape=(len(slices), len(patient))),
        )

    def one_hot(self, kind: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return shape (patients, columns), 1 where a patient is of the class."""
        return (kind[:, None] == self.columns).astype(np.int64)

    def scorer(self, folds: Sequence[Fold]) -> Scorer:
        """Return what takes targets of patients to the mean score of their slices."""
        score = linear_scorer(self.matrix, folds)
        return lambda targets: np.asarray(self.mean @ score(targets[self.patient]))

    def estimate(
        self, cohort: ProbeCohort, folds: list[Fold], spec: ShortcutSpec
    ) -> MetricEstimate:
        """Return the AUROC with its interval."""
        targets = self.one_hot(self.kind)
        owners = np.array([f"{number:09d}" for number in range(len(self.kind))])
        draws = draws_of(owners, self.site, spec, cohort.grouping)
        scores = self.scorer(folds)(targets)
        return estimate_auroc(scores, targets, draws, n_slices=len(self.patient))

    def test(self, folds: list[Fold], spec: ShortcutSpec) -> PermutationTest:
        """Deal the classes anew over patients."""
        score = self.scorer(folds)
        rng = np.random.default_rng(spec.seed)

        def figure(kinds: NDArray[np.int64]) -> NDArray[np.float64]:
            targets = np.hstack([self.one_hot(each) for each in kinds])
            areas = auroc_columns(score(targets), targets)
            return np.asarray(areas.reshape(len(kinds), -1).mean(axis=1))

        def draw(count: int) -> NDArray[np.float64]:
            return figure(rng.permuted(np.tile(self.kind, (count, 1)), axis=1))

        return permutation_test(float(figure(self.kind[None])[0]), draw, spec)


def _unassessed(
    probe: Probe, reason: str, chosen: PatientTarget, spec: ShortcutSpec
) -> ProbeResult:
    group = chosen.cohort.group if chosen.cohort else ()
    return ProbeResult(
        probe=probe.name,
        is_gate=probe.is_gate and chosen.target == "patient",
        target=chosen.target,
        auroc=no_auroc(reason, spec, n_slices=len(group), n_patients=len(set(group))),
        p_value=math.nan,
        permutations=0,
        floor=math.nan,
        used=(),
    )
