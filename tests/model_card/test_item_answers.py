"""Which function answers which item."""

from __future__ import annotations

import pytest

from tumorscope.model_card.facts import CardFacts
from tumorscope.model_card.item_answers import fill_checklists


@pytest.fixture
def answer_of():
    """Return a function that gives the answer to an item of a source's checklist."""

    def find(source, key, number):
        [filled] = [one for one in fill_checklists(source) if one.checklist.key == key]
        numbers = [item.number for item in filled.checklist.items]
        return filled.answers[numbers.index(number)]

    return find


def test_untested_model_answers_no_item_on_performance(make_source, answer_of):
    """Without a report nothing on results is claimed."""
    for number in ("28", "29", "30", "31", "32", "33", "37", "38", "39"):
        answer = answer_of(make_source(), "claim_2024", number)

        assert answer.status == "unanswered", number
        assert "tumorscope" in answer.text, number


def test_tested_model_answers_with_figures_and_intervals(
    make_source, make_report, answer_of
):
    """Performance is answered by the figures of the report."""
    source = make_source(report=make_report())

    performance = answer_of(source, "claim_2024", "37")
    diagnostic = answer_of(source, "claim_2024", "38")

    assert performance.status == "answered"
    assert "AUROC: 0.90 [0.80, 0.95]" in performance.text
    assert diagnostic.status == "partly answered"
    assert "Specificity, tuned threshold: 0.83 [0.74, 0.92]" in diagnostic.text


@pytest.mark.parametrize("number", ["1", "2", "4", "5", "15", "16", "18", "34", "42"])
def test_items_on_the_study_are_left_to_the_authors(
    make_source, make_report, answer_of, number
):
    """No run can know why a study was done or who annotated."""
    answer = answer_of(make_source(report=make_report()), "claim_2024", number)

    assert answer.status == "unanswered"
    assert "for the authors" in answer.text


def test_disjoint_patients_need_patient_ids(
    make_source, make_cohort, make_card, answer_of
):
    """Groups of look-alike slices answer the item in part only."""
    without = make_source(
        cohort=make_cohort(has_patients=False),
        cards=(make_card(grouping="near-duplicates"),),
    )

    assert answer_of(make_source(), "claim_2024", "20").status == "answered"
    assert answer_of(without, "claim_2024", "20").status == "partly answered"


def test_stated_facts_answer_funding_and_ethics(make_source, answer_of):
    """Funding and ethics are answered by what the user stated, and by nothing else."""
    stated = make_source(facts=CardFacts(funding="None.", ethics="Waived."))

    for key, number in (
        ("claim_2024", "44"),
        ("tripod_ai", "18a"),
        ("tripod_ai", "17"),
    ):
        assert answer_of(make_source(), key, number).status == "unanswered"
        assert answer_of(stated, key, number).status == "answered"


def test_performance_without_groups_is_answered_in_part(
    make_source, make_report, answer_of
):
    """TRIPOD+AI asks for key groups too."""
    answer = answer_of(make_source(report=make_report()), "tripod_ai", "23a")

    assert answer.status == "partly answered"
    assert "tumorscope fairness RUN" in answer.text


def test_model_trained_again_after_testing_claims_no_unchanged_weights(
    make_source, make_record, make_report, answer_of
):
    """What was tested is not what the bundle holds."""
    source = make_source(
        record=make_record(("train", "evaluate", "train")), report=make_report()
    )

    assert answer_of(source, "tripod_ai", "12f").status == "unanswered"
