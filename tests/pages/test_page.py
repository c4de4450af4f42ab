"""Pages of sections."""

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.pages.limit import Limit
from tumorscope.pages.page import PageHead, render_page
from tumorscope.pages.picture import Picture
from tumorscope.pages.section import Section, Table


def _head(**fields):
    known = {
        "title": "Audit",
        "lede": "12 slices",
        "created": "2026-11-23T10:12:00+00:00",
        "version": "1.2",
    }
    return PageHead(**(known | fields))


def test_a_page_holds_all_that_a_section_tells(estimate, png):
    """Words, tables with estimates, pictures and the outcome of a gate are shown."""
    section = Section(
        name="shortcuts",
        title="Shortcuts",
        sentences=("The border alone tells <tumor>.",),
        status="failed",
        tables=(
            Table(
                caption="Probes",
                columns=("probe", "AUROC"),
                rows=(("border", estimate(0.9)), ("size", estimate(0, reason="one"))),
            ),
        ),
        pictures=(Picture(caption="what the probe saw", content=png),),
        is_folded=True,
    )

    page = render_page(_head(), [section])

    for text in ("tell", "0.90", "[0.85, 0.95]", "cannot be assessed: one", "failed"):
        assert text in page
    assert "&lt;tumor&gt;" in page
    assert 'alt="what the probe saw"' in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_page_without_sections_still_says_research_use():
    """The notice stands on every page."""
    assert "Research use only" in render_page(_head(), [])


def test_a_row_of_another_length_is_refused():
    """No number may slip under the wrong heading."""
    with pytest.raises(DataError, match="1 cells"):
        Table(caption="Probes", columns=("a", "b"), rows=((1,),))


def test_a_section_needs_an_anchor():
    """Names are linked to from the contents."""
    with pytest.raises(DataError, match="small letters"):
        Section(name="Short cuts", title="x", sentences=())


def test_names_between_backticks_are_set_as_code():
    """Backticks never reach the reader, and what they hold stays escaped."""
    section = Section(name="a", title="A", sentences=("Set `train.epochs` or `<b>`.",))

    page = render_page(_head(), [section])

    assert "Set <code>train.epochs</code> or <code>&lt;b&gt;</code>." in page


def test_a_limit_of_a_section_is_told_once():
    """It stands in its section, unless the page already shows it at the top."""
    limit = Limit(lead="Few patients", text="there are only `three` of them")
    section = Section(name="a", title="A", sentences=("Found.",), limits=(limit,))

    alone = render_page(_head(), [section])
    above = render_page(_head(limits=(limit,)), [section])

    assert alone.count("there are only <code>three</code> of them") == 1
    assert above.count("there are only <code>three</code> of them") == 1
