"""Matplotlib figures as small inline SVG that follows the page's colors and font."""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

ROUND_STEPS = (1, 2, 5, 10)
"""Steps between ticks that are easy to read."""

INK = "#010101"
MUTED = "#020202"
LINE = "#030303"
PAPER = "#040404"
MODEL = "#050505"
MARK = "#060606"
THIRD = "#070707"
CSS_COLORS: MappingProxyType[str, str] = MappingProxyType(
    {
        INK: "var(--ink)",
        MUTED: "var(--muted)",
        LINE: "var(--line)",
        PAPER: "var(--paper)",
        MODEL: "var(--series-1)",
        MARK: "var(--series-2)",
        THIRD: "var(--series-3)",
    }
)
"""Stand-ins that figures are drawn with, and the page's color variables for them."""

FONT_SIZE_PT = 9
STYLE: MappingProxyType[Any, Any] = MappingProxyType(
    {
        "svg.fonttype": "none",
        "text.parse_math": False,  # a "$" in a site's name is a "$"
        "font.size": FONT_SIZE_PT,
        "axes.titlesize": FONT_SIZE_PT,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": MUTED,
        "axes.facecolor": "none",
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": LINE,
        "grid.linewidth": 0.6,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": FONT_SIZE_PT - 1,
        "ytick.labelsize": FONT_SIZE_PT - 1,
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "legend.frameon": False,
        "legend.fontsize": FONT_SIZE_PT - 1,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
    }
)

# Matplotlib reads some SVG settings from process-wide parameters while it writes.
_WRITING = threading.Lock()
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_FOREIGN_FONT = re.compile(r"font-family:[^;]*;?\s*|(?<=px )'[^;]*(?=;|$)")
_HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}\b")
_DROPPED = ("metadata", "style")
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def draw_inline_svg(
    paint: Callable[[Figure], None],
    *,
    name: str,
    alt: str,
    size_in: tuple[float, float],
) -> str:
    """Paint a figure and return it as an `<svg>` element for a page.

    Args:
        paint: Draws on the empty figure it gets, with this module's colors.
        name: Letters, digits and hyphens; starts every id, so that figures on one page
            do not share ids.
        alt: What the figure shows, in words.
        size_in: Width and height, in inches of 72 points.

    Returns:
        The element, without fonts, scripts, style sheets or addresses. It fills the width
        of its parent and needs the page's color variables.
    """
    with _own_settings(name):
        figure = Figure(figsize=size_in, layout="constrained")
        FigureCanvasSVG(figure)
        paint(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    return _as_element(buffer.getvalue(), name=name, alt=alt)


def printable(text: str) -> str:
    """Return the text with characters that XML does not allow replaced."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


@contextmanager
def _own_settings(name: str) -> Iterator[None]:
    with _WRITING, mpl.rc_context(), warnings.catch_warnings():
        # The reader's browser has the glyphs; only the layout guesses their width.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        mpl.rcdefaults()  # a user's own style sheet does not change a report
        mpl.rcParams.update(STYLE | {"svg.hashsalt": name})
        yield


def _as_element(text: str, *, name: str, alt: str) -> str:
    root = ElementTree.fromstring(text)  # noqa: S314 - written by Matplotlib just now
    view_box = root.get("viewBox", "")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for child in list(element):
            if child.tag.rpartition("}")[2] in _DROPPED:
                element.remove(child)
        element.tail = None
        if element.tag != "text":
            element.text = None  # indentation
        _clean_attributes(element, name)
    root.attrib.clear()
    root.attrib.update(
        {
            "class": "plot",
            "role": "img",
            "aria-label": printable(alt),
            "viewBox": view_box,
            "id": f"{name}-plot",
        }
    )
    return ElementTree.tostring(root, encoding="unicode")


def _clean_attributes(element: ElementTree.Element, name: str) -> None:
    cleaned = {}
    for key, value in element.attrib.items():
        local = key.rpartition("}")[2]
        kept = _HEX_COLOR.sub(_css_color, value) if local != "href" else value
        if local == "id":
            kept = f"{name}-{value}"
        elif local == "href":
            kept = f"#{name}-{value.removeprefix('#')}"
        elif local == "clip-path":
            kept = value.replace("url(#", f"url(#{name}-")
        elif local == "style":
            kept = _FOREIGN_FONT.sub("", kept).strip()
        cleaned[local] = kept
    element.attrib.clear()
    element.attrib.update(cleaned)


def _css_color(match: re.Match[str]) -> str:
    return CSS_COLORS[match.group().lower()]
