"""What the probes read from pixels, and what they must not see."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tumorscope.audit.shortcuts.features import (
    BACKGROUND_NAMES,
    BORDER_NAMES,
    INTENSITY_NAMES,
    level_percentiles,
    measure_background,
    measure_border,
    measure_intensity,
    only_border,
    probe_features,
)
from tumorscope.domain.errors import DataError


def _slice(lesion=0, noise_seed=0, side=128):
    """Return a noisy picture of a head, with a bright spot in its middle."""
    image = np.random.default_rng(noise_seed).integers(0, 4, (side, side, 3))
    image = image.astype(np.uint8)
    cv2.circle(image, (side // 2, side // 2), side // 3, (90, 90, 90), -1)
    if lesion:
        cv2.circle(image, (side // 2, side // 2), 8, (lesion,) * 3, -1)
    return image


def test_a_lesion_changes_what_sees_the_brain_and_nothing_else():
    """Border, background and masked picture are blind to a tumor; intensity is not."""
    with_lesion, without = probe_features(_slice(lesion=250)), probe_features(_slice())

    np.testing.assert_array_equal(with_lesion.border, without.border)
    np.testing.assert_array_equal(with_lesion.background, without.background)
    np.testing.assert_array_equal(with_lesion.outside, without.outside)
    np.testing.assert_array_equal(with_lesion.head, without.head)
    assert not np.array_equal(with_lesion.intensity, without.intensity)


def test_every_number_has_a_name():
    """Names and numbers go together."""
    found = probe_features(_slice())

    assert found.border.shape == (len(BORDER_NAMES),)
    assert found.background.shape == (len(BACKGROUND_NAMES),)
    assert found.intensity.shape == (len(INTENSITY_NAMES),)


def test_border_strips_are_read_side_by_side():
    """Each side's mean is its own; the inside does not enter."""
    image = np.full((64, 64, 3), 99, np.uint8)
    image[0], image[-1], image[:, 0], image[:, -1] = 10, 20, 30, 40

    border = dict(zip(BORDER_NAMES, measure_border(image), strict=True))

    sides = [border[f"outer strip: {side}"] for side in ("left", "right")]
    assert sides == [30, 40]
    assert border["outer strip: top"] == pytest.approx((62 * 10 + 30 + 40) / 64)
    assert border["inner strip: mean"] == 99


def test_background_statistics_are_those_of_the_air():
    """Mean, spread and roughness of a known checkerboard around a head."""
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, ::2] = 6
    head = np.zeros((64, 64), bool)
    head[20:40, 20:40] = True

    air = dict(zip(BACKGROUND_NAMES, measure_background(image, head), strict=True))

    assert air["channel 1: mean"] == pytest.approx(3)
    assert air["channel 2: spread"] == pytest.approx(3)
    assert air["channel 3: share of zeros"] == pytest.approx(0.5)
    assert air["roughness"] == pytest.approx(6)


def test_a_head_that_fills_the_picture_leaves_no_background():
    """Without air the background is missing, not zero."""
    full = np.ones((64, 64), bool)

    assert np.isnan(measure_background(np.zeros((64, 64, 3), np.uint8), full)).all()


def test_intensity_statistics_are_those_of_numpy():
    """Percentiles from the histogram equal those of sorted pixels."""
    image = np.random.default_rng(0).integers(0, 256, (40, 30, 3)).astype(np.uint8)
    channel = image[..., 1].astype(float)

    found = dict(zip(INTENSITY_NAMES, measure_intensity(image), strict=True))

    assert found["channel 2: mean"] == pytest.approx(channel.mean())
    assert found["channel 2: spread"] == pytest.approx(channel.std())
    assert found["channel 2: percentile 99.9"] == pytest.approx(
        np.percentile(channel, 99.9)
    )
    assert found["share above 10"] == pytest.approx((image.max(axis=2) > 10).mean())


def test_percentiles_of_few_levels_are_interpolated():
    """The median of 0 and 10 is 5; a constant picture has one percentile."""
    assert level_percentiles(np.array([0, 10], np.uint8), (50.0,)) == [5.0]
    assert level_percentiles(np.full(9, 7, np.uint8), (0.0, 99.9)) == [7.0, 7.0]


def test_only_the_border_is_shown():
    """The picture of what the border probe saw holds nothing of the inside."""
    shown = only_border(np.full((64, 64, 3), 50, np.uint8))

    assert shown[2:-2, 2:-2].max() == 0
    assert shown[:2].min() == 50


@pytest.mark.parametrize("shape", [(8, 64), (64,), (2, 64, 64, 3)])
def test_pictures_that_cannot_be_probed_are_refused(shape):
    """A strip of a few pixels has no border and no inside."""
    with pytest.raises(DataError, match="cannot be probed"):
        probe_features(np.zeros(shape, np.uint8))


def test_a_flat_picture_has_finite_features():
    """A constant slice is no reason to fail; its background is simply flat."""
    found = probe_features(np.zeros((32, 40), np.uint8))

    assert np.isfinite(found.border).all()
    assert np.isfinite(found.background).all()
