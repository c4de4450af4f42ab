"""Tests of gates and waivers: a fault stands until someone answers for it."""

from __future__ import annotations

import pytest

from tumorscope.audit.gates import (
    GateOutcome,
    Waiver,
    failed_gates,
    outcome_of,
    read_waivers,
)
from tumorscope.domain.errors import ConfigError

GATES = ("leak-canary", "source-is-class")
PASSED = GateOutcome(gate="leak-canary", has_failed=False, sentence="Chance.")
FAILED = GateOutcome(gate="source-is-class", has_failed=True, sentence="Site is class.")
WAIVER = Waiver(gate="source-is-class", reason="a study of scanners")


def test_a_waiver_is_a_gate_and_a_reason():
    """The reason may hold any character, an equals sign too."""
    (waiver,) = read_waivers(["leak-canary = 4 patients only, n=4"], GATES)

    assert waiver == Waiver(gate="leak-canary", reason="4 patients only, n=4")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ["leak=long enough reason"],
            "no such gate; this audit has leak-canary, source",
        ),
        (["leak-canary"], "at least 10 characters"),
        (["leak-canary=because"], "at least 10 characters"),
        (["leak-canary=" + " " * 20], "at least 10 characters"),
        (["leak-canary=a good reason", "leak-canary=another reason"], "given twice"),
    ],
)
def test_a_waiver_that_says_nothing_is_refused(texts, message):
    """An unknown gate, a missing or a short reason, and two reasons are errors."""
    with pytest.raises(ConfigError, match=message):
        read_waivers(texts, GATES)


@pytest.mark.parametrize(
    ("gates", "waivers", "outcome", "failed"),
    [
        ([], [], "passed", ()),
        ([PASSED], [], "passed", ()),
        ([PASSED, FAILED], [], "failed", (FAILED,)),
        ([PASSED, FAILED], [WAIVER], "waived", ()),
        ([FAILED], [Waiver(gate="leak-canary", reason="")], "failed", (FAILED,)),
    ],
)
def test_one_failed_gate_fails_the_audit_unless_it_is_waived(
    gates, waivers, outcome, failed
):
    """A waiver answers for its own gate only, and is never a pass."""
    assert outcome_of(gates, waivers) == outcome
    assert failed_gates(gates, waivers) == failed
