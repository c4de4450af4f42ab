"""Volumes that were stripped before, and maps of labels, are told from heads."""

from __future__ import annotations

import numpy as np
import pytest
from tests.deid.pixels.conftest import stack

from tumorscope.deid.pixels.stripped import is_label_map, is_stripped


def ball(radius_mm: float, value: float, *, scalp: bool = False):
    """Return a ball of tissue in constant air; with bone and scalp if wanted."""
    z, y, x = np.mgrid[-48:48, -48:48, -48:48].astype(np.float32) * 2
    far = np.sqrt(x * x + y * y + z * z)
    voxels = np.zeros(far.shape, np.float32)
    if scalp:
        voxels[far <= radius_mm + 12] = value
        voxels[far <= radius_mm + 7] = 0.1 * value
    voxels[far <= radius_mm] = value
    noise = np.random.default_rng(0).normal(1, 0.05, far.shape)
    return stack(voxels * noise * (voxels > 0), (2.0, 2.0, 2.0))


def test_tissue_up_to_its_rim_was_stripped():
    """A brain in constant air has no scalp."""
    assert is_stripped(ball(68, 500))


def test_scalp_and_bone_are_a_head_even_in_constant_air():
    """Scanners and tools set air to zero, too."""
    assert not is_stripped(ball(62, 500, scalp=True))


@pytest.mark.parametrize("radius_mm", [30, 85])
def test_what_has_not_the_size_of_a_brain_is_no_proof(radius_mm):
    """Neither a lesion nor a whole head."""
    assert not is_stripped(ball(radius_mm, 500))


def test_few_labels_over_little_room_are_a_map():
    """A segmentation of a tumor shows nobody; one of a whole head may."""
    labels = np.zeros((40, 40, 40), np.int16)
    labels[10:20, 10:20, 10:20] = 1
    labels[12:15, 12:15, 12:15] = 4
    head = np.zeros((60, 60, 60), np.int16)
    head[5:55, 5:55, 5:55] = 1

    assert is_label_map(stack(labels, (2.0, 2.0, 2.0)))
    assert not is_label_map(stack(head, (3.0, 3.0, 3.0)))
    assert not is_label_map(ball(30, 500))
