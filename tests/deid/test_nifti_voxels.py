"""NIfTI voxels are read where the header says they are, and cleared in place."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
from tests.deid.pixels.conftest import draw_head, write

from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.nifti_header import read_nifti_header
from tumorscope.deid.nifti_pixels import clean_nifti_pixels
from tumorscope.deid.nifti_voxels import read_voxels
from tumorscope.deid.pixels.kept_voxels import KeptVoxels

TURN = np.array([[0, -2.0, 0, 5], [1.5, 0, 0, -6], [0, 0, 3, 7], [0, 0, 0, 1]])


def file_of(voxels, affine=TURN, kind=nibabel.Nifti1Image, codes=(1, 1)):
    """Return a file; its sform and qform are stated by codes."""
    image = kind(voxels, affine)
    image.set_sform(affine, codes[0])
    image.set_qform(affine, codes[1])
    return image.to_bytes()


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("codes", [(1, 0), (0, 1)])
def test_header_and_orientation_are_those_that_nibabel_reads(kind, codes):
    """Both versions, sform and qform."""
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    content = file_of(voxels, kind=kind, codes=codes)

    header = read_nifti_header(content)

    np.testing.assert_allclose(header.affine, TURN, atol=1e-5)
    assert (header.sides, header.dtype) == ((2, 3, 4), np.dtype("<i2"))
    assert read_voxels(content).stored[0, 3, 2, 1] == voxels[1, 2, 3]


def test_without_orientation_the_sizes_remain():
    """Sides are unknown, distances are not."""
    content = file_of(np.zeros((3, 3, 3), np.uint8), codes=(0, 0))

    sizes = np.abs(np.diag(read_nifti_header(content).affine)[:3])

    np.testing.assert_allclose(sizes, [1.5, 2, 3])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda plain: plain[:-1], "truncated"),
        (lambda plain: b"\0" * 4 + plain[4:], "bad-nifti"),
        (lambda plain: plain[:40] + b"\xff\xff" + plain[42:], "bad-nifti"),
        (lambda plain: plain[:70] + b"\x80\0" + plain[72:], "unsupported-pixels"),
    ],
    ids=["cut", "no-nifti", "no-axes", "color"],
)
def test_a_header_that_lies_is_refused(change, code):
    """Cut off, no NIfTI, no axes, color."""
    content = file_of(np.zeros((3, 3, 3), np.int16))

    with pytest.raises(MalformedFileError, match=code):
        read_voxels(change(content))


def test_clearing_touches_nothing_but_its_voxels():
    """Each volume of a 4-D file is cleared; header and other voxels keep their bytes."""
    voxels = np.arange(2 * 3 * 4 * 2, dtype=np.float32).reshape(2, 3, 4, 2) + 1
    content = gzip.compress(file_of(voxels))
    blocks = np.zeros((4, 3, 2), bool)
    blocks[1, 2, 0] = True
    kept = KeptVoxels.from_blocks(blocks, (1, 1), proves=True)

    cleaned = gzip.decompress(clean_nifti_pixels(content, "header", kept))

    found = read_voxels(cleaned).stored
    assert found[:, 1, 2, 0].tolist() == voxels[0, 2, 1].tolist()
    assert (found == 1).sum() == found.size - 2
    assert cleaned[:352] == gzip.decompress(content)[:352]


def test_text_is_searched_slice_by_slice():
    """Found text holds a volume back; clearing removes it beside the head."""
    clean = np.stack([draw_head().T] * 3, axis=2)
    text = clean.copy()
    text[:, :, 1] = write(draw_head(), "DOE^JANE", (4, 14), 900).T

    assert clean_nifti_pixels(file_of(clean), "search", None) == file_of(clean)
    with pytest.raises(MalformedFileError, match="text-found"):
        clean_nifti_pixels(file_of(text), "search", None)
    cleared = read_voxels(clean_nifti_pixels(file_of(text), "clear", None)).stored
    assert (cleared[0, 1][(text != clean)[:, :, 1].T] == 0).all()
    assert (cleared[0, 0][60:100, 60:100] == clean[60:100, 60:100, 0].T).all()


def test_labels_hold_no_text():
    """The rim of a lesion is not taken for type."""
    labels = np.zeros((64, 64, 4), np.uint8)
    labels[10:14, 10:40] = 1
    content = file_of(labels, np.diag([1.0, 1, 1, 1]))

    assert clean_nifti_pixels(content, "search", None) == content
    assert clean_nifti_pixels(content, "clear", None) == content
