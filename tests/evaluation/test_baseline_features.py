"""Features that a simple method reads from a slice."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.domain.errors import DataError
from tumorscope.evaluation.baseline_features import (
    HAND_FEATURES_PER_CHANNEL,
    baseline_features,
    measure_hand,
    measure_intensity,
    resize_bilinear,
    shrink_pixels,
)


def _head(*, spot=False, size=128, seed=0):
    """A bright disk with noise, and optionally a brighter spot on its right."""
    y, x = np.mgrid[:size, :size] / size
    noise = np.random.default_rng(seed).normal(0, 4, (size, size, 3))
    image = np.where(np.hypot(x - 0.5, y - 0.5) < 0.4, 100, 0)[:, :, None] + noise
    image = np.where(np.hypot(x - 0.5, y - 0.5)[:, :, None] < 0.4, image, 0)
    if spot:
        image[np.hypot(x - 0.65, y - 0.5) < 0.08] = 220
    return np.clip(image, 0, 255).astype(np.uint8)


def _features(images, series, index, count):
    return baseline_features(
        images,
        series=pd.Series(series, dtype="str"),
        slice_index=pd.Series(index, dtype="Int64"),
        slice_count=pd.Series(count, dtype="Int64"),
    )


@pytest.mark.parametrize("shape", [(256, 256), (240, 155), (64, 100)])
def test_resizing_is_pillows_up_to_one_level(shape):
    """The definition says Pillow's bilinear filter, shrinking and growing."""
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)

    found = resize_bilinear(image, 128).astype(int)

    expected = Image.fromarray(image).resize((128, 128), Image.Resampling.BILINEAR)
    assert np.abs(found - np.asarray(expected)).max() <= 1


def test_intensity_statistics_of_a_known_image():
    """Half black, half 20: mean 10, sd 10, and half of the pixels above 10."""
    image = np.zeros((40, 40, 3), dtype=np.uint8)
    image[:, 20:] = 20

    found = measure_intensity(image)

    assert found.shape == (26,)
    assert found[:8].tolist() == [10, 10, 10, 20, 20, 20, 20, 20]
    assert found[24:].tolist() == [10, 0.5]


def test_a_bright_spot_raises_deviation_asymmetry_and_blobs():
    """A spot on one side moves the features that are made for it, in every channel."""
    plain, spotted = measure_hand(_head()), measure_hand(_head(spot=True))

    for channel in range(3):
        start = channel * HAND_FEATURES_PER_CHANNEL
        assert spotted[start + 4] > plain[start + 4] + 5
        assert spotted[start + 8] > plain[start + 8] + 5
    assert spotted[HAND_FEATURES_PER_CHANNEL - 1] > 5


def test_a_mirrored_head_has_the_same_asymmetry_tails_of_the_mirrored_spot():
    """Left or right: the upper percentiles of the asymmetry are about the same."""
    image = _head(spot=True)

    here, there = measure_hand(image), measure_hand(image[:, ::-1])

    assert there[6:9] == pytest.approx(here[6:9], rel=0.1)


def test_a_blank_slice_has_missing_features_and_no_warning():
    """No brain: every hand feature is missing."""
    assert np.isnan(measure_hand(np.zeros((64, 64, 3), dtype=np.uint8))).all()


def test_a_flat_brain_has_no_skewness_and_no_correlation():
    """A constant brain has no blobs, and what cannot be computed is missing."""
    found = measure_hand(np.full((128, 128, 3), 90, dtype=np.uint8))

    assert np.isnan(found[5])
    assert np.isnan(found[-1])
    assert found[9:12].tolist() == [0, 0, 0]
    assert np.isfinite(found[:5]).all()


def test_shrunk_pixels_are_block_means_from_0_to_1():
    """A 64 x 64 image is averaged in blocks of four pixels."""
    image = np.zeros((64, 64, 3), dtype=np.uint8)
    image[0, 0] = 255

    found = shrink_pixels(image)

    assert found.shape == (3072,)
    assert found[:4].tolist() == [0.25, 0.25, 0.25, 0]


def test_neighbors_are_the_slices_below_and_above_in_any_order():
    """Ranks 2, 0, 1 of one series; the ends miss one side, another series both."""
    images = [_head(seed=seed) for seed in range(4)]

    found = _features(images, list("aaab"), [2, 0, 1, 1], [3] * 4)

    below, above = np.split(found.neighbors, 2, axis=1)
    width = found.hand.shape[1]
    np.testing.assert_array_equal(below[0][:width], found.hand[2])
    np.testing.assert_array_equal(below[2][:width], found.hand[1])
    np.testing.assert_array_equal(above[2][:width], found.hand[0])
    assert np.isnan(above[0]).all()
    assert np.isnan(below[1]).all()
    assert np.isnan(found.neighbors[3]).all()
    assert found.position.tolist() == [1, 0, 0.5, 0.5]


def test_unknown_position_is_missing():
    """Neither a missing rank nor a series of one slice has a position."""
    found = _features([_head()] * 2, [None, "a"], [None, 0], [None, 1])

    assert np.isnan(found.position).all()
    assert np.isnan(found.neighbors).all()


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((64, 64), dtype=np.uint8), "no baseline features"),
        (np.zeros((64, 64, 3)), "no baseline features"),
        (np.zeros((16, 64, 3), dtype=np.uint8), "has no inside"),
    ],
)
def test_other_arrays_are_an_error(image, message):
    """Grey, float and tiny images are refused with what to do."""
    with pytest.raises(DataError, match=message):
        _features([image], ["a"], [0], [3])


def test_number_of_images_must_match():
    """Two slices and one image."""
    with pytest.raises(DataError, match="1 images for 2 slices"):
        _features([_head()], ["a", "a"], [0, 1], [2, 2])
