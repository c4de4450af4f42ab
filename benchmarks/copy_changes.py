"""What is done to a slice to plant a changed copy of it, by the name of the change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.copies.orientation import orient

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels, np.random.Generator], Pixels]


def _jpeg(low: int, high: int) -> Change:
    def change(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        quality = int(rng.integers(low, high + 1))
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
        content = cv2.imencode(".jpg", np.ascontiguousarray(pixels), options)[1]
        return np.asarray(cv2.imdecode(content, cv2.IMREAD_UNCHANGED), np.uint8)

    return change


def _resize(low: float, high: float) -> Change:
    def change(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        factor = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        resized = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=method)
        return np.asarray(resized, np.uint8)

    return change


def _crop(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Cut up to a tenth from each side."""
    height, width = pixels.shape[:2]
    top, bottom = (int(each * height) for each in rng.uniform(0, 0.1, 2))
    left, right = (int(each * width) for each in rng.uniform(0, 0.1, 2))
    return np.ascontiguousarray(pixels[top : height - bottom, left : width - right])


def _crop_and_enlarge(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Cut from each side and stretch to the old size."""
    size = pixels.shape[1::-1]
    return np.asarray(cv2.resize(_crop(pixels, rng), size), np.uint8)


def _pad(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Add up to 15 % of black at each side."""
    height, width = pixels.shape[:2]
    top, bottom = (int(each * height) for each in rng.uniform(0, 0.15, 2))
    left, right = (int(each * width) for each in rng.uniform(0, 0.15, 2))
    channels = [(0, 0)] * (pixels.ndim - 2)
    return np.pad(pixels, [(top, bottom), (left, right), *channels])


def _turn(*orientations: int) -> Change:
    def change(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        orientation = int(rng.choice(orientations))
        layers = np.moveaxis(np.atleast_3d(pixels), 2, 0)
        turned = np.moveaxis(orient(layers, orientation), 0, 2)
        return np.ascontiguousarray(
            turned.reshape(*turned.shape[:2], *pixels.shape[2:])
        )

    return change


def _gamma(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Raise to a power from 0.5 to 2."""
    power = np.exp(rng.uniform(-np.log(2), np.log(2)))
    curve = np.rint(255 * (np.arange(256) / 255) ** power).astype(np.uint8)
    return curve[pixels]


def _window(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Clip up to 8 % of the head's grey levels at each end and stretch the rest."""
    head = pixels[pixels > 0.3 * pixels.mean()]
    low, high = np.percentile(head, [rng.uniform(0, 8), rng.uniform(92, 100)])
    levels = (pixels - low) / max(high - low, 1) * 255
    return np.clip(levels, 0, 255).astype(np.uint8)


def _invert(pixels: Pixels, rng: np.random.Generator) -> Pixels:  # noqa: ARG001 - the signature of `Change`
    return 255 - pixels


def _both(first: Change, second: Change) -> Change:
    return lambda pixels, rng: second(first(pixels, rng), rng)


_SIMPLE: Mapping[str, Change] = {
    "JPEG, quality 30 to 50": _jpeg(30, 50),
    "JPEG, quality 51 to 95": _jpeg(51, 95),
    "resized to 0.5 to 0.75": _resize(0.5, 0.75),
    "resized to 1.3 to 2": _resize(1.3, 2),
    "cropped by up to 10 % a side": _crop,
    "cropped and enlarged": _crop_and_enlarge,
    "padded": _pad,
    "mirrored left-right": _turn(1),
    "mirrored up-down": _turn(2),
    "turned by 90, 180 or 270 degrees": _turn(3, 5, 6),
    "gamma 0.5 to 2": _gamma,
    "window": _window,
    "inverted": _invert,
}
_COMBINED: Mapping[str, Change] = {
    f"{first} + {second}": _both(_SIMPLE[first], _SIMPLE[second])
    for first, second in (
        ("resized to 0.5 to 0.75", "JPEG, quality 30 to 50"),
        ("cropped and enlarged", "JPEG, quality 30 to 50"),
        ("cropped and enlarged", "gamma 0.5 to 2"),
        ("cropped and enlarged", "window"),
        ("turned by 90, 180 or 270 degrees", "cropped by up to 10 % a side"),
        ("mirrored left-right", "gamma 0.5 to 2"),
        ("mirrored up-down", "JPEG, quality 30 to 50"),
        ("padded", "resized to 0.5 to 0.75"),
        ("gamma 0.5 to 2", "JPEG, quality 30 to 50"),
        ("inverted", "resized to 1.3 to 2"),
    )
}
CHANGES: Mapping[str, Change] = MappingProxyType({**_SIMPLE, **_COMBINED})
"""Single changes, then combinations of two."""
