"""How patients are dealt to folds."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from tumorscope.audit.shortcuts.dealing import blind_folds, stratified_folds
from tumorscope.domain.shortcut_spec import ShortcutSpec

PATIENT = np.repeat(np.arange(20), 6)
TARGET = (np.arange(120) % 6 < PATIENT % 4).astype(int)
SPEC = ShortcutSpec(seed=3)


def test_printed_figures_come_from_stratified_patients():
    """The definition is met: scikit-learn's grouped, stratified, shuffled folds."""
    expected = StratifiedGroupKFold(5, shuffle=True, random_state=3)

    found = stratified_folds(TARGET, PATIENT, SPEC)

    for (_, test), (_, wanted) in zip(
        found, expected.split(TARGET, TARGET, PATIENT), strict=True
    ):
        np.testing.assert_array_equal(test, wanted)


def test_blind_folds_tear_no_patient_and_test_every_slice_once():
    """Folds for the permutation test know patients and no label."""
    folds = blind_folds(PATIENT, SPEC)

    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested) == list(range(120))
    for train, test in folds:
        assert not set(PATIENT[train]) & set(PATIENT[test])
