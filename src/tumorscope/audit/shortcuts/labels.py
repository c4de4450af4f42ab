"""Can the label of a slice be told from something that is blind to the brain?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.shortcuts.cohort import ProbeCohort
from tumorscope.audit.shortcuts.dealing import Dealing, deal
from tumorscope.audit.shortcuts.design import Design
from tumorscope.audit.shortcuts.evidence import (
    draws_of,
    estimate_auroc,
    most_used,
    no_auroc,
)
from tumorscope.audit.shortcuts.permutation import (
    PermutationTest,
    label_sequences,
    permutation_test,
)
from tumorscope.audit.shortcuts.probes import Probe
from tumorscope.audit.shortcuts.results import ProbeResult
from tumorscope.audit.shortcuts.scoring import Fold, auroc_columns
from tumorscope.domain.shortcut_spec import ShortcutSpec
from tumorscope.estimation.resampling import UNIT_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTarget:
    """Slices whose label is to be told.

    Attributes:
        cohort: Slices with known labels.
        reason: Why nothing can be told; empty where it can.
        dealing: Folds; None where nothing can be told.
    """

    cohort: ProbeCohort
    reason: str
    dealing: Dealing | None


def label_target(cohort: ProbeCohort, spec: ShortcutSpec) -> LabelTarget:
    """Deal the slices of a cohort, or say why none can be told.

    Args:
        cohort: Slices with known labels.
        spec: Folds, and fewest patients.
    """
    reason = _why_not(cohort, spec)
    labels = cohort.manifest.labels
    dealing = None if reason else deal(labels, cohort.patient, spec)
    return LabelTarget(cohort=cohort, reason=reason, dealing=dealing)


def probe_label(probe: Probe, chosen: LabelTarget, spec: ShortcutSpec) -> ProbeResult:
    """Try to predict the label of each slice with one probe.

    Args:
        probe: What is looked at.
        chosen: Slices and folds.
        spec: Permutations and the rule.

    Returns:
        Not judged yet: AUROC over slices, pooled over folds, with an interval and a
        p-value over patients; or the reason why it cannot be assessed.
    """
    design = chosen.reason or probe.read(chosen.cohort)
    if chosen.dealing is None or isinstance(design, str):
        return _unassessed(probe, str(design), chosen.cohort, spec)
    cohort = chosen.cohort
    targets = cohort.manifest.labels[:, None]
    test = _test(probe, design, cohort, folds=chosen.dealing.blind, spec=spec)
    scores = probe.make_scorer(design.matrix, chosen.dealing.stratified)(targets)
    draws = draws_of(cohort.group, cohort.manifest.table["site"], spec, cohort.grouping)
    return ProbeResult(
        probe=probe.name,
        is_gate=probe.is_gate,
        target="label",
        auroc=estimate_auroc(scores, targets, draws, n_slices=len(targets)),
        p_value=test.p_value,
        permutations=test.permutations,
        floor=test.floor,
        used=most_used(design, targets),
    )


def _why_not(cohort: ProbeCohort, spec: ShortcutSpec) -> str:
    labels, patient = cohort.manifest.labels, cohort.patient
    unit = UNIT_WORDS[cohort.grouping]
    found, needed = len(np.unique(patient)), max(spec.min_groups, spec.folds)
    if found < needed:
        return f"{found} {unit}, but {needed} are needed"
    for label, kind in ((1, "with"), (0, "without")):
        owners = len(np.unique(patient[labels == label]))
        if owners < 2:
            return f"slices {kind} tumor in {owners} of {found} {unit}"
    return ""


def _test(
    probe: Probe,
    design: Design,
    cohort: ProbeCohort,
    *,
    folds: list[Fold],
    spec: ShortcutSpec,
) -> PermutationTest:
    labels = cohort.manifest.labels
    score = probe.make_scorer(design.matrix, folds)
    sequences = label_sequences(labels, cohort.patient, cohort.height)
    rng = np.random.default_rng(spec.seed)

    def figures(targets: NDArray[np.int8] | NDArray[np.int64]) -> NDArray[np.float64]:
        return np.nan_to_num(auroc_columns(score(targets), targets), nan=0.5)

    return permutation_test(
        float(figures(labels[:, None])[0]),
        lambda count: figures(probe.permute(sequences, rng, count)),
        spec,
    )


def _unassessed(
    probe: Probe, reason: str, cohort: ProbeCohort, spec: ShortcutSpec
) -> ProbeResult:
    return ProbeResult(
        probe=probe.name,
        is_gate=probe.is_gate,
        target="label",
        auroc=no_auroc(
            reason,
            spec,
            n_slices=len(cohort.group),
            n_patients=len(set(cohort.group)),
        ),
        p_value=math.nan,
        permutations=0,
        floor=math.nan,
        used=(),
    )
