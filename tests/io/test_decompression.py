"""Compressed pixels become plain ones, and nothing else changes."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless, RLELossless

from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.reading import read_dicom
from tumorscope.io.decompression import decompress, is_compressed, read_plain
from tumorscope.io.scan_files import ScanFile

PIXELS = np.random.default_rng(0).integers(0, 4096, (48, 64)).astype(np.uint16)


def written(folder, content):
    (folder / "file").write_bytes(content)
    return ScanFile(path=folder / "file", name="file")


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_pixels_are_the_same_and_so_is_the_rest(syntax, scan_makers, tmp_path):
    """Every other element is carried over as it stood."""
    packed = scan_makers.compress(scan_makers.make_file(PIXELS), syntax)
    content = scan_makers.to_bytes(packed)

    plain = decompress(content, written(tmp_path, content))

    found = pydicom.dcmread(io.BytesIO(plain))
    assert found.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    np.testing.assert_array_equal(found.pixel_array, PIXELS)
    del found.PixelData, packed.PixelData
    assert found == packed
    assert (is_compressed(content), is_compressed(plain)) == (True, False)
    assert read_plain(content, written(tmp_path, content)) == read_dicom(plain)
    assert read_plain(plain, written(tmp_path, plain)) == read_dicom(plain)


def test_pixels_that_cannot_be_decoded_are_held_back(scan_makers, tmp_path):
    """A damaged fragment ends as a reason, not as an empty picture."""
    packed = scan_makers.compress(scan_makers.make_file(PIXELS), RLELossless)
    content = scan_makers.to_bytes(packed)
    at = content.index(packed.PixelData[24:48])
    damaged = content[:at] + b"\xff" * 64 + content[at + 64 :]

    with pytest.raises(MalformedFileError, match="compressed-pixels"):
        decompress(damaged, written(tmp_path, damaged))
