"""How much a row of strokes looks like type: a logistic score of fifteen measures.

Type has many strokes side by side, in nearly all of its lines, of one value, with edges
that go the whole way within a pixel. A scanner's own point spread does not allow such
edges, and tissue has no one value.

The weights were fitted by `benchmarks/deid_pixels.py --fit`, on half of the patients of
a set of real slices and on phantoms, with text painted on half of them.
"""

from __future__ import annotations

from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.deid.pixels.stroke_rows import StrokeMaps, StrokeRow

WEIGHTS = MappingProxyType(
    {
        "log_strokes": 0.211,
        "log_strokes_per_square": 0.79,
        "joined_share": 1.34,
        "contrast": 4.189,
        "unevenness": -2.848,
        "ground_unevenness": 0.136,
        "edge": 0.56,
        "edge_per_contrast": 4.797,
        "brightest": -1.314,
        "one_value": 3.283,
        "full_lines": 1.652,
        "rise": 2.436,
        "ground": -1.351,
        "log_strokes_by_edge": 1.92,
        "crowding": -0.918,
    }
)
"""Of each measure, its weight in the log odds."""
BIAS = -4.092
_ONE_VALUE = 0.02
"""Part of the picture's range within which strokes have one value."""


def measure_row(maps: StrokeMaps, row: StrokeRow) -> NDArray[np.float64]:
    """Return the measures of a row, in the order of `WEIGHTS`.

    Args:
        maps: The picture that the row was found in.
        row: The row; its strokes are not empty.

    Returns:
        Shape (15,), float64, about 0 to 5 each.
    """
    shown, strokes = maps.shown[row.window], row.strokes
    on = shown[strokes]
    contrast = max(float(np.median(maps.contrast[row.window][strokes])), 1.0)
    middle, brightest = np.percentile(on, (50, 90))
    ground = shown[row.joined & ~strokes]
    rise = float(middle - np.median(ground)) if ground.size > 3 else contrast
    count, full_lines = _count_strokes(strokes)
    height, width = strokes.shape
    edge = _edge(maps, row) / 255
    log_strokes = np.log(max(count, 0.5))
    return np.array(
        [
            log_strokes,
            np.log(max(count * height / width, 0.1)),
            row.joined.mean(),
            contrast / 255,
            on[on >= middle].std() / contrast,
            _ground_unevenness(shown, strokes) / contrast,
            edge,
            edge * 255 / contrast,
            brightest / 255,
            _one_value(maps.values[row.window][strokes]),
            full_lines,
            rise / 255,
            float(np.median(ground)) / 255 if ground.size > 3 else 0.0,
            log_strokes * edge,
            row.crowding,
        ]
    )


def score_row(maps: StrokeMaps, row: StrokeRow) -> float:
    """Return the log odds that a row is text.

    Args:
        maps: The picture that the row was found in.
        row: The row.
    """
    weights = np.array(list(WEIGHTS.values()))
    return float(weights @ measure_row(maps, row)) + BIAS


def _count_strokes(strokes: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the mean number of strokes in a line, and the share of lines with three."""
    rim = max(1, len(strokes) // 5)
    padded = np.pad(strokes[rim:-rim], ((0, 0), (1, 0)))
    starts = (padded[:, 1:] & ~padded[:, :-1]).sum(axis=1)
    return float(starts.mean()), float((starts >= 3).mean())


def _ground_unevenness(shown: NDArray[np.uint8], strokes: NDArray[np.bool_]) -> float:
    near = cv2.dilate(strokes.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rest = shown[~near]
    return float(rest.std()) if rest.size > 3 else 0.0


def _edge(maps: StrokeMaps, row: StrokeRow) -> float:
    """Return the middle change across the sides of strokes, of 255."""
    rows, columns = row.window
    steps = maps.steps[rows, columns.start : columns.stop - 1]
    sides = row.strokes[:, 1:] != row.strokes[:, :-1]
    return float(np.median(steps[sides])) if sides.any() else 0.0


def _one_value(values: NDArray[np.float32]) -> float:
    """Return the share of stroke pixels that have the value of the brightest ones."""
    near = np.abs(values - np.percentile(values, 90)) <= _ONE_VALUE
    return float(near.mean())
