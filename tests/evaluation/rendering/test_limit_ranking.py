"""Which three limits stand on the first page."""

from tumorscope.evaluation.rendering.limit_ranking import (
    WeighedLimit,
    Weight,
    first_limits,
)
from tumorscope.pages.limit import Limit


def _weigh(*found):
    return [
        WeighedLimit(limit=Limit(lead=lead, text="."), weight=weight)
        for lead, weight in found
    ]


def _leads(*found):
    return [limit.lead for limit in first_limits(_weigh(*found))]


def test_the_three_places_speak_of_different_questions():
    """Two notes on the set do not crowd out a result that does not hold."""
    assert _leads(
        ("note 1", Weight.SET),
        ("note 2", Weight.SET),
        ("few patients", Weight.REACH),
        ("threshold", Weight.RESULT),
        ("height", Weight.RESULT),
    ) == ["note 1", "threshold", "few patients"]


def test_what_makes_figures_unclean_goes_before_everything():
    """Synthetic scans and a waived gate both stand first, in the order found."""
    assert _leads(
        ("note", Weight.SET),
        ("synthetic", Weight.NOT_CLEAN),
        ("result", Weight.RESULT),
        ("waived gate", Weight.NOT_CLEAN),
    ) == ["synthetic", "waived gate", "note"]


def test_second_ones_follow_where_a_question_has_none():
    """Places are not left empty while there are limits."""
    assert _leads(
        ("incomplete", Weight.INCOMPLETE),
        ("reach 1", Weight.REACH),
        ("reach 2", Weight.REACH),
        ("reach 3", Weight.REACH),
    ) == ["reach 1", "incomplete", "reach 2"]


def test_fewer_limits_than_places():
    """No limit is made up."""
    assert _leads(("only", Weight.REACH)) == ["only"]
    assert _leads() == []


def test_a_smaller_first_page():
    """The number of places is the caller's."""
    found = _weigh(("a", Weight.REACH), ("b", Weight.RESULT))

    assert [limit.lead for limit in first_limits(found, count=1)] == ["b"]
