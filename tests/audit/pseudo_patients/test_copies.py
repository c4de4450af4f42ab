"""Copies of a slice are kept with it."""

import numpy as np
import pytest

from tumorscope.audit.pseudo_patients.copies import join_copies
from tumorscope.audit.pseudo_patients.file_order import OrderEvidence
from tumorscope.audit.pseudo_patients.finding import PseudoPatients
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec

SPEC = PseudoPatientSpec(min_group_slices=3)


@pytest.fixture
def found():
    """Return groups 0 (three slices), 1 (three slices), 2 and 3 (a slice each)."""
    group = np.array([0, 0, 0, 1, 1, 1, 2, 3])
    return PseudoPatients(
        group=group,
        is_assigned=group < 2,
        is_capped=np.zeros(8, dtype=bool),
        order=OrderEvidence(
            min_support=1,
            supported_share=0.0,
            chance_share=0.0,
            close_pairs=0,
            is_informative=False,
        ),
        link_places=np.empty((0, 2), dtype=np.int64),
    )


def test_groups_that_share_a_copy_become_one(found):
    """A copy in another group joins both, and a single slice comes to its original."""
    joined = join_copies(found, np.array([0, 6]), np.array([3, 1]), SPEC)

    assert len(set(joined.group[:7])) == 1
    assert joined.group[7] != joined.group[0]
    assert joined.is_assigned.tolist() == [True] * 7 + [False]
    assert found.group.tolist() == [0, 0, 0, 1, 1, 1, 2, 3]


def test_without_copies_nothing_changes(found):
    """The same groups under the same numbers."""
    nothing = np.empty(0, dtype=np.int64)

    joined = join_copies(found, nothing, nothing, SPEC)

    assert joined.group.tolist() == found.group.tolist()
    assert joined.is_assigned.tolist() == found.is_assigned.tolist()
