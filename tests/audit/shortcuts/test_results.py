"""The rule by which a probe fails."""

from __future__ import annotations

import math

import pytest

from tumorscope.audit.shortcuts.results import ProbeResult, with_verdicts
from tumorscope.domain.shortcut_spec import ShortcutSpec

SPEC = ShortcutSpec(min_gain=0.03, max_p=0.02)


@pytest.fixture
def result(estimate):
    """Return a maker of results: AUROC 0.9 [0.85, 0.95] unless told otherwise."""

    def make(probe="border", value=0.9, *, reason="", **changes):
        known = {
            "probe": probe,
            "is_gate": True,
            "target": "label",
            "auroc": estimate(value, name="auroc", reason=reason),
            "p_value": math.nan if reason else 0.001,
            "permutations": 999,
            "floor": 0.5,
            "used": (),
        }
        return ProbeResult(**(known | changes))

    return make


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "failed"),
        ({"is_gate": False}, "warning"),
        ({"p_value": 0.03}, "passed"),
        ({"value": 0.57}, "passed"),  # lower end 0.52, not above 0.5 + 0.03
        ({"value": 0.59}, "failed"),  # lower end 0.54
        ({"floor": 0.83}, "passed"),  # height alone gives nearly as much
        ({"floor": 0.3}, "failed"),  # a floor below chance does not help a probe
        ({"reason": "no `site`"}, "cannot be assessed"),
    ],
)
def test_a_probe_fails_by_interval_floor_and_p_together(result, changes, verdict):
    """Each of the three conditions alone is not enough."""
    (judged,) = with_verdicts([result(**changes)], SPEC)

    assert judged.verdict == verdict


def test_p_values_are_corrected_within_the_family(result):
    """Four tests multiply the smallest p by four (Holm); the unassessed is no test."""
    family = [result(str(number), p_value=0.01 * (number + 1)) for number in range(4)]

    judged = with_verdicts([*family, result("x", reason="no file")], SPEC)

    assert [round(each.p_adjusted, 6) for each in judged[:4]] == [
        0.04,
        0.06,
        0.06,
        0.06,
    ]
    assert [each.verdict for each in judged[:4]] == ["passed"] * 4
    assert math.isnan(judged[4].p_adjusted)
