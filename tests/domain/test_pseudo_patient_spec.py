"""The settings of pseudo-patients."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec


@pytest.mark.parametrize(
    "change",
    [
        {"strong_distance": 0},
        {"max_left_out_share": 1},
        {"neighbors": 2},
        {"order_window": 1},
        {"grouping": "patient"},
        {"min_group_slices": 9, "max_group_slices": 8},
    ],
)
def test_what_makes_no_sense_is_refused(change):
    """A setting outside its range stops the run instead of grouping nothing."""
    with pytest.raises(ValidationError):
        PseudoPatientSpec(**change)


def test_a_strong_link_is_nearer_than_any_other_by_default():
    """The defaults go from copies to strays in this order."""
    spec = PseudoPatientSpec()

    assert spec.copy_distance < spec.strong_distance < spec.joint_distance
    assert spec.stray_distance <= spec.ordered_stray_distance
