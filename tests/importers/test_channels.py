"""Tests of the channels: which series, on which grid, and what stands for a missing one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.study import (
    LoadedVolume,
    SequenceGuess,
    SeriesFacts,
    SeriesSource,
    StudySource,
)
from tumorscope.domain.volume import volume_from_affine
from tumorscope.importers.channels import (
    choose_channels,
    stack_each_series,
    stack_study,
)

AFFINE = np.array([[0, 0, 1.0, -10], [0, 1.0, 0, -20], [3.0, 0, 0, 5], [0, 0, 0, 1]])


def volume(value=100, shape=(4, 12, 12), affine=AFFINE):
    """Return a bright square on air; its brightness grows over the slices."""
    voxels = np.zeros(shape)
    voxels[:, 3:9, 3:9] = value * np.arange(1, shape[0] + 1)[:, None, None]
    voxels[-1, 4, 8] = value * 9
    return volume_from_affine(voxels, affine)


def series(name, made=None, *, label=None, frame="room"):
    """Return a series of a sequence; `made` is a volume or an error."""
    facts = SeriesFacts(
        label=label or name,
        patient_id="P",
        study_id="S",
        series_id=name,
        sequence=SequenceGuess(name=name, certainty="certain"),
        frame_of_reference=frame,
    )

    def load():
        if isinstance(made, Exception):
            raise made
        return LoadedVolume(volume=made or volume())

    return SeriesSource(facts=facts, load=load)


def study(*members, segmentation=None):
    """Return a study of some series."""
    return StudySource(
        patient_id="P",
        study_id="S",
        series=members,
        segmentation=segmentation,
        source="test",
    )


def test_three_sequences_become_three_channels():
    """The order of the names is the order of the channels."""
    whole = study(series("t1c"), series("flair"), series("t1"), series("t2"))

    stack = stack_study(whole)

    assert stack.sequences == ("t1", "flair", "t1c")
    assert stack.pixels.shape == (4, 12, 12, 3)
    assert stack.facts.label == "flair"
    assert [one.label for one in stack.left_out] == ["t2"]
    assert "not among the channels" in stack.left_out[0].reason


def test_one_sequence_stays_gray():
    """FLAIR comes first; others are told."""
    stack = stack_study(study(series("t1"), series("flair")))

    assert stack.sequences == ("flair",)
    assert stack.pixels.shape == (4, 12, 12)
    assert stack.positions_mm.tolist() == [5, 8, 11, 14]
    assert stack.spacing_mm == (1.0, 1.0)


def test_a_missing_sequence_is_replaced_and_told():
    """A copy of FLAIR, or an empty channel where there is none."""
    names = ("t1", "flair", "t1c")

    with_flair = stack_study(study(series("flair"), series("t1")), names)
    without = stack_study(study(series("t1")), names)

    np.testing.assert_array_equal(with_flair.pixels[..., 2], with_flair.pixels[..., 1])
    assert "t1c is missing: its channel holds a copy of flair" in with_flair.notes
    assert not without.pixels[..., 1:].any()
    assert "flair is missing: its channel is empty" in without.notes


def test_another_grid_is_brought_onto_the_first():
    """Sizes may differ within one coordinate system."""
    fine = AFFINE @ np.diag([1, 0.5, 0.5, 1])
    fine[:3, 3] = AFFINE[:3, 3] - 0.25 * np.array([1, 1, 0])
    small = volume(shape=(4, 24, 24), affine=fine)

    stack = stack_study(
        study(series("flair"), series("t1", small)), ("t1", "flair", "t2")
    )

    assert stack.pixels.shape == (4, 12, 12, 3)


def test_another_coordinate_system_is_no_channel():
    """Voxels of another session lie nobody knows where."""
    moved = AFFINE.copy()
    moved[0, 3] += 3
    other = series("t1", volume(affine=moved), frame="elsewhere")

    stack = stack_study(study(series("flair"), other), ("t1", "flair", "t1c"))

    assert "another coordinate system" in stack.left_out[0].reason
    assert "t1 is missing: its channel holds a copy of flair" in stack.notes


def test_the_finer_of_two_series_is_used():
    """Both are listed, one with its reason."""
    coarse = AFFINE @ np.diag([2, 1, 1, 1])
    two = study(
        series("flair", volume(affine=coarse), label="coarse"),
        series("flair", label="fine"),
    )

    stack = stack_study(two)

    assert stack.facts.label == "fine"
    assert stack.left_out[0].label == "coarse"
    assert "another flair of this study is used: fine" in stack.left_out[0].reason


def test_an_unreadable_series_is_damage_and_others_go_on():
    """Damage is told apart from what is merely of no use."""
    torn = series("t1", UnreadableScanError("truncated"))

    stack = stack_study(study(series("flair"), torn))

    assert (stack.left_out[0].reason, stack.left_out[0].damaged) == ("truncated", True)
    with pytest.raises(DataError, match=r"wanted t1, offered none. t1: truncated"):
        stack_study(study(torn), ("t1",))


def test_masks_follow_the_grid_of_the_scan():
    """Labels above zero are the lesion; another grid is an error."""
    labels = volume()
    labels = replace(labels, voxels=np.where(labels.voxels > 300, 4, 0))

    stack = stack_study(study(series("flair"), segmentation=series("seg", labels)))

    assert stack.masks.dtype == bool
    assert stack.masks.any(axis=(1, 2)).tolist() == [False, False, False, True]
    off = series("seg", volume(affine=AFFINE + np.eye(4) * 0.2))
    with pytest.raises(DataError, match="lesion mask lies on another grid"):
        stack_study(study(series("flair"), segmentation=off))


def test_oblique_and_sagittal_series_are_told():
    """What is shown is not what was acquired: a note says so."""
    turned = volume(shape=(12, 12, 12), affine=np.eye(4))  # slices run along x

    stack = stack_study(study(series("t1", turned)))

    assert any("acquired as sagittal slices and cut across" in n for n in stack.notes)


def test_each_series_can_stand_for_itself():
    """A model of single gray pictures scores every series."""
    stacks, left_out = stack_each_series(
        study(series("t1"), series("t2"), series("flair", DataError("flat")))
    )

    assert [one.sequences for one in stacks] == [("t1",), ("t2",)]
    assert "flat" in left_out[0].reason


@pytest.mark.parametrize(
    ("offered", "channels"),
    [
        (
            [{"t1", "flair", "t1c", "t2"}, {"t1", "flair", "t1c"}],
            ("t1", "flair", "t1c"),
        ),
        ([{"t1", "flair", "t1c"}, {"t1"}], ("t1",)),
        ([{"t1"}, {"flair"}], ("flair",)),
        ([{"t2"}], ("t2",)),
        ([set()], ()),
        ([], ()),
    ],
)
def test_channels_serve_most_studies(offered, channels):
    """All slices of a cohort have the same channels."""
    assert choose_channels([frozenset(one) for one in offered]) == channels
