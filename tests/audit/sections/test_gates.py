"""Tests of gates on a page: what failed stands first, what was waived stays visible."""

from __future__ import annotations

import pytest

from tumorscope.audit.gates import GateOutcome, Waiver
from tumorscope.audit.sections.gates import (
    gate_limits,
    gates_section,
    report_audit_section,
    word_of,
)
from tumorscope.domain.audit_summary import AuditedGate, AuditSummary

PASSED = GateOutcome(gate="leak-canary", has_failed=False, sentence="Chance.")
FAILED = GateOutcome(gate="source-is-class", has_failed=True, sentence="Site is class.")
BLIND = GateOutcome(
    gate="overlap", has_failed=False, sentence="No set.", is_assessed=False
)
WAIVER = Waiver(gate="source-is-class", reason="a study of scanners")


@pytest.mark.parametrize(
    ("gate", "waivers", "word"),
    [
        (PASSED, [], "passed"),
        (FAILED, [], "failed"),
        (FAILED, [WAIVER], "waived"),
        (BLIND, [], "cannot be assessed"),
    ],
)
def test_a_gate_has_one_of_four_words(gate, waivers, word):
    """What could not be looked at has neither passed nor failed."""
    assert word_of(gate, waivers) == word


def test_failed_gates_stand_first():
    """Whoever reads one line reads the fault."""
    section = gates_section([PASSED, BLIND, FAILED], [], outcome="failed")

    (table,) = section.tables
    assert [row[0] for row in table.rows] == [
        "source-is-class",
        "leak-canary",
        "overlap",
    ]
    assert section.status == "failed"
    assert section.sentences[0].startswith("1 of 3 gates failed")


def test_a_waiver_stands_with_its_reason():
    """On the page as in the limits, for every reader."""
    section = gates_section([PASSED, FAILED], [WAIVER], outcome="waived")
    (limit,) = gate_limits([PASSED, FAILED], [WAIVER])

    assert section.status == "waived"
    assert section.tables[0].rows[0][3] == "a study of scanners"
    assert limit.lead == "Waived gate “source-is-class”"
    assert limit.text == "Site is class. Waived: a study of scanners"


def test_a_report_without_audit_says_so():
    """Silence would read as "clean"."""
    section = report_audit_section(None)

    assert section.limits[0].lead == "Not audited"
    assert "tumorscope audit" in section.sentences[0]


@pytest.mark.parametrize(
    ("waivers", "status", "lead"),
    [
        ({}, "failed", "Failed gate “source-is-class”"),
        ({"source-is-class": "a study of scanners"}, "waived", "Waived gate"),
    ],
)
def test_a_report_carries_what_the_audit_found(waivers, status, lead):
    """The limits of a report name every gate that failed, waived or not."""
    summary = AuditSummary(
        outcome=status,
        created="2026-11-23T10:12:00+00:00",
        gates=tuple(
            AuditedGate(gate=one.gate, has_failed=one.has_failed, sentence=one.sentence)
            for one in (PASSED, FAILED)
        ),
        waivers=waivers,
    )

    section = report_audit_section(summary)

    assert section.status == status
    assert [limit.lead.startswith(lead) for limit in section.limits] == [True]
    assert len(summary.failed) == (status == "failed")
