"""Tests of NIfTI volumes: sides as the header says, and no lie accepted."""

from __future__ import annotations

import gzip
import subprocess
import sys
from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np
import pytest

from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.orientation import side_of, to_radiological
from tumorscope.domain.volume import volume_from_affine
from tumorscope.io.file_kinds import is_nifti_name
from tumorscope.io.nifti_files import read_nifti, stem_of

CANONICAL = np.array([[0, 0, 1.0, -10], [0, 1.5, 0, -20], [3.0, 0, 0, 5], [0, 0, 0, 1]])


@pytest.fixture
def head(scan_makers):
    """Return a head in the radiological order, lesion on the left."""
    return volume_from_affine(scan_makers.make_head(), CANONICAL)


@pytest.fixture
def read(tmp_path, sandbox):
    """Return a function that writes a file and reads it."""

    def run(content, name="case_flair.nii"):
        path = tmp_path / name
        path.write_bytes(content)
        return read_nifti(path, sandbox)

    return run


@pytest.mark.parametrize("packed", [False, True])
def test_voxels_and_places_survive(packed, head, scan_makers, read):
    """The same head comes back, with its positions in LPS."""
    found = read(scan_makers.make_nifti(head, packed=packed)).volume

    np.testing.assert_array_equal(found.voxels, head.voxels)
    np.testing.assert_allclose(found.origins_mm, head.origins_mm, atol=1e-4)
    np.testing.assert_allclose(found.row_step_mm, head.row_step_mm, atol=1e-6)


@pytest.mark.parametrize("axes", list(permutations(range(3))))
@pytest.mark.parametrize("flips", list(product((False, True), repeat=3)))
def test_left_is_left_for_each_of_48_affines(head, scan_makers, read, *, axes, flips):
    """However a file stores the axes, the lesion is on the labelled left."""
    voxels, affine = head.voxels.transpose(axes), CANONICAL[:, [*axes, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            affine[:, 3] += (voxels.shape[axis] - 1) * affine[:, axis]
            affine[:, axis] *= -1
            voxels = np.flip(voxels, axis)

    found = to_radiological(
        read(
            scan_makers.make_nifti(volume_from_affine(voxels, affine), packed=False)
        ).volume
    )

    np.testing.assert_array_equal(found.voxels, head.voxels)
    brightest = np.unravel_index(found.voxels.argmax(), found.voxels.shape)[0]
    assert side_of(found.voxels[brightest] > 900) == "left"


def test_values_that_are_no_numbers_become_background(head, scan_makers, read):
    """They are counted and told; a volume of nothing else is refused."""
    voxels = head.voxels.astype(np.float32)
    voxels[0, 0, :3] = np.nan, np.inf, -np.inf
    holes = volume_from_affine(voxels, CANONICAL)

    found = read(scan_makers.make_nifti(holes))

    assert found.notes == ("3 voxels are no numbers and count as 0",)
    assert found.volume.voxels[0, 0, :3].tolist() == [0, 0, 0]
    empty = volume_from_affine(np.full((2, 3, 4), np.nan, np.float32), CANONICAL)
    with pytest.raises(UnreadableScanError, match="not a single voxel"):
        read(scan_makers.make_nifti(empty))


def test_the_scale_of_the_header_is_applied(head, scan_makers, read):
    """Stored 100 with slope 2 and intercept 1 is 201."""
    found = read(scan_makers.make_nifti(head, scl_slope=2.0, scl_inter=1.0))

    np.testing.assert_allclose(found.volume.voxels, head.voxels * 2.0 + 1)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"dim": [3, 9999, 999, 999, 1, 1, 1, 1]}, "more than 134217728 voxels"),
        ({"dim": [3, 28, 24, 7, 1, 1, 1, 1]}, "truncated: .* bytes where"),
        ({"dim": [3, 28, 24, 5, 1, 1, 1, 1]}, "more than the .* bytes that are"),
        ({"dim": [3, -28, 24, 6, 1, 1, 1, 1]}, "not a volume"),
        ({"dim": [4, 28, 24, 2, 3, 1, 1, 1]}, "3 volumes in one file"),
        ({"dim": [9, 28, 24, 6, 1, 1, 1, 1]}, "not a volume"),
        ({"sform_code": 0, "qform_code": 0}, "no sform and no qform"),
        ({"srow_x": [1.0, 0, 0, 0]}, "sform and qform contradict"),
        ({"srow_x": [np.nan] * 4}, "no numbers"),
        ({"datatype": 128}, "no plain numbers"),
        ({"datatype": 4096}, "cannot be parsed|no plain numbers"),
        ({"vox_offset": 1e9}, "begin at an impossible place"),
        ({"vox_offset": -4.0}, "begin at an impossible place"),
        ({"magic": b"ni1\0"}, "header apart from its voxels"),
        ({"sizeof_hdr": 347}, "not a NIfTI file"),
    ],
    ids=str,
)
def test_a_header_that_lies_is_refused(head, scan_makers, read, *, header, reason):
    """Declared and actual sizes must agree, and the sides must be known."""
    with pytest.raises(UnreadableScanError, match=reason):
        read(scan_makers.make_nifti(head, **header))


def test_a_gzip_bomb_ends_at_the_declared_size(head, scan_makers, read):
    """A gigabyte of zeros behind a small header is not inflated."""
    plain = scan_makers.make_nifti(head, packed=False)
    bomb = gzip.compress(plain + bytes(50_000_000))

    with pytest.raises(UnreadableScanError, match="more than the"):
        read(bomb)


@pytest.mark.parametrize("cut", [3, 100, 400, 2000, -1, -9])
def test_a_cut_file_is_refused(cut, head, scan_makers, read):
    """Neither a plain nor a packed stump passes."""
    for packed in (False, True):
        with pytest.raises(UnreadableScanError):
            read(scan_makers.make_nifti(head, packed=packed)[:cut])


def test_gzip_members_behind_each_other_are_one_file(head, scan_makers, read):
    """Parallel packers write several members; foreign bytes are refused."""
    plain = scan_makers.make_nifti(head, packed=False)
    pieces = gzip.compress(plain[:1000]) + gzip.compress(plain[1000:])

    np.testing.assert_array_equal(read(pieces).volume.voxels, head.voxels)
    with pytest.raises(UnreadableScanError, match="foreign bytes"):
        read(pieces + b"more")


def test_a_changed_byte_of_a_packed_file_is_noticed(head, scan_makers, read):
    """gzip has a checksum."""
    content = bytearray(scan_makers.make_nifti(head))
    content[-6] ^= 1

    with pytest.raises(UnreadableScanError, match="damaged gzip"):
        read(bytes(content))


def test_a_sheared_affine_is_no_scan(head, scan_makers, read):
    """An orientation no scanner has is refused by name."""
    sheared = scan_makers.make_nifti(head, qform_code=0, srow_x=[-1.0, -1.5, 0, 0])

    with pytest.raises(DataError, match="right angles"):
        read(sheared)


def test_names_are_told_by_their_ending(tmp_path):
    """Case makes no difference, and both endings are one."""
    assert is_nifti_name(tmp_path / "A.NII.GZ")
    assert not is_nifti_name(tmp_path / "a.gz")
    assert stem_of(tmp_path / "a.b.nii.gz") == "a.b"
    assert stem_of(tmp_path / "a.nii") == "a"


@pytest.mark.slow
def test_the_way_to_choose_a_volume_works(tmp_path, sandbox):
    """What the refusal of several volumes names is installed, and its output is read."""
    voxels = np.arange(4 * 5 * 6 * 3, dtype=np.int16).reshape(4, 5, 6, 3)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), tmp_path / "all.nii.gz")
    program = Path(sys.executable).with_name("nib-roi")
    command = [str(program), "-t", "1:2", "all.nii.gz", "t1.nii.gz"]

    with pytest.raises(UnreadableScanError, match="nib-roi -t 0:1 IN OUT"):
        read_nifti(tmp_path / "all.nii.gz", sandbox)
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)  # noqa: S603

    found = read_nifti(tmp_path / "t1.nii.gz", sandbox).volume.voxels
    np.testing.assert_array_equal(found.transpose(2, 1, 0), voxels[..., 1])
