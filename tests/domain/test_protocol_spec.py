"""Tests of the settings of protocols."""

from __future__ import annotations

import pytest

from tumorscope.domain.field_meanings import field_meanings
from tumorscope.domain.protocol_spec import (
    PROTOCOL_NAMES,
    PROTOCOL_WORDS,
    CandidateChoice,
    ProtocolRequest,
    ProtocolSpec,
)

SPECS = (ProtocolSpec, ProtocolRequest, CandidateChoice)


def test_the_defaults_are_five_times_five():
    """Seeds 0 to 4 and five folds; sites are left out once."""
    spec = ProtocolSpec()

    assert (spec.repeats, spec.folds, spec.seed) == (5, 5, 0)
    assert spec.repeats_of("cv") == spec.repeats_of("nested-cv") == 5
    assert spec.repeats_of("leave-site-out") == 1


def test_every_protocol_has_words():
    """A page can name each."""
    assert set(PROTOCOL_WORDS) == set(PROTOCOL_NAMES)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.__name__)
def test_every_field_says_what_it_is_and_a_misspelled_one_is_an_error(spec):
    """The docstring under a field is its documentation."""
    assert set(field_meanings(spec)) == set(spec.model_fields)
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        spec(repeat_=3)


@pytest.mark.parametrize("values", [{"folds": 1}, {"repeats": 0}, {"inner_folds": 1}])
def test_impossible_numbers_are_refused(values):
    """One fold tests nothing."""
    with pytest.raises(ValueError, match="greater than or equal"):
        ProtocolSpec(**values)
