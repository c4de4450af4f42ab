"""The rules of comparing groups."""

from __future__ import annotations

import pytest

from tumorscope.domain.fairness_spec import FairnessSpec


def test_the_groups_that_are_listed_can_be_read():
    """The defaults name columns of the manifest."""
    assert "sex-x-age_years:40,60" in FairnessSpec().groups


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"groups": ["hair"]}, "no column of patients"),
        ({"groups": ["sex", "sex"]}, "listed twice"),
        ({"probed": ["age_years:60,40"]}, "edges must rise"),
        ({"permutations": 999}, "greater than or equal to 1000"),
        ({"tested": ["accuracy"]}, "sensitivity_at_t95"),
        ({"group": ["sex"]}, "Extra inputs"),
    ],
)
def test_rules_that_cannot_be_followed_are_refused(values, message):
    """A wrong rule is found before anything is measured."""
    with pytest.raises(ValueError, match=message):
        FairnessSpec.model_validate(values)
