"""All features of a slice that its distance to the training data is measured in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.input_gate.outline import Outline
from tumorscope.input_gate.picture import HeadPicture
from tumorscope.input_gate.texture import depth_shells, texture_features

Features = NDArray[np.float32]
PAIRS = ((0, 1), (0, 2), (1, 2))
JOINT_BINS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceFeatures:
    """Features of one slice, in blocks that are compared one by one.

    Attributes:
        blocks: Name and shape (features,) of each block, float32, finite. "sequence 0" and
            so on hold outline, layout and texture; "relation" how three sequences go
            together, absent where any of them is a copy.
        head_share: Share of the picture that the largest bright part covers, in [0, 1].
    """

    blocks: Mapping[str, Features]
    head_share: float


def describe_picture(
    picture: HeadPicture, outline: Outline, *, sequences: int
) -> SliceFeatures:
    """Return the features of a slice.

    Args:
        picture: The slice in the gate's frame.
        outline: Of its foreground.
        sequences: 1 or 3: how many a slice of the training data has. Of a color picture,
            the mean of the channels stands for one sequence; a grey one stands for three
            equal ones.
    """
    depth = depth_shells(picture.inside)
    form = np.array(astuple(outline), dtype=np.float32)
    planes = picture.sequences
    if sequences == 1:
        planes = planes.mean(axis=0, keepdims=True)
    found = [
        np.concatenate([form, texture_features(plane, picture.inside, depth)])
        for plane in planes
    ]
    blocks = {
        f"sequence {number}": found[number % len(found)] for number in range(sequences)
    }
    if len(planes) == 3 and not _has_copy(planes):
        blocks["relation"] = _relations(planes, picture.inside)
    return SliceFeatures(blocks=blocks, head_share=outline.area_share)


def _has_copy(planes: NDArray[np.float32]) -> bool:
    return any(np.array_equal(planes[one], planes[other]) for one, other in PAIRS)


def _relations(planes: NDArray[np.float32], inside: NDArray[np.bool_]) -> Features:
    """Return root shares of the joint grey values of each pair of sequences."""
    level = np.minimum(planes * JOINT_BINS, JOINT_BINS - 1).astype(np.uint8)
    # Where nothing is bright, the whole picture stands for the head.
    chosen = inside if inside.any() else np.ones_like(inside)
    joint = [
        np.bincount(
            (level[one] * JOINT_BINS + level[other])[chosen], minlength=JOINT_BINS**2
        )
        for one, other in PAIRS
    ]
    return np.sqrt(np.concatenate(joint) / int(chosen.sum())).astype(np.float32)
