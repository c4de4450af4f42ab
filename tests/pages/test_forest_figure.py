"""The forest plot."""

from xml.etree import ElementTree

from tumorscope.pages.forest_figure import ForestRow, draw_forest


def _texts(svg):
    root = ElementTree.fromstring(svg)  # noqa: S314 - drawn by this test
    return [each.text for each in root.iter("text")]


def test_forest_says_what_cannot_be_assessed(estimate):
    """A line without figure keeps its place and gives the reason."""
    rows = [
        ForestRow(label="a" * 50, estimate=estimate(0.5)),
        ForestRow(label="東京 $x", estimate=estimate(0, reason="one class")),
    ]

    texts = _texts(draw_forest(rows, axis_label="AUROC", alt="forest", name="forest"))

    assert "cannot be assessed: one class" in texts
    assert "東京 $x" in texts
    assert "a" * 33 + "…" in texts
