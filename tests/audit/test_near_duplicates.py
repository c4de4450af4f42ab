"""Finds slices that look alike, and links them to groups."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tumorscope.audit.near_duplicates import (
    Fingerprint,
    find_near_duplicates,
    fingerprint,
    link_groups,
)
from tumorscope.domain.specs import DuplicateSpec


def _picture(seed: int, *, side: int = 96) -> np.ndarray:
    """Return a smooth random picture, uint8, as different from others as heads are not."""
    coarse = np.random.default_rng(seed).random((7, 7)).astype(np.float32)
    smooth = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(40 + 170 * smooth, 0, 255).astype(np.uint8)


def _as_jpeg(pixels: np.ndarray) -> np.ndarray:
    _, content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 70])
    return cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)


def _brighter(pixels: np.ndarray) -> np.ndarray:
    return (pixels * 0.7 + 30).astype(np.uint8)


def _half_size(pixels: np.ndarray) -> np.ndarray:
    return cv2.resize(pixels, (48, 48), interpolation=cv2.INTER_AREA)


def _as_color(pixels: np.ndarray) -> np.ndarray:
    return np.dstack([pixels] * 3)


def _as_16_bit(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.uint16) * 257


@pytest.mark.parametrize(
    "change", [_as_jpeg, _brighter, _half_size, _as_color, _as_16_bit]
)
def test_changed_copies_are_found(change):
    """A copy that was encoded, brightened, resized or colored anew is still a copy."""
    pictures = [_picture(seed) for seed in range(10)]
    prints = [fingerprint(one) for one in [*pictures, change(pictures[4])]]

    pairs = find_near_duplicates(prints, DuplicateSpec())

    np.testing.assert_array_equal(pairs, [[4, 10]])


def test_different_pictures_are_not_linked():
    """Sixty different pictures have no near-duplicates."""
    prints = [fingerprint(_picture(seed)) for seed in range(60)]

    assert find_near_duplicates(prints, DuplicateSpec()).shape == (0, 2)


def test_equal_hash_alone_links_nothing():
    """The correlation decides: slices of two heads may share a hash."""
    first, second = np.zeros((2, 2304), dtype=np.float32)
    first[0] = second[1] = 1
    prints = [Fingerprint(difference_hash=5, thumbnail=one) for one in (first, second)]

    assert len(find_near_duplicates(prints, DuplicateSpec())) == 0


@pytest.mark.parametrize("distance", [0, 1, 3, 7, 16])
def test_bands_find_every_pair_that_brute_force_finds(distance):
    """Comparing only slices with an equal band loses no pair."""
    generator = np.random.default_rng(distance)
    seeds = generator.integers(0, 2**64, size=6, dtype=np.uint64)
    hashes = []
    for _ in range(120):
        flipped = generator.choice(64, size=generator.integers(0, 9), replace=False)
        value = int(seeds[generator.integers(6)])
        for bit in flipped:
            value ^= 1 << int(bit)
        hashes.append(value)
    thumbnail = np.zeros(2304, dtype=np.float32)
    thumbnail[0] = 1
    prints = [Fingerprint(difference_hash=one, thumbnail=thumbnail) for one in hashes]

    pairs = find_near_duplicates(prints, DuplicateSpec(max_hash_distance=distance))

    expected = [
        (i, j)
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if (hashes[i] ^ hashes[j]).bit_count() <= distance
    ]
    assert [tuple(pair) for pair in pairs] == expected
    assert expected


def test_difference_hash_is_hand_computed():
    """A picture that rises to the right has all bits set, one that falls none."""
    rising = np.tile(np.arange(90, dtype=np.uint8), (80, 1))

    assert fingerprint(rising).difference_hash == 2**64 - 1
    assert fingerprint(rising[:, ::-1]).difference_hash == 0


def test_thumbnail_is_a_unit_vector():
    """A dot product of thumbnails is Pearson's correlation."""
    first, second = (fingerprint(_picture(seed)).thumbnail for seed in (1, 2))
    small = [
        cv2.resize(_picture(seed).astype(np.float32), (48, 48), interpolation=3).ravel()
        for seed in (1, 2)
    ]

    assert first.shape == (2304,)
    assert first @ first == pytest.approx(1, abs=1e-5)
    assert first.mean() == pytest.approx(0, abs=1e-6)
    assert first @ second == pytest.approx(np.corrcoef(small)[0, 1], abs=1e-4)


@pytest.mark.parametrize("value", [0, 1, 77, 200, 255])
def test_constant_picture_is_like_nothing(value):
    """A blank picture correlates with nothing, not even another blank one."""
    color = np.full((50, 70, 3), (value, value // 2, value // 3), dtype=np.uint8)
    prints = [fingerprint(color), fingerprint(color)]

    assert not prints[0].thumbnail.any()
    assert len(find_near_duplicates(prints, DuplicateSpec())) == 0


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_slices_have_no_pairs(count):
    """Nothing to compare is an answer, not an error."""
    prints = [fingerprint(_picture(0))] * count

    assert find_near_duplicates(prints, DuplicateSpec()).shape == (0, 2)


def test_a_cohort_of_one_picture_is_one_group():
    """All slices alike: every pair is found once, and one group is left."""
    prints = [fingerprint(_picture(0))] * 150

    pairs = find_near_duplicates(prints, DuplicateSpec())

    assert len(pairs) == 150 * 149 // 2
    assert set(link_groups(pairs, 150)) == {0}


def test_groups_are_connected_components():
    """A chain of pairs is one group; a slice without a pair is a group of its own."""
    groups = link_groups(np.array([[0, 3], [3, 5], [1, 2]]), 6)

    assert groups[0] == groups[3] == groups[5]
    assert groups[1] == groups[2]
    assert len(set(groups)) == 3
    assert link_groups(np.empty((0, 2), dtype=np.int64), 3).tolist() == [0, 1, 2]
