"""Maps beside masks: overlap, the largest component, and the rules of the cut-off."""

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import average_precision_score

from tumorscope.domain.errors import DataError
from tumorscope.explanation.masked_maps import (
    MaskedMap,
    choose_tau,
    dice,
    largest_component,
    pixel_average_precision,
    precision,
)

SHAPE = (10, 10)


def box_mask(top, left, height, width):
    """Return a rectangle of True in a field of False."""
    mask = np.zeros(SHAPE, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def test_largest_component_is_that_of_scipy():
    """On noise with many regions the same one is kept as with SciPy's labels."""
    rng = np.random.default_rng(3)
    for share in (0.2, 0.45, 0.6):
        binary = rng.random((40, 50)) < share
        labels, count = ndimage.label(binary)
        areas = ndimage.sum_labels(binary, labels, range(1, count + 1))

        kept = largest_component(binary)

        assert count > 2
        assert kept.sum() == areas.max()
        assert len(np.unique(labels[kept])) == 1


def test_nothing_has_no_component_and_no_overlap():
    """An empty binary map stays empty and scores 0."""
    empty = np.zeros(SHAPE, bool)

    assert not largest_component(empty).any()
    assert dice(empty, box_mask(0, 0, 2, 2)) == 0


def test_dice_is_twice_the_shared_share():
    """Rectangles of 6 and 4 pixels that share 2 have Dice 4 / 10."""
    assert dice(box_mask(0, 0, 2, 3), box_mask(0, 2, 2, 2)) == pytest.approx(0.4)


def test_tau_separates_a_clean_map():
    """A lesion of 1 above noise below 0.4 is cut out, up to the step of the candidates."""
    rng = np.random.default_rng(0)
    masks = [box_mask(2, 2, 3, 4), box_mask(5, 1, 4, 4)]
    maps = [np.where(mask, 1.0, rng.uniform(0, 0.4, SHAPE)) for mask in masks]

    tau = choose_tau(maps, masks)

    assert 0 < tau < 1
    for scores, mask in zip(maps, masks, strict=True):
        assert dice(scores > tau, mask) > 0.9


def test_tau_is_one_value_on_maps_that_are_not_normalized():
    """A slice with a weak map stays empty when the strong ones gain more."""
    mask = box_mask(3, 3, 4, 4)
    strong = np.where(mask, 10.0, 5.0)
    weak = np.where(mask, 1.0, 0.0)
    masks = [mask] * 4

    tau = choose_tau([strong, strong, strong, weak], masks)

    assert 5 <= tau < 10
    assert dice(weak > tau, mask) == 0


def test_tau_of_constant_maps_is_their_value():
    """Maps without contrast give a cut-off that leaves them empty, and no error."""
    mask = box_mask(3, 3, 4, 4)

    tau = choose_tau([np.full(SHAPE, 2.0)], [mask])

    assert tau == 2.0
    assert dice(np.full(SHAPE, 2.0) > tau, mask) == 0


@pytest.mark.parametrize(("maps", "masks"), [(0, 0), (2, 1)])
def test_tau_needs_tumor_slices_with_masks(maps, masks):
    """No tuning slices, or maps without masks, raise with a way out."""
    with pytest.raises(DataError, match="tuning part"):
        choose_tau([np.eye(10)] * maps, [box_mask(0, 0, 2, 2)] * masks)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mask": np.zeros(SHAPE, bool)}, "mask is empty"),
        ({"mask": np.ones(SHAPE)}, "must be bool"),
        ({"mask": np.ones((5, 5), bool)}, "share one shape"),
        ({"map": np.full(SHAPE, np.inf)}, "not finite"),
    ],
)
def test_what_cannot_be_scored_is_refused(changes, message):
    """Empty masks, other shapes and infinite maps raise instead of scoring."""
    fields = {
        "map": np.zeros(SHAPE),
        "mask": box_mask(0, 0, 2, 2),
        "core": np.ones(SHAPE, bool),
    }

    with pytest.raises(DataError, match=message):
        MaskedMap(**(fields | changes))


def test_pixel_average_precision_is_that_of_scikit_learn():
    """Ties are taken together; the whole picture enters."""
    generator = np.random.default_rng(3)
    values = generator.integers(0, 6, (12, 9)).astype(np.float32)
    mask = generator.random((12, 9)) < 0.3

    expected = average_precision_score(mask.ravel(), values.ravel())
    assert pixel_average_precision(values, mask) == pytest.approx(expected)


def test_pixel_average_precision_of_a_constant_map_is_the_share_of_the_mask():
    """Chance is not zero; the mask itself is a perfect map."""
    mask = np.zeros((10, 10), bool)
    mask[0, :7] = True

    assert pixel_average_precision(np.zeros((10, 10)), mask) == pytest.approx(0.07)
    assert pixel_average_precision(mask.astype(float), mask) == pytest.approx(1)


def test_precision_of_nothing_is_zero():
    """An empty binary map is no division by zero."""
    mask = np.ones((3, 3), bool)

    assert precision(np.zeros((3, 3), bool), mask) == 0
    assert precision(mask, np.eye(3, dtype=bool)) == pytest.approx(1 / 3)
