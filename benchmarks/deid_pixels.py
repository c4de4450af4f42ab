"""Is burned-in text found, and is the brain kept when everything else is removed?

Text is written on half of the patients of the LGG set and the phantoms that no weight was
fitted on, on the BRAINIX series and on a BraTS case, where they are below
TUMORSCOPE_DATA. Brain and tumor are known for phantom volumes only; BRAINIX shows whether
the mask of a real head is believed.

    python benchmarks/deid_pixels.py [--every 2] [--volumes 2] [--json FILE.json]
    python benchmarks/deid_pixels.py --fit     (prints the weights of text_score.py)
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from deid_text import FONTS, SIZES_PX, STYLES, Slice, Written, read_slices, write_on
from deid_volumes import volume_figures
from numpy.typing import NDArray
from reporting import Figure, make_result, report
from sklearn.linear_model import LogisticRegression

from tumorscope.deid.pixels.pixel_spec import TextSpec
from tumorscope.deid.pixels.stored_pixels import StoredPixels
from tumorscope.deid.pixels.stroke_rows import find_rows, stroke_maps
from tumorscope.deid.pixels.text_detection import FrameText
from tumorscope.deid.pixels.text_removal import remove_text
from tumorscope.deid.pixels.text_score import WEIGHTS, measure_row

NO_ROW = -99.0
"""Score of a slice without a single row of strokes."""
CASES = 4
"""Texts written on each slice: one in each style."""
BESIDE = [style for style in STYLES if style.endswith("beside")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One slice, with text or without.

    Attributes:
        source: Set.
        written: The text; None for a clean slice.
        found: Outcome of the search.
        is_held: Whether the file would stay in quarantine after clearing.
        is_gone: Whether no pixel of the text was left by clearing.
    """

    source: str
    written: Written | None
    found: FrameText
    is_held: bool
    is_gone: bool = True


def cases_of(slices: Sequence[Slice]) -> list[tuple[Slice, Written]]:
    """Return texts written on slices; number by number through fonts and sizes."""
    return [
        (one, write_on(one.picture, 30 * (CASES * number + case) + 7 * number % 30))
        for number, one in enumerate(slices)
        for case in range(CASES)
    ]


def fit(slices: Sequence[Slice]) -> dict[str, Any]:
    """Return weights, and the scores below which 99 and 97 % of clean slices stay."""
    kept = [one for one in slices if one.is_for_fitting]
    clean = [_measures(one.picture, None) for one in kept]
    written = [_measures(new.picture, new.box) for _, new in cases_of(kept)]
    parts = [(one, 0) for one in clean] + [(one, 1) for one in written]
    parts = [(rows, label) for rows, label in parts if len(rows)]
    model = LogisticRegression(C=10, max_iter=5000).fit(
        np.concatenate([rows for rows, _ in parts]),
        np.concatenate([np.full(len(rows), label) for rows, label in parts]),
        # A slice counts once, however many rows it has.
        sample_weight=np.concatenate(
            [np.full(len(rows), 1 / len(rows)) for rows, _ in parts]
        ),
    )
    best = [
        model.decision_function(rows).max() if len(rows) else NO_ROW for rows in clean
    ]
    hits = [
        model.decision_function(rows).max() if len(rows) else NO_ROW for rows in written
    ]
    return {
        "weights": dict(zip(WEIGHTS, model.coef_[0].round(3).tolist(), strict=True)),
        "bias": round(float(model.intercept_[0]), 3),
        "clean_quantiles": np.quantile(best, [0.95, 0.97, 0.98, 0.99]).tolist(),
        "text_quantiles": np.quantile(hits, [0.01, 0.02, 0.05, 0.1, 0.2]).tolist(),
        "slices": len(clean),
    }


def _measures(
    picture: NDArray[np.float32], box: tuple[int, int, int, int] | None
) -> NDArray[np.float64]:
    """Return the measures of all rows, or of those that lie on a box by half."""
    rows = [
        measure_row(maps, row)
        for maps in stroke_maps(picture)
        for row in find_rows(maps)
        if box is None or _lies_on(row.window, box)
    ]
    return np.array(rows).reshape(-1, len(WEIGHTS))


def _lies_on(window: tuple[slice, slice], box: tuple[int, int, int, int]) -> bool:
    rows, columns = window
    high = min(rows.stop, box[0] + box[2]) - max(rows.start, box[0])
    wide = min(columns.stop, box[1] + box[3]) - max(columns.start, box[1])
    size = (rows.stop - rows.start) * (columns.stop - columns.start)
    return high > 0 and wide > 0 and high * wide > 0.5 * size


def search(slices: Sequence[Slice], spec: TextSpec) -> list[Trial]:
    """Search and clear clean slices, and the same slices with text."""
    written = cases_of(slices)
    clean = [(one, None) for one in slices]
    return [_try(one, new, spec) for one, new in (*clean, *written)]


def _try(one: Slice, new: Written | None, spec: TextSpec) -> Trial:
    before = _stored(one.picture, one.picture)
    pixels = before if new is None else _stored(new.picture, one.picture)
    done = remove_text(pixels, spec)
    ink = pixels.frames != before.frames
    left = done.pixels.frames == pixels.frames
    return Trial(
        source=one.source,
        written=new,
        found=done.found[0],
        is_held=bool(done.reason),
        is_gone=not (ink & left & (pixels.frames != pixels.background)).any(),
    )


def _stored(picture: NDArray[np.float32], clean: NDArray[np.float32]) -> StoredPixels:
    """Return a picture as 12 bits, its scale taken from the slice without text."""
    low, high = float(clean.min()), float(np.percentile(clean, 99.9))
    scaled = np.clip((picture - low) / (high - low) * 2000, 0, 4095)
    return StoredPixels(frames=scaled.astype(np.uint16)[None], bits_stored=12)


def text_figures(trials: Sequence[Trial]) -> list[Figure]:
    """Return shares of slices that were flagged; unsure counts as flagged."""
    clean = [one for one in trials if one.written is None]
    written = [(one.written, one) for one in trials if one.written is not None]
    figures = [
        _share("clean slices flagged", [one.found.is_flagged for one in clean], 0.05),
        _share(
            "text flagged",
            [one.found.is_flagged for _, one in written],
            0.98,
            at_least=True,
        ),
        _share("clean slices held back by clearing", [one.is_held for one in clean]),
        _share(
            "text beside the head left in a file that clearing let through",
            [_is_left(one) for new, one in written if new.style in BESIDE],
            0.0,
        ),
        _share(
            "text on the head left in a file that clearing let through",
            [_is_left(one) for new, one in written if new.style not in BESIDE],
        ),
    ]
    for style in STYLES:
        hits = [one.found.is_flagged for new, one in written if new.style == style]
        figures.append(_share(f"text flagged: {style}", hits, 0.98, at_least=True))
    for size in SIZES_PX:
        hits = [one.found.is_flagged for new, one in written if new.size_px == size]
        figures.append(_share(f"text flagged: {size} px", hits))
    for font in FONTS:
        hits = [one.found.is_flagged for new, one in written if new.font == font]
        figures.append(_share(f"text flagged: {font}", hits))
    for source in Counter(one.source for one in clean):
        hits = [one.found.is_flagged for one in clean if one.source == source]
        figures.append(_share(f"clean slices flagged: {source}", hits))
    return figures


def _is_left(one: Trial) -> bool:
    return not one.is_held and not one.is_gone


def _share(
    name: str,
    hits: Sequence[bool],
    goal: float | None = None,
    *,
    at_least: bool = False,
) -> Figure:
    """Return a share with its Wilson interval over slices, which are not independent."""
    n, p = len(hits), float(np.mean(hits))
    z = 1.96
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)))
    return Figure(
        name=name,
        value=p,
        low=max(middle - half, 0),
        high=min(middle + half, 1),
        goal=goal,
        at_least=at_least,
        note=f"{sum(hits)} of {n} slices",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit weights, or measure and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=2, help="of the real slices")
    parser.add_argument("--volumes", type=int, default=2, help="phantom volumes")
    parser.add_argument("--fit", action="store_true", help="print weights and stop")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    slices = read_slices(options.every)
    if options.fit:
        for name, value in fit(slices).items():
            sys.stdout.write(f"{name}: {value}\n")
        return os.EX_OK
    unseen = [one for one in slices if not one.is_for_fitting]
    start = time.process_time()
    trials = search(unseen, TextSpec())
    cost_ms = 1000 * (time.process_time() - start) / len(trials)
    figures = [
        *text_figures(trials),
        Figure(
            name="search, clearing and second search of one slice, processor",
            value=cost_ms,
            unit="ms",
        ),
        *volume_figures(options.volumes),
    ]
    report(make_result("deid_pixels", figures), options.json)
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
