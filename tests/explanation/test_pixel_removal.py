"""Deletion and insertion on a model that only adds up pixels."""

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.explanation.pixel_removal import (
    RemovalSlice,
    order_at_random,
    order_by_map,
    remove_pixels,
)

SIZE = 20
BRAIN = np.zeros((SIZE, SIZE), bool)
BRAIN[5:15, 5:15] = True
LESION = np.zeros((SIZE, SIZE), bool)
LESION[6:8, 5:10] = True  # 10 of 100 brain pixels


@pytest.fixture
def each():
    """Return a slice of 100 with a lesion of 200."""
    pixels = np.full((SIZE, SIZE, 3), 100, np.uint8)
    pixels[LESION] = 200
    return RemovalSlice(pixels=pixels, brain=BRAIN, core=BRAIN)


def bright_share(pixels):
    """Score pictures by the share of the lesion's pixels that are bright."""
    return (pixels[..., 0] > 150).sum(axis=(1, 2)) / LESION.sum()


def test_a_perfect_order_loses_the_score_at_once(each):
    """The lesion's 10 % go in two of 20 steps: 1, .5, 0, ...: area (.75 + .25) / 20."""
    orders = {
        "perfect": order_by_map(LESION.astype(float), BRAIN),
        "worst": order_by_map(-LESION.astype(float), BRAIN),
    }

    found = remove_pixels(each, orders, bright_share)

    assert found["perfect"].deletion == pytest.approx(0.05)
    assert found["perfect"].insertion == pytest.approx(0.95)
    assert found["worst"].deletion == pytest.approx(0.95)
    assert found["worst"].insertion == pytest.approx(0.05)


def test_a_random_order_loses_half(each):
    """On average the score falls along the diagonal."""
    generator = np.random.default_rng(0)
    orders = {str(draw): order_at_random(BRAIN, generator) for draw in range(40)}

    found = remove_pixels(each, orders, bright_share)

    areas = [area.deletion for area in found.values()]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.05)
    assert set(orders["0"]) == set(np.flatnonzero(BRAIN))


def test_the_filling_is_the_median_of_each_sequence_in_the_core():
    """Outside the core, and a lesion smaller than half of it, do not move it."""
    pixels = np.zeros((SIZE, SIZE, 3), np.uint8)
    pixels[BRAIN] = (10, 20, 30)
    pixels[LESION] = 255
    whole = RemovalSlice(pixels=pixels, brain=BRAIN, core=BRAIN)
    without_core = RemovalSlice(pixels=pixels, brain=BRAIN, core=~BRAIN & BRAIN)

    assert whole.filling.tolist() == [10, 20, 30]
    assert without_core.filling.tolist() == [10, 20, 30]


def test_only_the_brain_is_touched_and_the_slice_is_left_unchanged(each):
    """Every picture that is scored equals the slice outside the brain."""
    seen = []

    def watch(pixels):
        seen.append(pixels.copy())
        return bright_share(pixels)

    before = each.pixels.copy()
    remove_pixels(each, {"one": order_by_map(LESION.astype(float), BRAIN)}, watch)

    assert (each.pixels == before).all()
    assert all((pictures[:, ~BRAIN] == before[~BRAIN]).all() for pictures in seen)
    assert sum(len(pictures) for pictures in seen) == 2 + 2 * 19


def test_ties_go_in_row_order():
    """A constant map is an order, too, and the same every time."""
    order = order_by_map(np.zeros((SIZE, SIZE)), BRAIN)

    assert order.tolist() == np.flatnonzero(BRAIN).tolist()


def test_a_slice_without_brain_is_refused():
    """There is nothing to delete."""
    pixels = np.zeros((SIZE, SIZE, 3), np.uint8)
    with pytest.raises(DataError, match="no brain"):
        RemovalSlice(pixels=pixels, brain=~BRAIN & BRAIN, core=BRAIN)
    with pytest.raises(DataError, match="one grid"):
        RemovalSlice(pixels=pixels, brain=BRAIN[:5], core=BRAIN)
