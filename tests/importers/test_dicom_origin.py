"""Tests of the files behind a series, and of where its slices lie in the patient."""

from __future__ import annotations

import json
from itertools import permutations, product

import numpy as np
import pytest

from tumorscope.domain.volume import volume_from_affine
from tumorscope.importers.channels import stack_study
from tumorscope.importers.dicom import find_dicom

CANONICAL = np.array([[0, 0, 2.0, -28], [0, 2.0, 0, -24], [3.0, 0, 0, 5], [0, 0, 0, 1]])
SPOT = (3, 5, 20)


@pytest.fixture
def head(scan_makers):
    """Return a head with a bright spot of 2 x 2 x 2 voxels, in the radiological order."""
    voxels = np.minimum(scan_makers.make_head((5, 24, 28)), 500)
    voxels[tuple(slice(start, start + 2) for start in SPOT)] = 4000
    return voxels


@pytest.fixture
def find(scan_makers, sandbox, tmp_path):
    """Return a function: files to the one study that they make."""

    def run(files):
        for number, file in enumerate(files):
            (tmp_path / f"{number}.dcm").write_bytes(scan_makers.to_bytes(file))
        (study,) = find_dicom(tmp_path, sandbox).studies
        return study

    return run


def test_every_frame_names_its_file_and_place(scan_makers, head, find):
    """Heads and frames are those of the files, in the order along the head."""
    files = scan_makers.make_series(volume_from_affine(head, CANONICAL))

    origin = find(files).series[0].load_origin()

    uids = [json.loads(text)["00080018"]["Value"][0] for text in origin.heads]
    assert [uids[one.instance] for one in origin.frames] == [
        file.SOPInstanceUID for file in files
    ]
    assert [one.position_mm[2] for one in origin.frames] == [5, 8, 11, 14, 17]
    assert {one.number for one in origin.frames} == {1}


def test_frames_of_one_file_are_told_apart_by_number(scan_makers, head, find):
    """A multi-frame file is one head; its frames stand in reverse order."""
    enhanced = scan_makers.make_enhanced(volume_from_affine(head, CANONICAL))

    origin = find([enhanced]).series[0].load_origin()

    assert len(origin.heads) == 1
    assert [one.number for one in origin.frames] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("axes", list(permutations(range(3))))
@pytest.mark.parametrize("flips", list(product((False, True), repeat=3)))
def test_a_spot_has_its_own_coordinates_for_each_of_48_orders(
    scan_makers, head, find, *, axes, flips
):
    """What a map marks in a slice lies, in mm, where it lies in the patient."""
    voxels, affine = head.transpose(axes), CANONICAL[:, [*axes, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            affine[:, 3] += (voxels.shape[axis] - 1) * affine[:, axis]
            affine[:, axis] *= -1
            voxels = np.flip(voxels, axis)

    stack = stack_study(
        find(scan_makers.make_series(volume_from_affine(voxels, affine)))
    )

    index, row, column = np.argwhere(stack.pixels > 40_000).mean(axis=0)
    origin = stack.origins_mm[0] + index * (stack.origins_mm[1] - stack.origins_mm[0])
    place = origin + row * stack.row_step_mm + column * stack.column_step_mm
    expected = (CANONICAL @ [*np.add(SPOT, 0.5), 1])[:3]
    np.testing.assert_allclose(place, expected, atol=0.3)
