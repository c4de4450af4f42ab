"""Which pixels of a frame belong to the head, and not to what was written beside it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_OPENING_SHARE = 0.035
"""Half of the largest stroke that is cut off, as a share of the frame's shorter side."""
_MARGIN_SHARE = 0.01
"""Added around the head, as a share of the same side."""
_LEAST_SHARE = 0.02
"""A smaller part of the frame is no head."""


def find_head(picture: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the filled outline of the largest bright part of a frame.

    Strokes and thin bars are opened away first; text that touches the head may remain
    part of it, which is why text is looked for inside the head as well.

    Args:
        picture: Shape (rows, columns), float32, bright where tissue is.

    Returns:
        Shape (rows, columns), bool; all False where there is no head.
    """
    low, high = (float(value) for value in np.percentile(picture, (1, 99)))
    if high <= low:
        return np.zeros(picture.shape, dtype=bool)
    gray = (np.clip((picture - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    smooth = cv2.medianBlur(gray, 5)
    threshold, _ = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    # Otsu parts tissue from brighter tissue where the head is large: half is still air.
    bright = (smooth > 0.5 * threshold).astype(np.uint8)
    return _largest_filled(bright)


def _largest_filled(bright: NDArray[np.uint8]) -> NDArray[np.bool_]:
    side = min(bright.shape)
    radius = max(2, round(_OPENING_SHARE * side))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    # The skull is dark: close it first, or the opening would eat the scalp.
    closed = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    filled = _fill(closed.astype(np.uint8))
    opened = cv2.morphologyEx(filled, cv2.MORPH_OPEN, disk).astype(np.uint8)
    count, labels, found, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    if count < 2:
        return np.zeros(bright.shape, dtype=bool)
    largest = 1 + int(np.argmax(found[1:, cv2.CC_STAT_AREA]))
    if found[largest, cv2.CC_STAT_AREA] < _LEAST_SHARE * bright.size:
        return np.zeros(bright.shape, dtype=bool)
    part = (labels == largest).astype(np.uint8)
    # The opening rounds corners such as the nose: a margin gives them back.
    margin = max(2, round(_MARGIN_SHARE * side))
    wider = cv2.dilate(part, np.ones((3, 3), np.uint8), iterations=margin)
    return _fill(wider.astype(np.uint8)) > 0


def _fill(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fill the holes of a mask."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, outlines, -1, color=1, thickness=cv2.FILLED)
    return filled
