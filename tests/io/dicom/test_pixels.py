"""Tests of decoding: the same numbers from every encoding, and no stump accepted."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.domain.volume import volume_from_affine
from tumorscope.io.dicom_files import read_frames, read_headers
from tumorscope.io.scan_files import ScanFile

PIXELS = np.random.default_rng(0).integers(0, 4096, (48, 64)).astype(np.uint16)


@pytest.fixture
def decode(tmp_path, sandbox):
    """Return a function that writes a file and decodes one frame of it."""

    def run(content, frame=0):
        path = tmp_path / "file"
        path.write_bytes(content)
        file = ScanFile(path=path, name="file")
        (header,) = read_headers([file], sandbox, workers=1)
        if isinstance(header, UnreadableScanError):
            raise header
        return read_frames(file, [frame], header, sandbox)[0]

    return run


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_every_lossless_encoding_gives_the_same_pixels(syntax, scan_makers, decode):
    """Nothing changes between a plain and a compressed file."""
    packed = scan_makers.to_bytes(
        scan_makers.compress(scan_makers.make_file(PIXELS), syntax)
    )

    np.testing.assert_array_equal(decode(packed), PIXELS)


def test_jpeg_lossless_gives_the_same_pixels(scan_makers, decode, tmp_path):
    """The encoding of many older archives is decoded by gdcm, inside the sandbox."""
    plain = scan_makers.to_bytes(scan_makers.make_file(PIXELS))

    packed = scan_makers.compress_jpeg_lossless(plain, tmp_path)

    assert b"1.2.840.10008.1.2.4.70" in packed
    np.testing.assert_array_equal(decode(packed), PIXELS)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian]
)
def test_every_plain_encoding_gives_the_same_pixels(syntax, scan_makers, decode):
    """Implicit types and a deflated data set are read alike."""
    file = scan_makers.make_file(PIXELS)
    file.file_meta.TransferSyntaxUID = syntax

    np.testing.assert_array_equal(decode(scan_makers.to_bytes(file)), PIXELS)


def test_the_rescale_is_applied(scan_makers, decode):
    """Slope and intercept turn stored values into the scanner's."""
    file = scan_makers.make_file(PIXELS, RescaleSlope=0.5, RescaleIntercept=-10)

    np.testing.assert_allclose(decode(scan_makers.to_bytes(file)), PIXELS * 0.5 - 10)


def test_white_as_lowest_value_is_turned_over(scan_makers, decode):
    """MONOCHROME1: larger is brighter in every output."""
    file = scan_makers.make_file(
        PIXELS, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11
    )

    np.testing.assert_array_equal(decode(scan_makers.to_bytes(file)), 4095 - PIXELS)


def test_bits_above_the_stored_ones_are_masked(scan_makers, decode):
    """Old systems kept an overlay in the upper bits; it is no intensity."""
    file = scan_makers.make_file(PIXELS | 0xF000, BitsStored=12, HighBit=11)

    np.testing.assert_array_equal(decode(scan_makers.to_bytes(file)), PIXELS)


def test_the_sign_is_extended_from_the_stored_bits(scan_makers, decode):
    """A signed pixel of 12 bits is negative by its twelfth bit."""
    signed = PIXELS.astype(np.int16) - 2048
    file = scan_makers.make_file(
        (signed & 0x0FFF).astype(np.int16), BitsStored=12, HighBit=11
    )

    np.testing.assert_array_equal(decode(scan_makers.to_bytes(file)), signed)


def test_eight_bits_are_read(scan_makers, decode):
    """A pixel of one byte, and an odd number of them."""
    pixels = (PIXELS[:5, :5] % 256).astype(np.uint8)

    np.testing.assert_array_equal(
        decode(scan_makers.to_bytes(scan_makers.make_file(pixels))), pixels
    )


def test_a_frame_of_an_enhanced_file_has_its_own_facts(scan_makers, decode):
    """Pixels and rescale come from the functional groups."""
    head = scan_makers.make_head()
    volume = volume_from_affine(head, np.eye(4)[:, [2, 1, 0, 3]])

    content = scan_makers.to_bytes(scan_makers.make_enhanced(volume))

    np.testing.assert_array_equal(decode(content, 5), head[0] * 2.0 + 1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Rows": 96}, "truncated: 6144 bytes of pixels where 12288 are declared"),
        ({"NumberOfFrames": 3}, "6144 bytes of pixels where 18432"),
        ({"Rows": 24}, "6144 bytes of pixels where 3072 are declared"),
        ({"Rows": 65_535, "Columns": 65_535}, "impossible number of rows"),
        ({"NumberOfFrames": 10**6}, "more than 134217728 pixels"),
        ({"BitsAllocated": 32, "BitsStored": 32}, "32 bits for each pixel"),
        ({"BitsStored": 17}, "bits stored where"),
        ({"HighBit": 14}, "bits stored where"),
        ({"SamplesPerPixel": 3}, "color pixels"),
        ({"BitsStored": None}, "does not say the size"),
        ({"RescaleSlope": 0}, "rescale slope of zero"),
    ],
    ids=str,
)
def test_a_header_that_lies_about_its_pixels_is_refused(
    change, reason, scan_makers, decode
):
    """Declared and actual sizes are compared before anything is decoded."""
    content = scan_makers.to_bytes(scan_makers.make_file(PIXELS, **change))

    with pytest.raises(UnreadableScanError, match=reason):
        decode(content)


def test_a_compressed_stream_without_end_is_refused(scan_makers, decode):
    """A stream that was cut inside a whole file is no picture."""
    packed = scan_makers.to_bytes(
        scan_makers.compress(scan_makers.make_file(PIXELS), JPEG2000Lossless)
    )
    place = packed.rindex(b"\xff\xd9")

    with pytest.raises(UnreadableScanError, match="has no end"):
        decode(packed[:place] + b"\1\1" + packed[place + 2 :])


def test_appended_zeros_are_no_pixels(scan_makers, decode):
    """Some systems fill up the pixel data; only zeros may be passed over."""
    file = scan_makers.make_file(PIXELS)
    file.PixelData += b"\0" * 128

    np.testing.assert_array_equal(decode(scan_makers.to_bytes(file)), PIXELS)
