"""Whether a split tears pseudo-patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.gates import GateOutcome
from tumorscope.audit.pseudo_patients.agreement import Agreement
from tumorscope.audit.pseudo_patients.finding import PseudoPatients
from tumorscope.domain.errors import DataError
from tumorscope.domain.split import Split

GATE = "pseudo-patients"


@dataclass(frozen=True, slots=True, kw_only=True)
class TornPseudoPatients:
    """What a split does to pseudo-patients, in the fold where it is worst.

    Attributes:
        fold: Name of that fold.
        torn: Pseudo-patients with slices in more than one part.
        groups: Pseudo-patients in all.
        test_slices: Slices of the test part that belong to a pseudo-patient.
        seen_test_slices: Of these, slices whose pseudo-patient is also in training.
        torn_groups: Numbers of the torn pseudo-patients, in order.
    """

    fold: str
    torn: int
    groups: int
    test_slices: int
    seen_test_slices: int
    torn_groups: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudoPatientReport:
    """Pseudo-patients of a cohort, and what a split makes of them.

    Attributes:
        found: The pseudo-patients.
        torn: What the split does to them; None without a split.
        has_patients: Whether the cohort has patient ids, so that none are needed.
        agreement: Comparison with known patients; None where none are known.
    """

    found: PseudoPatients
    torn: TornPseudoPatients | None = None
    has_patients: bool = False
    agreement: Agreement | None = None


def find_torn(found: PseudoPatients, split: Split) -> TornPseudoPatients:
    """Count the pseudo-patients that stand on two sides of a split.

    Args:
        found: Pseudo-patients of the split's slices.
        split: Parts of the same slices, in the same order.

    Returns:
        The counts of the fold with most torn pseudo-patients, the first of equals.

    Raises:
        DataError: If the split has another number of slices.
    """
    if len(found) != len(split.group):
        raise DataError(
            f"pseudo-patients of {len(found)} slices and a split of {len(split.group)}: "
            "look for them in the slices of the split"
        )
    folds = [
        _torn_in_fold(found, split.part[:, fold], name)
        for fold, name in enumerate(split.fold_names)
    ]
    return max(folds, key=lambda each: each.torn)


def pseudo_patients_gate(report: PseudoPatientReport) -> GateOutcome:
    """Say whether the split tears a pseudo-patient.

    Args:
        report: Pseudo-patients and what the split does to them.

    Returns:
        Failed if one is torn; not assessed without a split, without any pseudo-patient,
        or where patient ids are known, which are the better knowledge.
    """
    reason = _why_not_assessed(report)
    torn = report.torn
    if reason or torn is None:
        return GateOutcome(
            gate=GATE, has_failed=False, sentence=reason, is_assessed=False
        )
    if torn.torn == 0:
        sentence = f"Each of the {torn.groups} pseudo-patients stands in one part of the split."
    else:
        sentence = (
            f"{torn.torn} of {torn.groups} pseudo-patients have slices in more than one "
            f"part (fold {torn.fold}): {torn.seen_test_slices} of {torn.test_slices} test "
            "slices seem to show a head that is also in training. Split again with "
            "pseudo_patients.grouping=pseudo-patients."
        )
    return GateOutcome(gate=GATE, has_failed=torn.torn > 0, sentence=sentence)


def _why_not_assessed(report: PseudoPatientReport) -> str:
    if report.has_patients:
        return (
            "Pseudo-patients are not needed: every slice has a patient id, and the split "
            "goes by it."
        )
    if len(report.found.sizes) == 0:
        return (
            "Pseudo-patients cannot be assessed: no slices could be linked to a head."
        )
    if report.torn is None:
        return "Pseudo-patients cannot be assessed: there is no split to look at."
    return ""


def _torn_in_fold(
    found: PseudoPatients, part: NDArray[np.object_], fold: str
) -> TornPseudoPatients:
    group, side = found.group[found.is_assigned], part[found.is_assigned]
    parts_of_group: dict[int, set[str]] = {}
    for number, name in zip(group.tolist(), side.tolist(), strict=True):
        parts_of_group.setdefault(number, set()).add(name)
    torn = sorted(number for number, names in parts_of_group.items() if len(names) > 1)
    is_test = side == "test"
    in_training = [
        number for number, names in parts_of_group.items() if "train" in names
    ]
    return TornPseudoPatients(
        fold=fold,
        torn=len(torn),
        groups=len(parts_of_group),
        test_slices=int(is_test.sum()),
        seen_test_slices=int(np.isin(group[is_test], in_training).sum()),
        torn_groups=tuple(torn),
    )
