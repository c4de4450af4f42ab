"""The limits of a model."""

from __future__ import annotations

from tumorscope.model_card.limits import card_limits


def _by_lead(source):
    return {limit.lead: limit.text for limit in card_limits(source)}


def test_first_paragraph_says_that_all_patients_have_a_tumor(make_source):
    """A set without healthy people says so before anything else."""
    first = card_limits(make_source())[0]

    assert first.lead == "What the data can show"
    assert "340 slices of 34 patients" in first.text
    assert "never specificity on people without a tumor" in first.text


def test_set_with_healthy_patients_does_not_say_so(make_source, make_cohort):
    """The sentence follows the counts, not the importer."""
    text = card_limits(make_source(cohort=make_cohort(n_tumor_owners=20)))[0].text

    assert "20 patients have a tumor" in text
    assert "Every patient" not in text


def test_without_patient_ids_both_consequences_are_said(
    make_source, make_cohort, make_card
):
    """Neither tumors per patient nor a clean split can be claimed without ids."""
    source = make_source(
        cohort=make_cohort(has_patients=False),
        cards=(make_card(grouping="near-duplicates"),),
    )

    limits = _by_lead(source)

    assert "cannot be assessed: no `patient_id`" in limits["What the data can show"]
    assert "both sides of the split" in limits["No patient ids"]


def test_threshold_that_missed_its_target_is_a_limit(make_source, make_report):
    """The card says when the wanted specificity was not reached on the test part."""
    limits = _by_lead(make_source(report=make_report()))

    text = limits["The threshold did not carry over"]
    assert "specificity of 0.95" in text
    assert "0.83 [0.74, 0.92]" in text


def test_threshold_whose_interval_holds_the_target_is_no_proof(
    make_source, make_report
):
    """An interval that holds the target is told without a claim."""
    limits = _by_lead(make_source(report=make_report(specificity=(0.94, 0.9, 0.98))))

    assert "does not prove it" in limits["Threshold"]


def test_waived_gate_stands_with_its_reason(make_source, waived):
    """A waived gate is a limit; a passed one is not."""
    limits = _by_lead(make_source(audit=waived))

    assert limits["Waived gate “border”"] == (
        "Borders tell labels. Waived: known, and masked before training"
    )
    assert not any("leak-canary" in lead for lead in limits)


def test_what_was_not_done_names_its_command(make_source):
    """Without audit and test, the card says which commands are missing."""
    limits = _by_lead(make_source())

    assert "`tumorscope audit RUN`" in limits["Not audited"]
    assert "`tumorscope evaluate RUN`" in limits["Not tested"]


def test_figures_of_an_earlier_model_are_named(make_source, make_record, make_report):
    """Figures that belong to weights of the past are not passed off as the model's."""
    record = make_record(("train", "evaluate", "train"))

    limits = _by_lead(make_source(record=record, report=make_report()))

    assert "earlier model" in limits["Older than the model"]
