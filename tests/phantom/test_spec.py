"""Tests that a phantom spec refuses what cannot be made."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tumorscope.domain.field_meanings import field_meanings
from tumorscope.phantom import PhantomSpec


@pytest.mark.parametrize(
    "settings",
    [
        {"patients": 1},
        {"slices_per_patient": 0},
        {"tumor_share": 1.1},
        {"size_px": 50},
        {"sites": 7},
        {"seed": -1},
        {"near_duplicates": -0.1},
        {"patient": 60},
    ],
)
def test_values_out_of_range_and_unknown_names_are_refused(settings):
    """A spec that exists can be made."""
    with pytest.raises(ValidationError):
        PhantomSpec(**settings)


def test_a_tie_needs_two_sites():
    """One site cannot depend on the label."""
    with pytest.raises(ValidationError, match="at least 2 sites"):
        PhantomSpec(sites=1, site_label_tie=0.5)


def test_every_field_says_what_it_is():
    """The docstring under a field is its only documentation."""
    assert set(field_meanings(PhantomSpec)) == set(PhantomSpec.model_fields)


def test_every_option_stands_in_the_page(repository):
    """The page about the phantom names each option."""
    page = (repository / "docs" / "phantom.md").read_text(encoding="utf-8")

    missing = [name for name in PhantomSpec.model_fields if f"`{name}`" not in page]
    assert missing == []


def test_second_scans_add_ids():
    """Repeats come on top of the persons."""
    spec = PhantomSpec(patients=10, repeated_patients=0.3)

    assert (spec.repeats, spec.patient_ids) == (3, 13)
