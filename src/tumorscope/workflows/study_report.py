"""A screening folder -> one printed page that says all that the result page says."""

from __future__ import annotations

import gzip
import io
import textwrap
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.screening import SHOWN

Paper = Literal["a4", "letter"]
SIZES_INCH: Mapping[Paper, tuple[float, float]] = {
    "a4": (8.27, 11.69),
    "letter": (8.5, 11.0),
}
BANNER = (
    f"{RESEARCH_USE} Not for diagnosis, treatment or triage. "
    "A map is no outline of a tumor."
)
_DRAWING = threading.Lock()
"""Matplotlib's font cache is shared by all threads."""
_WRAP = 104
_MAX_REASONS = 4
_LINE = 0.0135
_MAX_TITLE = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSigned:
    """Who asks for the report, and their own reading.

    Attributes:
        title: Of the study.
        study_id: Of the service.
        reading: Opinion; None where none was recorded.
        agreement: With the model.
        who: Name of the account.
    """

    title: str
    study_id: str
    reading: str | None
    agreement: str | None
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    """A slice and its map.

    Attributes:
        gray: Shape (rows, columns), float, in [0, 1].
        relevance: Shape (rows, columns), float, in [0, 1]; None without a map.
        index: Of the slice.
        series: As in the result.
    """

    gray: NDArray[np.float64]
    relevance: NDArray[np.float64] | None
    index: int
    series: Mapping[str, Any]


def render_study_report(
    folder: Path,
    result: Mapping[str, Any],
    signed: ReportSigned,
    *,
    paper: Paper = "a4",
) -> bytes:
    """Return a PDF of one page.

    Args:
        folder: Of the screening.
        result: What its `result.json` holds.
        signed: Who asks, and their reading.
        paper: Its size.
    """
    picture = _picture(folder, result)
    figure = Figure(figsize=SIZES_INCH[paper])
    canvas = FigureCanvasPdf(figure)
    with _DRAWING:
        _draw_banner(figure)
        _text(figure, 0.07, 0.925, _printable(signed.title)[:_MAX_TITLE], size=13)
        _draw_pictures(figure, picture)
        top = 0.545
        for heading, lines in _sections(result, signed, picture):
            top = _draw_section(figure, top, heading, lines)
        _text(figure, 0.07, 0.03, BANNER, size=7, weight="bold")
        out = io.BytesIO()
        canvas.print_pdf(  # type: ignore[no-untyped-call] # matplotlib is not typed here
            out, metadata={"Title": "Tumorscope report", "Creator": None}
        )
    return out.getvalue()


def _picture(folder: Path, result: Mapping[str, Any]) -> _Picture:
    """Return the slice with the highest shown score, or the middle of the first series."""
    shown = [one for one in result["series"] if one["highest"] is not None]
    series = max(
        shown, key=lambda one: one["highest"]["tumor_probability"], default=None
    )
    if series is None:
        series = result["series"][0]
        index = series["slices"] // 2
    else:
        index = series["highest"]["slice_index"]
    place = folder / "series" / str(series["id"])
    shape = (series["slices"], series["rows"], series["columns"])
    gray = _read(place / "pixels-0.gz", "<i2", shape)[index] / 32_767.0
    decisions = (result["decision"], series["slice_results"][index]["decision"])
    is_decided = all(one in SHOWN for one in decisions)
    has_map = series["overlay"] is not None and is_decided
    relevance = None
    if has_map:
        relevance = _read(place / "relevance.gz", "u1", shape)[index] / 255.0
    return _Picture(gray=gray, relevance=relevance, index=index, series=series)


def _read(path: Path, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
    return np.frombuffer(gzip.decompress(path.read_bytes()), dtype=kind).reshape(shape)


def _draw_banner(figure: Figure) -> None:
    figure.text(
        0.5,
        0.965,
        textwrap.fill(BANNER, 96),
        ha="center",
        va="center",
        fontsize=9,
        fontweight="bold",
        bbox={"facecolor": "#fff3cd", "edgecolor": "#7a5b00", "pad": 5},
    )


def _draw_pictures(figure: Figure, picture: _Picture) -> None:
    number, count = picture.index + 1, picture.series["slices"]
    plain = figure.add_axes((0.07, 0.60, 0.41, 0.29))
    _draw_slice(plain, picture)
    plain.set_title(f"slice {number} of {count}, overlay off", fontsize=8)
    beside = figure.add_axes((0.52, 0.60, 0.41, 0.29))
    _draw_slice(beside, picture)
    state = "overlay: not shown"
    if picture.relevance is not None:
        overlay = picture.series["overlay"]
        level = overlay["threshold"]
        if picture.relevance.max() > level > picture.relevance.min():
            beside.contour(picture.relevance, levels=[level], colors="#ffd400")
        state = f"overlay: contour at {level:.0%} of the {overlay['method']}"
    beside.set_title(f"slice {number} of {count}, {state}", fontsize=8)


def _draw_slice(axes: Axes, picture: _Picture) -> None:
    spacing = picture.series["spacing_mm"] or (1.0, 1.0)
    axes.imshow(
        picture.gray, cmap="gray", vmin=0, vmax=1, aspect=spacing[0] / spacing[1]
    )
    axes.set_xticks([])
    axes.set_yticks([])
    labels = picture.series["edge_labels"]
    if labels is None:
        axes.set_xlabel("orientation and scale unknown", fontsize=8)
        return
    at = {"left": (0.02, 0.5), "right": (0.98, 0.5), "top": (0.5, 0.97)}
    for side, (x, y) in (at | {"bottom": (0.5, 0.03)}).items():
        axes.text(
            x,
            y,
            labels[side],
            transform=axes.transAxes,
            color="white",
            fontsize=11,
            fontweight="bold",
            ha="center",
            va="center",
            bbox={"facecolor": "black", "edgecolor": "none", "pad": 1.5},
        )


def _sections(
    result: Mapping[str, Any], signed: ReportSigned, picture: _Picture
) -> Iterator[tuple[str, list[str]]]:
    yield "Your reading", [_reading_words(signed)]
    yield "Result", list(_result_words(result, picture))
    yield (
        "Input checks",
        [f"{one['name']}: {one['words']}" for one in result["input_checks"]],
    )
    yield (
        "Model",
        [
            f"{result['model']}, weights SHA-256 {result['weights_sha256']}",
            f"tumorscope {version('tumorscope')}, screened {result['made']}",
            *result["notes"][:3],
        ],
    )
    printed = datetime.now(UTC).isoformat(timespec="seconds")
    yield (
        "Printed",
        [f"by {_printable(signed.who)}, {printed}; study {signed.study_id}"],
    )


def _reading_words(signed: ReportSigned) -> str:
    if signed.reading is None:
        return "none was recorded"
    words = signed.reading.replace("_", " ")
    return f"{words}; compared with the model: {signed.agreement}"


def _result_words(result: Mapping[str, Any], picture: _Picture) -> Iterator[str]:
    decision = result["decision"]
    slices = [each for one in result["series"] for each in one["slice_results"]]
    counts = {
        word: sum(one["decision"] == word for one in slices)
        for word in ("above threshold", "not above", "refer", "not assessed")
    }
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    if decision not in SHOWN:
        reasons = dict.fromkeys(each for one in slices for each in one["reasons"])
        word = "Refer: no number is shown." if decision == "refer" else "Not assessed."
        yield f"{word} {'; '.join(list(reasons)[:_MAX_REASONS])}"
        yield f"of {len(slices)} slices: {told}"
        return
    best = picture.series["slice_results"][picture.index]
    interval = best["interval"]
    observed = (
        f"observed share of tumor slices at such a score {interval[0]:.2f} to "
        f"{interval[1]:.2f}"
        if interval is not None
        else "no interval is known"
    )
    yield (
        f"highest tumor_probability {best['tumor_probability']:.3f} ({observed}), "
        f"threshold {result['threshold_probability']:.3f}: {decision}"
    )
    yield f"of {len(slices)} slices: {told}"


def _draw_section(figure: Figure, top: float, heading: str, lines: list[str]) -> float:
    """Draw a heading and its lines; return where the next section starts."""
    _text(figure, 0.07, top, heading, size=10, weight="bold")
    top -= 0.018
    for line in lines:
        wrapped = textwrap.wrap(_printable(line), _WRAP) or [""]
        for part in wrapped[:_MAX_REASONS]:
            if top < 0.05:
                return top  # the page is full: what matters stands above
            _text(figure, 0.08, top, part, size=8)
            top -= _LINE
    return top - 0.01


def _text(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    *,
    size: float,
    weight: str = "normal",
) -> None:
    figure.text(
        x, y, text, fontsize=size, fontweight=weight, va="top", parse_math=False
    )


def _printable(text: str) -> str:
    """Return a text that the font has, on one line."""
    return "".join(
        one if one.isprintable() and ord(one) < 0x2000 else "?" for one in text
    )
