"""Slices of one pseudo-patient side by side, for a reader to judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.pseudo_patients.finding import PseudoPatients
from tumorscope.domain.errors import DataError
from tumorscope.pages.picture import Picture

_TILE_PX = 96
_COLUMNS = 8
_LEFT_PX, _BASE_PX = 3, 11


def choose_groups(
    found: PseudoPatients, position: NDArray[np.int64], *, count: int
) -> tuple[NDArray[np.int64], ...]:
    """Choose pseudo-patients to show: of middling size, from all over the files.

    Args:
        found: The pseudo-patients.
        position: Shape (slices,), place of each slice in the order of the files.
        count: How many are wanted.

    Returns:
        For each, the rows of its slices in the order of the files. Half of them are at
        most as large as the median pseudo-patient and half at least, so that neither
        fragments nor the largest ones alone are seen.
    """
    numbers = np.unique(found.group[found.is_assigned])
    sizes = np.bincount(found.group)[numbers]
    by_size = numbers[np.argsort(sizes, kind="stable")]
    places = np.linspace(0, len(by_size) - 1, min(count, len(by_size)) + 2)[1:-1]
    chosen = np.unique(places.round().astype(np.int64))
    rows = [np.flatnonzero(found.group == number) for number in by_size[chosen]]
    return tuple(each[np.argsort(position[each])] for each in rows)


def draw_contact_sheet(
    rows: Sequence[int],
    load: Callable[[int], NDArray[Any]],
    *,
    labels: Sequence[str],
    caption: str,
) -> Picture:
    """Draw slices as a grid of small grey pictures.

    Args:
        rows: Slices, in the order in which they are shown; at least one.
        load: Returns the pixels of a row, shape (height, width) or (height, width, 3).
        labels: Short name of each, written into its corner.
        caption: What the sheet shows.

    Returns:
        A PNG of eight columns of 96 pixels. Each slice is scaled to its own brightest
        pixel, so that brightness cannot be compared between slices.

    Raises:
        DataError: If there is no slice.
    """
    if len(rows) == 0:
        raise DataError("a contact sheet needs at least one slice")
    lines = -(-len(rows) // _COLUMNS)
    sheet = np.zeros((lines * _TILE_PX, _COLUMNS * _TILE_PX), dtype=np.uint8)
    for place, (row, label) in enumerate(zip(rows, labels, strict=True)):
        line, column = divmod(place, _COLUMNS)
        top, left = line * _TILE_PX, column * _TILE_PX
        sheet[top : top + _TILE_PX, left : left + _TILE_PX] = _tile(load(row), label)
    return Picture(caption=caption, content=cv2.imencode(".png", sheet)[1].tobytes())


def _tile(pixels: NDArray[Any], label: str) -> NDArray[np.uint8]:
    grey = pixels.astype(np.float32)
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    height, width = grey.shape
    scale = _TILE_PX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    scaled = small * (255 / max(float(small.max()), 1e-6))
    tile = np.zeros((_TILE_PX, _TILE_PX), dtype=np.uint8)
    tile[: size[1], : size[0]] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    cv2.putText(
        tile, label, (_LEFT_PX, _BASE_PX), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 255, 1
    )
    return tile
