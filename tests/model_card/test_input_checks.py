"""Tests of the input gate on a card."""

from tumorscope.domain.gate_spec import GateRules
from tumorscope.model_card.input_checks import input_checks_section

RULES = GateRules(
    sequences=1,
    flag_distance=1.5,
    refuse_distance=None,
    flag_share=0.01,
    train_slices=10,
    train_patients=2,
    tune_slices=10,
    tune_patients=2,
)


def test_a_model_without_a_gate_says_what_that_means(make_source):
    """A reader learns that anything would be scored."""
    section = input_checks_section(make_source())

    assert "no input gate" in section.sentences[0]
    assert section.tables == ()


def test_a_gate_that_was_not_measured_names_the_command(make_source, make_card):
    """Without a report there is no share of stopped slices."""
    source = make_source(cards=(make_card(input_gate=RULES),))

    section = input_checks_section(source)

    assert "run `tumorscope evaluate RUN`" in section.sentences[0]


def test_the_stopped_share_of_tested_slices_stands_on_the_card(
    make_source, make_card, make_report, make_figure
):
    """Each rate of the report has a row, and the rules of each fold a sentence."""
    known = ("refused", "stopped_tumor")
    rates = {name: make_figure(0.02, 0.01, 0.05) for name in known}
    report = make_report(
        input_checks={"rules": ["input gate: fixed checks"], "rates": rates}
    )
    source = make_source(cards=(make_card(input_gate=RULES),), report=report)

    section = input_checks_section(source)

    assert section.sentences[0] == "Input gate: fixed checks."
    assert [row[1].value for row in section.tables[0].rows] == [0.02, 0.02]
