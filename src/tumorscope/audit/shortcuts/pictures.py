"""Pictures of what the probes saw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.shortcuts.cohort import ProbeCohort
from tumorscope.audit.shortcuts.design import Design
from tumorscope.audit.shortcuts.features import only_border, without_head
from tumorscope.audit.shortcuts.head import eight_bit, find_head
from tumorscope.audit.shortcuts.probes import MASKED_PX, read_masked_picture
from tumorscope.audit.shortcuts.scoring import RidgeFit
from tumorscope.pages.picture import Picture

TILE_PX = 192
GAP_PX = 6
GAP_LEVEL = 160
EXAMPLES = 3
BLUE = np.array([178.0, 114.0, 0.0])  # blue, green, red: Okabe and Ito (2008)
VERMILION = np.array([0.0, 94.0, 213.0])
Load = Callable[[int], NDArray[Any]]


def probe_pictures(cohort: ProbeCohort, load: Load) -> tuple[Picture, ...]:
    """Draw what the border, background and masked probes saw.

    Args:
        cohort: Slices with features; those without a label are passed over.
        load: Takes a row of the cohort to its decoded pixels; called for six slices.

    Returns:
        Border alone, head blanked, mean of each class without the head, and the weights
        of the masked probe; empty where a class is absent or features were not read.
    """
    labels = cohort.manifest.table["label"].to_numpy(dtype=np.float64, na_value=np.nan)
    tumor, free = (np.flatnonzero(labels == label) for label in (1, 0))
    if not cohort.features or not len(tumor) or not len(free):
        return ()
    images = [[eight_bit(load(row)) for row in _spread(rows)] for rows in (tumor, free)]
    borders = [[only_border(image) for image in row] for row in images]
    blanked = [
        [_brightened(without_head(image, find_head(image))) for image in row]
        for row in images
    ]
    return (
        Picture(
            caption=(
                "What the border probe saw: the strip along the edges alone. Above: "
                "slices with tumor; below: slices without."
            ),
            content=_grid(borders),
        ),
        Picture(
            caption=(
                "What the background and masked probes saw: the head blanked, the rest "
                "brightened (square root). Above: slices with tumor; below: without."
            ),
            content=_grid(blanked),
        ),
        Picture(
            caption=(
                f"Mean picture outside the head, brightened (square root): {len(tumor)} "
                f"slices with tumor on the left, {len(free)} without on the right. Black "
                "is head in every slice."
            ),
            content=_grid([[_mean_outside(cohort, rows) for rows in (tumor, free)]]),
        ),
        Picture(
            caption=(
                "Weights of the masked probe on grey levels (left) and on where the head "
                "is (right): vermilion raises the score for tumor, blue lowers it, white "
                "is not used. Fitted on all slices; shows where to look, not how well."
            ),
            content=_grid([_weights(cohort, tumor, free)]),
        ),
    )


def _spread(rows: NDArray[np.int64]) -> list[int]:
    places = np.linspace(0, len(rows) - 1, min(EXAMPLES, len(rows)))
    return [int(row) for row in rows[places.astype(np.int64)]]


def _brightened(image: NDArray[Any]) -> NDArray[np.uint8]:
    return np.rint(np.sqrt(image / 255.0) * 255).astype(np.uint8)


def _mean_outside(cohort: ProbeCohort, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    shape = cohort.features[0].outside.shape
    levels, air = np.zeros(shape), np.zeros(shape)
    for row in rows:
        levels += cohort.features[row].outside
        air += 1 - cohort.features[row].head / 255.0
    mean = np.divide(levels, air, out=np.zeros(shape), where=air > 1 / 255)
    return _brightened(np.clip(mean, 0, 255))


def _weights(
    cohort: ProbeCohort, tumor: NDArray[np.int64], free: NDArray[np.int64]
) -> list[NDArray[np.uint8]]:
    design = read_masked_picture(cohort)
    weights = np.zeros(2 * MASKED_PX**2)
    if isinstance(design, Design):
        rows = np.concatenate([tumor, free])
        labels = (np.arange(len(rows)) < len(tumor)).astype(np.int64)[:, None]
        matrix = design.matrix[rows]
        weights[design.source] = RidgeFit.of(matrix).weights(matrix, labels)[:, 0]
    strongest = max(float(np.abs(weights).max()), np.finfo(np.float64).tiny)
    share = (weights / strongest).reshape(2, MASKED_PX, MASKED_PX, 1)
    color = np.where(share > 0, VERMILION, BLUE)
    painted = 255 + np.abs(share) * (color - 255)
    return [np.rint(part[..., ::-1]).astype(np.uint8) for part in painted]


def _grid(rows: Sequence[Sequence[NDArray[np.uint8]]]) -> bytes:
    """Return pictures beside and below each other as a PNG file."""
    lines = [np.hstack([_tile(picture) for picture in row]) for row in rows]
    widest = max(line.shape[1] for line in lines)
    padded = [
        np.pad(
            line,
            ((0, 0), (0, widest - line.shape[1]), (0, 0)),
            constant_values=GAP_LEVEL,
        )
        for line in lines
    ]
    encoded = cv2.imencode(".png", np.vstack(padded)[..., ::-1])[1]
    return bytes(encoded.tobytes())


def _tile(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fit a picture into a square with a gap around it, without bending it."""
    color = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    height, width = color.shape[:2]
    scale = TILE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    shown = cv2.resize(color, size, interpolation=cv2.INTER_NEAREST)
    tile = np.full((TILE_PX + GAP_PX, TILE_PX + GAP_PX, 3), GAP_LEVEL, dtype=np.uint8)
    top, left = (TILE_PX - size[1]) // 2, (TILE_PX - size[0]) // 2
    half = GAP_PX // 2
    tile[half + top : half + top + size[1], half + left : half + left + size[0]] = shown
    return tile
