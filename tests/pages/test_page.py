"""Pages of sections."""

import pytest

from tumorscope.domain.errors import DataError
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
