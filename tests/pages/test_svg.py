"""Matplotlib figures as inline SVG."""

import re
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from tumorscope.pages.svg import CSS_COLORS, MODEL, draw_inline_svg


def _paint(figure):
    axes = figure.add_subplot()
    axes.plot([0, 1, 2], [0, 1, 0], color=MODEL, label="<b> & $x")
    axes.legend()


def _draw(name="plot"):
    return draw_inline_svg(_paint, name=name, alt='a "plot"', size_in=(3, 2))


def test_svg_follows_the_page_and_embeds_nothing():
    """Colors are the page's variables; there is no font, style sheet or address."""
    svg = _draw()

    assert not re.search(r"#[0-9a-f]{6}", svg)
    assert set(re.findall(r"var\([^)]*\)", svg)) <= set(CSS_COLORS.values())
    assert not re.search(r"://|font-family|<style|<metadata|@font-face|<image", svg)


def test_text_stays_text():
    """Words can be selected and read aloud, with "$" and "<" as they are."""
    root = ElementTree.fromstring(_draw())  # noqa: S314 - drawn by this test

    assert "<b> & $x" in [each.text for each in root.iter("text")]
    assert (root.get("role"), root.get("aria-label")) == ("img", 'a "plot"')


def test_ids_of_two_figures_differ():
    """Two figures on one page do not borrow each other's pieces."""
    first, second = (set(re.findall(r' id="([^"]*)"', _draw(name))) for name in "ab")

    assert first
    assert not first & second


def test_references_inside_a_figure_hold():
    """Every clip path and marker that is used is there."""
    svg = _draw()
    ids = set(re.findall(r' id="([^"]*)"', svg))
    used = set(re.findall(r'(?:href="#|url\(#)([^")]*)', svg))

    assert used
    assert used <= ids


def test_settings_of_the_user_neither_matter_nor_change():
    """A user's own Matplotlib style has no effect on a report, nor the other way."""
    plain = _draw()

    with mpl.rc_context(
        {"axes.facecolor": "red", "font.size": 30, "text.parse_math": True}
    ):
        styled = _draw()
        assert mpl.rcParams["font.size"] == pytest.approx(30)

    assert styled == plain
