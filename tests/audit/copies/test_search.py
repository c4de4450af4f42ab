"""Copies are found, and what was changed is told."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tumorscope.audit.copies.search import find_copies, find_overlap, group_equal
from tumorscope.domain.copy_spec import CopySpec


def _jpeg(pixels):
    _, content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 40])
    return cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)


def _half(pixels):
    return cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def _cut(pixels):
    """Cut a fifth from the left: into the head, which begins at 17 %."""
    return np.ascontiguousarray(pixels[:, 36:])


CHANGES = {
    "encoded anew": _jpeg,
    "mirrored left-right": np.fliplr,
    "mirrored up-down": np.flipud,
    "turned by 90 degrees clockwise": lambda x: np.rot90(x, -1),
    "turned by 90 degrees counterclockwise": np.rot90,
    "turned by 180 degrees": lambda x: np.rot90(x, 2),
    "resized 0.50 times": _half,
    "dark and bright exchanged": lambda x: 255 - x,
    "contrast changed": lambda x: (255 * (x / 255.0) ** 2).astype(np.uint8),
}


@pytest.mark.parametrize("words", CHANGES)
def test_each_change_is_found_and_named(head, take, words):
    """A changed copy among other heads is found, alone, with what was done to it."""
    pictures = [head(seed) for seed in range(5)]
    copy = np.ascontiguousarray(CHANGES[words](pictures[2]))

    pairs = find_copies(take([*pictures, copy]), CopySpec())
    if pairs.first[0] == 5:
        pairs = pairs.swapped()

    assert (pairs.first.tolist(), pairs.second.tolist()) == ([2], [5])
    assert words in pairs.changes(0)


def test_crop_into_the_head_is_measured(head, take):
    """What was cut from the head is told in shares of its sides."""
    pairs = find_copies(take([head(0), head(1), _cut(head(0))]), CopySpec())
    if pairs.first[0] == 2:
        pairs = pairs.swapped()

    assert (pairs.first.tolist(), pairs.second.tolist()) == ([0], [2])
    # The oval is 104 pixels wide and begins at column 28: 8 columns are gone.
    np.testing.assert_allclose(pairs.scale[0], [1, 96 / 104], atol=0.015)
    np.testing.assert_allclose(pairs.shift[0], [0, 8 / 104], atol=0.015)
    assert any(each.startswith("cropped to") for each in pairs.changes(0))


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_swapping_twice_changes_nothing(head, take, quarters):
    """A pair seen from the other side, and from there again, is the pair."""
    copy = np.ascontiguousarray(np.rot90(_cut(head(0)), quarters))
    pairs = find_copies(take([head(0), copy]), CopySpec())

    back = pairs.swapped().swapped()

    assert len(pairs) == 1
    assert back.orientation.tolist() == pairs.orientation.tolist()
    np.testing.assert_allclose(back.scale, pairs.scale, atol=1e-5)
    np.testing.assert_allclose(back.shift, pairs.shift, atol=1e-5)


def test_combined_changes_are_found(head, take):
    """Mirrored, halved and encoded anew is still a copy."""
    copy = _jpeg(_half(np.ascontiguousarray(np.fliplr(head(3)))))

    pairs = find_copies(take([head(seed) for seed in range(5)] + [copy]), CopySpec())

    assert [sorted(pair) for pair in zip(pairs.first, pairs.second, strict=True)] == [
        [3, 5]
    ]


def test_different_heads_are_no_copies(head, take):
    """Twenty different slices have no copies."""
    assert len(find_copies(take([head(seed) for seed in range(20)]), CopySpec())) == 0


def test_equal_pixels_are_not_searched_again(head, take):
    """Equal slices are told by their digests; they are no changed copies."""
    prints = take([head(0), head(0), head(1)], ["a", "a", "b"])

    assert len(find_copies(prints, CopySpec())) == 0
    assert group_equal(prints.digests).tolist() == [0, 0, 2]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_plain_slices_are_never_copies(take, count):
    """Nothing can be said of blank slices, and nothing is."""
    blank = [np.zeros((64, 64), np.uint8)] * count

    assert len(find_copies(take(blank), CopySpec())) == 0


def test_overlap_finds_equal_and_changed_slices(head, take):
    """Each slice of the other set is found once, as equal or as changed."""
    known = take([head(0), head(1), head(2)], ["a", "b", "c"])
    other = take([head(7), head(1), np.fliplr(head(2))], ["x", "b", "y"])

    found = find_overlap(known, other, CopySpec())

    assert found.equal.tolist() == [[1, 1]]
    assert found.changed.first.tolist() == [2]
    assert found.changed.second.tolist() == [2]
    assert found.changed.changes(0) == ("mirrored left-right",)


def test_overlap_finds_crops_on_either_side(head, take):
    """Whichever set holds the crop, the pair counts the known set first."""
    whole, crop = take([head(5), head(0)]), take([head(8), _cut(head(0))], ["p", "q"])

    forth = find_overlap(whole, crop, CopySpec()).changed
    back = find_overlap(crop, whole, CopySpec()).changed

    for found in (forth, back):
        assert (found.first.tolist(), found.second.tolist()) == ([1], [1])
    assert forth.scale[0, 1] < 0.98
    assert back.scale[0, 1] > 1.02


def test_sets_without_common_slices_do_not_overlap(head, take):
    """Different sets share nothing."""
    found = find_overlap(
        take([head(0), head(1)]), take([head(2), head(3)], ["x", "y"]), CopySpec()
    )

    assert len(found.equal) == len(found.changed) == 0
