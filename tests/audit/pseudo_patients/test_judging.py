"""Tests of the gate that looks at a split."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.pseudo_patients.judging import (
    PseudoPatientReport,
    find_torn,
    pseudo_patients_gate,
)
from tumorscope.domain.errors import DataError
from tumorscope.domain.split import Split

WHOLE = ["train"] * 3 + ["tune"] * 3 + ["test"] * 3
TORN = ["train"] * 2 + ["test"] + ["tune"] * 3 + ["test"] * 3


def _split(*folds):
    part = np.array(folds, dtype=object).T
    count = len(part)
    return Split(
        manifest_digest="0",
        grouping="near-duplicates",
        patient_id=np.full(count, None, dtype=object),
        group=np.array([f"slice {row}" for row in range(count)], dtype=object),
        part=part,
        fold_names=tuple(f"fold{number}" for number in range(len(folds))),
        seed=0,
    )


@pytest.fixture
def found(make_found):
    """Return three pseudo-patients of three slices, as long as a split needs."""
    return make_found([0, 0, 0, 1, 1, 1, 2, 2, 2])


def test_a_split_that_keeps_heads_whole_passes(found):
    """Each pseudo-patient on one side: nothing to object to."""
    gate = pseudo_patients_gate(
        PseudoPatientReport(found=found, torn=find_torn(found, _split(WHOLE)))
    )

    assert gate.gate == "pseudo-patients"
    assert gate.is_assessed
    assert not gate.has_failed


def test_a_torn_head_fails_the_gate_and_is_counted(found):
    """One of four test slices shows a head that is in training too."""
    torn = find_torn(found, _split(TORN))
    gate = pseudo_patients_gate(PseudoPatientReport(found=found, torn=torn))

    assert (torn.torn, torn.groups, torn.torn_groups) == (1, 3, (0,))
    assert (torn.seen_test_slices, torn.test_slices) == (1, 4)
    assert gate.has_failed
    assert "1 of 3 pseudo-patients" in gate.sentence
    assert "1 of 4 test slices" in gate.sentence


def test_the_worst_fold_is_told(found):
    """A leak in a later fold counts as well."""
    torn = find_torn(found, _split(WHOLE, TORN))

    assert torn.fold == "fold1"
    assert torn.torn == 1


def test_slices_that_fit_no_head_are_not_judged(make_found):
    """Unassigned slices may stand anywhere without failing the gate."""
    found = make_found([0, 0, -1, 1, 1, 1, 2, 2, 2])

    assert find_torn(found, _split(TORN)).torn == 0


@pytest.mark.parametrize(
    ("groups", "changes", "message"),
    [
        ([0, 0, 1], {}, "no split"),
        ([0, 0, 1], {"has_patients": True}, "not needed"),
        ([-1, -1, -1], {}, "no slices could be linked"),
    ],
)
def test_what_cannot_be_judged_says_why(make_found, groups, changes, message):
    """No split, patient ids that know better, or no groups: neither passed nor failed."""
    gate = pseudo_patients_gate(
        PseudoPatientReport(found=make_found(groups), **changes)
    )

    assert not gate.is_assessed
    assert not gate.has_failed
    assert message in gate.sentence


def test_a_split_of_other_slices_is_refused(make_found):
    """Groups of three slices say nothing about a split of nine."""
    with pytest.raises(DataError, match="a split of 9"):
        find_torn(make_found([0, 0, 1]), _split(WHOLE))
