"""Tests of the walk over a file: whole files pass, stumps and bombs do not."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.dicom import structure
from tumorscope.io.dicom.structure import MAX_DEPTH, check_structure

PIXELS = np.arange(64, dtype=np.uint16).reshape(8, 8)


@pytest.fixture
def whole(scan_makers):
    """Return the bytes of a whole file."""
    return scan_makers.to_bytes(scan_makers.make_file(PIXELS))


def test_a_whole_file_passes_unchanged(whole):
    """Nothing is changed in a plain file."""
    assert check_structure(whole).content == whole


def test_every_stump_is_refused_or_has_no_pixels(whole):
    """A file may be cut anywhere: no cut leaves pixels that seem whole."""
    pixels_begin = whole.index(b"\xe0\x7f\x10\x00OW")
    passed = []
    for length in range(len(whole)):
        try:
            check_structure(whole[:length])
        except UnreadableScanError:
            continue
        passed.append(length)

    assert passed
    assert max(passed) <= pixels_begin


def test_every_stump_of_a_compressed_file_is_refused(scan_makers):
    """Fragments need their end."""
    packed = scan_makers.to_bytes(
        scan_makers.compress(scan_makers.make_file(PIXELS), RLELossless)
    )
    pixels_begin = packed.index(b"\xe0\x7f\x10\x00OB")

    for length in range(pixels_begin + 1, len(packed)):
        with pytest.raises(UnreadableScanError):
            check_structure(packed[:length])


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1, 250])
def test_nesting_ends_at_a_depth(depth, scan_makers):
    """Deep nesting is a clear error and no recursion without end."""
    content = scan_makers.nest(
        scan_makers.to_bytes(scan_makers.make_file(PIXELS)), depth
    )

    if depth <= MAX_DEPTH:
        assert check_structure(content).content == content
        return
    with pytest.raises(UnreadableScanError, match=f"deeper than {MAX_DEPTH}"):
        check_structure(content)


def test_a_deflated_file_is_inflated_under_a_cap(scan_makers, monkeypatch):
    """A bomb ends at the cap; a whole file is handed on as a plain one."""
    file = scan_makers.make_file(PIXELS)
    file.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    content = scan_makers.to_bytes(file)

    checked = check_structure(content)
    monkeypatch.setattr(structure, "MAX_FILE_BYTES", 200)

    assert checked.transfer_syntax == "1.2.840.10008.1.2.1"
    assert PIXELS.tobytes() in checked.content
    with pytest.raises(UnreadableScanError, match="inflates to more than 200 bytes"):
        check_structure(content)


def test_a_deflate_stream_without_end_is_refused(scan_makers):
    """The end of the stream is part of the file."""
    file = scan_makers.make_file(PIXELS)
    file.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    content = scan_makers.to_bytes(file)

    with pytest.raises(UnreadableScanError, match="deflate"):
        check_structure(content[:-20])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a DICOM file"),
        (b"\0" * 200, "not a DICOM file"),
        (b"\0" * 128 + b"DICM", "no transfer syntax"),
        (b"\0" * 128 + b"DICM" + b"\2\0\x10\0UI\xff\xff", "reaches beyond its place"),
        (b"\0" * 128 + b"DICM" + b"\2\0\x10\0??\4\0", "unknown type"),
        (b"\0" * 128 + b"DICM" + b"\2\0\x10\0UI\4\x001.2\0", "not read"),
    ],
)
def test_what_is_no_dicom_file_is_refused(content, reason):
    """The reason is told in words."""
    with pytest.raises(UnreadableScanError, match=reason):
        check_structure(content)


def test_zeros_behind_the_last_element_are_passed_over_and_else_refused(whole):
    """Padding is harmless; anything else was never read by anyone."""
    assert check_structure(whole + b"\0" * 100).content
    with pytest.raises(UnreadableScanError):
        check_structure(whole + zlib.compress(b"foreign") + b"\1" * 100)


def test_a_number_of_elements_is_the_limit(whole, monkeypatch):
    """A file of nothing but empty elements ends."""
    monkeypatch.setattr(structure, "MAX_ELEMENTS", 10)

    with pytest.raises(UnreadableScanError, match="more than 10 elements"):
        check_structure(whole)
