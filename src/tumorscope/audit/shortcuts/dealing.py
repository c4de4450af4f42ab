"""How the probes deal patients to folds.

The printed AUROC comes from folds that are stratified by what is predicted, as the
project's other figures do. The permutation test uses folds that are dealt blindly: folds
that depend on the labels would treat the true labeling better than the permuted ones, and
p would come out too small.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from tumorscope.audit.shortcuts.scoring import Fold
from tumorscope.domain.shortcut_spec import ShortcutSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealing:
    """Both dealings of one target; every probe of it uses the same.

    Attributes:
        stratified: Folds for the printed AUROC.
        blind: Folds for the permutation test.
    """

    stratified: list[Fold]
    blind: list[Fold]


def deal(
    target: NDArray[Any], patient: NDArray[np.int64], spec: ShortcutSpec
) -> Dealing:
    """Deal whole patients in both ways.

    Args:
        target: Shape (slices,), what is predicted.
        patient: Shape (slices,), number of the patient.
        spec: Folds and seed.
    """
    return Dealing(
        stratified=stratified_folds(target, patient, spec),
        blind=blind_folds(patient, spec),
    )


def stratified_folds(
    target: NDArray[Any], patient: NDArray[np.int64], spec: ShortcutSpec
) -> list[Fold]:
    """Deal whole patients so that folds have like shares of the target.

    Args:
        target: Shape (slices,), what is predicted.
        patient: Shape (slices,), number of the patient.
        spec: Folds and seed.

    Returns:
        Training and test rows of each fold.
    """
    splitter = StratifiedGroupKFold(spec.folds, shuffle=True, random_state=spec.seed)
    with warnings.catch_warnings():
        # A class with fewer slices than folds cannot be in every test part.
        warnings.filterwarnings("ignore", message="The least populated class")
        return list(splitter.split(target, target, patient))


def blind_folds(patient: NDArray[np.int64], spec: ShortcutSpec) -> list[Fold]:
    """Deal whole patients without looking at any label.

    Args:
        patient: Shape (slices,), number of the patient.
        spec: Folds and seed.

    Returns:
        Training and test rows of each fold.
    """
    splitter = GroupKFold(spec.folds, shuffle=True, random_state=spec.seed)
    return list(splitter.split(patient, groups=patient))
