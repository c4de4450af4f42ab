"""What rules are fixed on."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.evaluation.tuning_scores import TuningScores


def _scores(owners):
    size = len(owners)
    return TuningScores.from_owners(np.arange(size), [0] * size, np.array(owners))


def test_patients_weigh_the_same_however_many_slices_they_have():
    """One slice of one patient weighs as much as three of another."""
    weights = _scores(["a", "b", "b", "b"]).patient_weights()

    np.testing.assert_allclose(weights, [1 / 2, 1 / 6, 1 / 6, 1 / 6])


def test_chosen_slices_number_their_patients_anew():
    """What is left has patients from 0 on."""
    chosen = _scores(["a", "b", "c"]).rows(np.array([False, True, True]))

    assert chosen.patient.tolist() == [0, 1]
    assert chosen.logit.tolist() == [1, 2]
    assert chosen.n_patients == 2


@pytest.mark.parametrize(
    ("logit", "owners", "message"),
    [
        ([], [], "needs slices"),
        ([0.0, np.nan], ["a", "a"], "1 of 2 tuning logits are not finite"),
        ([0.0], ["a", "b"], "found 1, 1 and 2"),
    ],
)
def test_what_nothing_can_be_fixed_on_is_refused(logit, owners, message):
    """No slices, a diverged training, or columns of unlike length."""
    with pytest.raises(DataError, match=message):
        TuningScores.from_owners(
            np.array(logit, dtype=float), [0] * len(logit), np.array(owners, dtype=str)
        )
