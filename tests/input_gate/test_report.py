"""Tests of the figures and the section on input checks."""

from __future__ import annotations

import pandas as pd
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.input_gate.judging import GateOutcome
from tumorscope.input_gate.report import report_gate
from tumorscope.input_gate.section import gate_section


def outcome(name):
    reasons = () if name == "accept" else (f"{name}: because",)
    return GateOutcome(outcome=name, reasons=reasons, distance=1.0, score=1.0)


@pytest.fixture
def report():
    """Return the figures of eight slices of four patients."""
    names = ["accept", "flag", "accept", "refuse", "accept", "accept", "flag", "accept"]
    table = pd.DataFrame(
        {
            "image": [f"{i}.png" for i in range(8)],
            "label": [0, 1] * 4,
            "group": [f"p{i // 2}" for i in range(8)],
            "site": [None] * 8,
        }
    )
    return report_gate(
        table,
        [outcome(name) for name in names],
        EvaluateSpec(bootstrap_draws=100),
        grouping="patient",
        rules=["rule", "rule"],
    )


def test_rates_are_hand_computed(report):
    """Two of eight are flagged, one is refused; two of four tumor slices are stopped."""
    assert report.rates["flagged"].value == pytest.approx(2 / 8)
    assert report.rates["refused"].value == pytest.approx(1 / 8)
    assert report.rates["stopped_no_tumor"].value == pytest.approx(1 / 4)
    assert report.rates["stopped_tumor"].value == pytest.approx(2 / 4)
    assert report.rates["flagged"].n_patients == 4


def test_stopped_slices_and_reasons_are_listed(report):
    """Each stopped slice has its name, and each kind of reason its count."""
    assert [one.image for one in report.stopped] == ["1.png", "3.png", "6.png"]
    assert dict(report.reasons) == {"flag": 2, "refuse": 1}
    assert report.rules == ("rule",)


def test_the_section_tells_rates_and_slices(report):
    """A reader sees both rates, the rule and every stopped slice."""
    section = gate_section(report)

    assert section.title == "Input checks"
    assert "Here: rule." in section.sentences
    assert [row[0] for row in section.tables[2].rows] == ["1.png", "3.png", "6.png"]


def test_a_model_without_gate_says_so():
    """Silence would read as fine."""
    (sentence,) = gate_section(None).sentences

    assert "no input gate in this bundle" in sentence
