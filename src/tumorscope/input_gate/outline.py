"""The outline of what is bright: one closed head, or something else."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WORKING_SIDE_PX = 128
SMALLEST_PART_PX = 5
EDGE_SHARE = 0.02
_Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Measures of the foreground's outline; shares are of the picture unless said.

    Attributes:
        area_share: The largest part with its holes filled, in [0, 1].
        ellipse_overlap: Intersection over union of that part and the ellipse of equal
            second moments, in [0, 1].
        solidity: That part over its convex hull, in (0, 1].
        elongation: Long over short axis of that ellipse, at least 1.
        hole_share: Share of that part that is as dark as air, in [0, 1].
        mirror_overlap: The best intersection over union of that part and its mirror image,
            over small turns, in [0, 1].
        second_part_share: The second largest part over the largest one, in [0, 1].
        small_parts: Number of parts of at least 5 working pixels beside the largest one.
        edge_share: Share of the picture's edge that the foreground touches, in [0, 1].
        row_gap: Whether a dark row parts the picture into two bright halves.
        column_gap: The same for a column.
    """

    area_share: float
    ellipse_overlap: float
    solidity: float
    elongation: float
    hole_share: float
    mirror_overlap: float
    second_part_share: float
    small_parts: int
    edge_share: float
    row_gap: bool
    column_gap: bool


def measure_outline(foreground: NDArray[np.bool_]) -> Outline:
    """Measure the outline of a foreground.

    Args:
        foreground: Shape (height, width), bool.

    Returns:
        The measures; all zero, and an elongation of 1, without foreground.
    """
    small = _shrink(foreground)
    edge_share = _edge_share(small)
    kernel = np.ones((3, 3), np.uint8)
    opened = cv2.morphologyEx(small, cv2.MORPH_OPEN, kernel).astype(np.uint8)
    # Skull is dark: without a closing, scalp and brain would be two parts.
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    areas = np.array([cv2.contourArea(one) for one in contours])
    if areas.size == 0 or areas.max() < 1:
        return Outline(
            area_share=0.0,
            ellipse_overlap=0.0,
            solidity=0.0,
            elongation=1.0,
            hole_share=0.0,
            mirror_overlap=0.0,
            second_part_share=0.0,
            small_parts=0,
            edge_share=edge_share,
            row_gap=False,
            column_gap=False,
        )
    order = np.argsort(areas)[::-1]
    largest = contours[int(order[0])]
    part: _Mask = np.zeros_like(small)
    cv2.drawContours(part, [largest], -1, color=1, thickness=cv2.FILLED)
    size = int(part.sum())
    hull_area = cv2.contourArea(cv2.convexHull(largest))
    overlap, elongation = _compare_with_ellipse(part)
    return Outline(
        area_share=size / small.size,
        ellipse_overlap=overlap,
        solidity=float(areas[order[0]] / max(hull_area, 1.0)),
        elongation=elongation,
        hole_share=float(1 - (part & small).sum() / size),
        mirror_overlap=_mirror_overlap(part),
        second_part_share=float(areas[order[1]] / areas[order[0]])
        if order.size > 1
        else 0.0,
        small_parts=_count_parts(small) - 1,
        edge_share=edge_share,
        row_gap=_has_gap(opened.max(axis=1) > 0),
        column_gap=_has_gap(opened.max(axis=0) > 0),
    )


def _count_parts(mask: _Mask) -> int:
    """Count connected parts; letters are thin and would not survive an opening."""
    count, _, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    sizes = statistics[1:count, cv2.CC_STAT_AREA]
    return max(int((sizes >= SMALLEST_PART_PX).sum()), 1)


def _shrink(foreground: NDArray[np.bool_]) -> _Mask:
    mask = foreground.astype(np.uint8)
    scale = WORKING_SIDE_PX / max(mask.shape)
    if scale >= 1:
        return mask
    height, width = (max(round(side * scale), 1) for side in mask.shape)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
    return small.astype(np.uint8)


def _edge_share(mask: _Mask) -> float:
    width = max(1, round(EDGE_SHARE * min(mask.shape)))
    sides = (
        mask[:width].max(axis=0),
        mask[-width:].max(axis=0),
        mask[:, :width].max(axis=1),
        mask[:, -width:].max(axis=1),
    )
    return float(np.concatenate(sides).mean())


def _compare_with_ellipse(part: _Mask) -> tuple[float, float]:
    moments = cv2.moments(part, binaryImage=True)
    area = moments["m00"]
    spread = (
        np.array(
            [
                [moments["mu20"], moments["mu11"]],
                [moments["mu11"], moments["mu02"]],
            ]
        )
        / area
        + np.eye(2) / 12
    )  # a pixel has an extent of its own
    values = np.linalg.eigvalsh(spread)
    inverse = np.linalg.inv(spread)
    y, x = np.ogrid[: part.shape[0], : part.shape[1]]
    x, y = x - moments["m10"] / area, y - moments["m01"] / area
    form = inverse[0, 0] * x**2 + 2 * inverse[0, 1] * x * y + inverse[1, 1] * y**2
    ellipse = form <= 4  # a filled ellipse has variances of a quarter of its half axes'
    both = int((ellipse & (part > 0)).sum())
    union = int((ellipse | (part > 0)).sum())
    return both / union, float(np.sqrt(values[1] / values[0]))


def _mirror_overlap(part: _Mask) -> float:
    """Return the best overlap with the left-right mirror image, over a few turns."""
    moments = cv2.moments(part, binaryImage=True)
    center = (moments["m10"] / moments["m00"], moments["m01"] / moments["m00"])
    height, width = part.shape
    best = 0.0
    for degrees in (-10.0, 0.0, 10.0):
        turn = cv2.getRotationMatrix2D(center, degrees, 1.0)
        flip = np.array([[-1, 0, 2 * center[0]], [0, 1, 0], [0, 0, 1]])
        mirrored = cv2.warpAffine(
            part, (turn @ flip)[:2], (width, height), flags=cv2.INTER_NEAREST
        ).astype(np.uint8)
        both, union = int((mirrored & part).sum()), int((mirrored | part).sum())
        best = max(best, both / union)
    return best


def _has_gap(occupied: NDArray[np.bool_]) -> bool:
    """Return whether a dark line has a fifth of the picture's side bright on each side."""
    places = np.flatnonzero(occupied)
    dark = np.flatnonzero(~occupied)
    dark = dark[(dark > places[0]) & (dark < places[-1])] if places.size else dark[:0]
    least = len(occupied) / 5
    return any(
        min(int((places < line).sum()), int((places > line).sum())) >= least
        for line in dark
    )
