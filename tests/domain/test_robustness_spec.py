"""Settings of robustness: what cannot be meant is refused."""

import pytest
from pydantic import ValidationError

from tumorscope.domain.field_meanings import field_meanings
from tumorscope.domain.robustness_spec import RobustnessSettings, RobustnessSpec


@pytest.mark.parametrize(
    "changes",
    [
        {"severities": (0,)},
        {"severities": (1, 1)},
        {"severities": ()},
        {"artifacts": ("fog",)},
        {"artifacts": ()},
        {"coverage": 1.0},
        {"severitys": (1,)},
    ],
)
def test_impossible_settings_are_errors(changes):
    """Unknown names, repeated and empty lists, and misspelled keys are refused."""
    with pytest.raises(ValidationError):
        RobustnessSpec(**changes)


def test_every_field_says_what_it_is():
    """The settings can be explained from the code."""
    for spec in (RobustnessSpec, RobustnessSettings):
        assert set(field_meanings(spec)) == set(spec.model_fields)
