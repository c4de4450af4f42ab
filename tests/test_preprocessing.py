"""From decoded pixels to what the network sees."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.specs import PreprocessSpec
from tumorscope.preprocessing import (
    CropBox,
    find_head,
    prepare_slice,
    standardize_intensity,
    to_network_input,
)

PLAIN = PreprocessSpec(
    size_px=32, low_percentile=0, high_percentile=100, margin_share=0
)


def _head(height: int = 80, width: int = 60, *, seed: int = 0) -> np.ndarray:
    """Return a textured ellipse in the middle of a dark picture, uint8."""
    y, x = np.mgrid[:height, :width]
    inside = ((y - height / 2) / (0.4 * height)) ** 2 + (
        (x - width / 2) / (0.35 * width)
    ) ** 2 < 1
    texture = np.random.default_rng(seed).integers(90, 250, size=(height, width))
    return np.where(inside, texture, 0).astype(np.uint8)


def test_hand_computed_slice():
    """A 32-pixel head in four grey levels, no margin: the crop is the head itself.

    Levels 100, 150, 200, 250 over the full range become 0, 85, 170 and 255.
    """
    pixels = np.zeros((50, 60), dtype=np.uint8)
    pixels[10:42, 20:52] = np.repeat([100, 150, 200, 250], 8)[None, :]

    prepared = prepare_slice(pixels, PLAIN)

    assert prepared.box == CropBox(top_px=10, left_px=20, side_px=32)
    expected = np.broadcast_to(
        np.repeat([0, 85, 170, 255], 8)[None, :, None], (32, 32, 3)
    )
    np.testing.assert_array_equal(prepared.pixels, expected)


def test_percentiles_are_hand_computed():
    """Values 0 to 100 between their 10th and 90th percentile: 50 lands in the middle."""
    values = np.arange(101, dtype=np.uint16).reshape(1, 101)
    spec = PreprocessSpec(low_percentile=10, high_percentile=90)

    scaled = standardize_intensity(values, np.ones_like(values, dtype=bool), spec=spec)

    assert scaled.dtype == np.float32
    assert scaled[0, 50] == pytest.approx(0.5)
    assert scaled[0, 30] == pytest.approx(0.25)
    assert (scaled[0, :11] == 0).all()
    assert (scaled[0, 90:] == 1).all()


def test_aspect_ratio_is_kept():
    """A head twice as high as wide stays so: the crop is a square around it."""
    pixels = np.zeros((200, 200), dtype=np.uint8)
    pixels[20:180, 60:140] = 200
    pixels[20:180, 60:64] = 100

    prepared = prepare_slice(pixels, PLAIN)

    shown = prepared.pixels[..., 0] > 0
    assert prepared.box.side_px == 160
    assert shown.any(axis=1).sum() == 32
    assert shown.any(axis=0).sum() == pytest.approx(16, abs=1)


@pytest.mark.parametrize("shift", [(0, 0), (0, 30), (30, 0), (37, 61)])
def test_nothing_of_the_head_is_cut(shift):
    """Wherever the head lies, even at the border, the box holds all of it."""
    foreground = np.zeros((80, 100), dtype=np.uint8)
    foreground[shift[0] : shift[0] + 43, shift[1] : shift[1] + 39] = 180

    box = find_head(foreground, PreprocessSpec())

    rows, columns = np.nonzero(foreground)
    assert box.top_px <= rows.min()
    assert rows.max() < box.top_px + box.side_px
    assert box.left_px <= columns.min()
    assert columns.max() < box.left_px + box.side_px


def test_single_bright_pixels_in_the_air_do_not_move_the_box():
    """Noise of one pixel is no part of the head."""
    clean = _head()
    noisy = clean.copy()
    noisy[2, 3] = 255

    assert find_head(noisy, PreprocessSpec()) == find_head(clean, PreprocessSpec())


def test_head_of_single_pixels_is_still_found():
    """Where nothing survives the noise filter, every bright pixel counts."""
    pixels = np.zeros((64, 64), dtype=np.uint8)
    pixels[10, 20], pixels[30, 40] = 200, 100

    box = find_head(pixels, PreprocessSpec(margin_share=0))

    assert (box.top_px, box.left_px, box.side_px) == (10, 20, 21)


def test_grey_slice_is_repeated():
    """One sequence fills all three channels, and equals itself given three times."""
    grey = _head()

    once = prepare_slice(grey, PreprocessSpec(size_px=64))
    thrice = prepare_slice(np.dstack([grey] * 3), PreprocessSpec(size_px=64))

    np.testing.assert_array_equal(once.pixels[..., 0], once.pixels[..., 2])
    np.testing.assert_array_equal(once.pixels, thrice.pixels)
    assert once.box == thrice.box


def test_sixteen_bit_equals_eight_bit_scaled():
    """The depth of the file changes nothing: MRI intensities have no unit."""
    eight = _head()
    sixteen = eight.astype(np.uint16) * 257

    spec = PreprocessSpec(size_px=64)
    first, second = prepare_slice(eight, spec), prepare_slice(sixteen, spec)

    assert first.box == second.box
    difference = first.pixels.astype(int) - second.pixels.astype(int)
    assert np.abs(difference).max() <= 1
    assert np.mean(difference == 0) > 0.99


def test_channel_order_is_kept():
    """The first sequence stays the first, each standardized by its own range."""
    pixels = np.zeros((48, 48, 3), dtype=np.uint8)
    ramp = np.linspace(100, 200, 32).astype(np.uint8)
    pixels[8:40, 8:40, 0] = ramp[None, :]
    pixels[8:40, 8:40, 1] = ramp[:, None] // 2
    pixels[8:40, 8:40, 2] = ramp[None, ::-1]

    shown = prepare_slice(pixels, PLAIN).pixels.astype(int)

    assert (np.diff(shown[16, :, 0]) > 0).mean() > 0.9
    assert (np.diff(shown[:, 16, 1]) > 0).mean() > 0.9
    assert (np.diff(shown[16, :, 2]) < 0).mean() > 0.9
    assert shown.max(axis=(0, 1)).tolist() == [255, 255, 255]


def test_missing_sequence_becomes_zeros_and_the_others_stay():
    """A sequence without contrast is missing; the slice can still be read."""
    pixels = np.dstack([_head(), np.zeros((80, 60)), _head(seed=1)]).astype(np.uint8)

    shown = prepare_slice(pixels, PreprocessSpec(size_px=64)).pixels

    assert (shown[..., 1] == 0).all()
    assert (shown[..., (0, 2)].max(axis=(0, 1)) > 200).all()


@pytest.mark.parametrize("shape", [(40, 40), (40, 40, 3), (1, 1)])
def test_blank_slice_is_an_error(shape):
    """A slice without any signal never becomes a black picture."""
    with pytest.raises(DataError, match="no foreground"):
        prepare_slice(np.zeros(shape, dtype=np.uint8), PreprocessSpec())


@pytest.mark.parametrize("shape", [(40,), (40, 40, 2), (40, 40, 4), (2, 40, 40, 3)])
def test_other_shape_is_an_error(shape):
    """What is not a slice is refused with its shape."""
    with pytest.raises(DataError, match="channels; found shape"):
        prepare_slice(np.ones(shape, dtype=np.uint8), PreprocessSpec())


def test_box_maps_back_to_the_original():
    """A bright spot is found again at the place that the box tells."""
    pixels = (_head(200, 160) // 2).astype(np.uint8)
    pixels[90:98, 70:78] = 255

    prepared = prepare_slice(pixels, PreprocessSpec(size_px=128))

    row, column = np.argwhere(prepared.pixels[..., 0] > 250).mean(axis=0) + 0.5
    scale = prepared.box.side_px / 128
    assert prepared.box.top_px + row * scale == pytest.approx(94, abs=1)
    assert prepared.box.left_px + column * scale == pytest.approx(74, abs=1)


def test_input_is_left_unchanged():
    """Preparing is a function: the caller's pixels stay as they are."""
    pixels = _head()
    before = pixels.copy()

    prepare_slice(pixels, PreprocessSpec())

    np.testing.assert_array_equal(pixels, before)


def test_network_input_has_range_and_layout():
    """0 and 255 become -1 and 1; shape is channels-first, memory channels-last."""
    pixels = np.zeros((2, 4, 5, 3), dtype=np.uint8)
    pixels[1, 2, 3] = (0, 51, 255)

    images = to_network_input(pixels)

    assert images.shape == (2, 3, 4, 5)
    assert images.dtype == np.float32
    assert images.transpose(0, 2, 3, 1).flags.c_contiguous
    np.testing.assert_allclose(images[1, :, 2, 3], [-1, -0.6, 1], atol=1e-6)
    assert images.min() == -1
