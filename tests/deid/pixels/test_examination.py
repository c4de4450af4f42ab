"""Pixels of a file are searched or cleared where the settings ask for it."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from tests.deid.pixels.conftest import write

from tumorscope.deid.elements import PIXEL_DATA, Element, Encapsulated, text_of
from tumorscope.deid.pixels.examination import examine_pixels
from tumorscope.deid.pixels.native_frames import read_frames, write_frames
from tumorscope.domain.deid_spec import DeidSpec

MR, BURNED_IN = b"1.2.840.10008.5.1.4.1.1.4", 0x00280301


def number(tag: int, value: int, order: str = "little") -> Element:
    """Return an element of 16 bits."""
    return Element(tag, "US", struct.pack("<H" if order == "little" else ">H", value))


def data_set(frames, *, order: str = "little", sop_class: bytes = MR, planar: int = 0):
    """Return the elements that describe some 16-bit frames."""
    samples = 3 if frames.ndim == 4 else 1
    photometric = b"RGB " if samples == 3 else b"MONOCHROME2 "
    kind = "<u2" if order == "little" else ">u2"
    stored = np.moveaxis(frames, 3, 1) if planar else frames
    return (
        Element(0x00080016, "UI", sop_class),
        number(0x00280002, samples, order),
        Element(0x00280004, "CS", photometric),
        number(0x00280006, planar, order),
        Element(0x00280008, "IS", str(len(frames)).encode()),
        number(0x00280010, frames.shape[1], order),
        number(0x00280011, frames.shape[2], order),
        number(0x00280100, 16, order),
        number(0x00280101, 12, order),
        number(0x00280102, 11, order),
        number(0x00280103, 0, order),
        Element(PIXEL_DATA, "OW", stored.astype(kind).tobytes()),
    )


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("planar", [0, 1])
def test_frames_are_read_as_they_were_written(order, planar):
    """Byte order, frames and planes of color survive the round trip."""
    frames = np.arange(2 * 3 * 4 * 3, dtype=np.uint16).reshape(2, 3, 4, 3)
    elements = data_set(frames, order=order, planar=planar)

    read = read_frames(elements, order)

    np.testing.assert_array_equal(read.frames, frames)
    assert read.bits_stored == 12
    assert write_frames(elements, read, order) == elements


def test_a_search_lets_a_clean_head_through_without_a_code(head):
    """Searching alone earns nothing."""
    found = examine_pixels(data_set(head[None]), DeidSpec(pixels="search"), "little")

    assert (found.reason, found.codes) == ("", ())


def test_a_search_holds_text_back_that_the_header_lets_through(head):
    """The same file passes by its header alone."""
    elements = data_set(write(head, "DOE^JANE", (4, 14), 900)[None])

    by_header = examine_pixels(elements, DeidSpec(), "little")
    searched = examine_pixels(elements, DeidSpec(pixels="search"), "little")

    assert by_header.reason == ""
    assert searched.reason == "text-found"


def test_clearing_removes_text_earns_the_code_and_says_so(head):
    """113101, and Burned In Annotation is NO."""
    text = write(head, "DOE^JANE", (4, 14), 900)

    found = examine_pixels(data_set(text[None]), DeidSpec(pixels="clear"), "little")

    assert (found.reason, found.codes) == ("", ("113101",))
    assert text_of(found.elements, BURNED_IN) == "NO"
    tags = [one.tag for one in found.elements]
    assert tags == sorted(set(tags))
    frames = read_frames(found.elements, "little").frames
    assert (frames[0][text != head] == 0).all()


def test_clearing_holds_text_on_the_head_back(head):
    """The data set is the input's own."""
    elements = data_set(write(head, "DOE^JANE", (50, 70), 900)[None])

    found = examine_pixels(elements, DeidSpec(pixels="clear"), "little")

    assert (found.reason, found.codes) == ("text-on-head", ())
    assert found.elements == elements


def test_compressed_pixels_cannot_be_searched(head):
    """They are held back instead of let through unseen."""
    compressed = (
        *data_set(head[None])[:-1],
        Element(PIXEL_DATA, "OB", Encapsulated((b"", b"\xff\xd8"))),
    )

    found = examine_pixels(compressed, DeidSpec(pixels="search"), "little")

    assert found.reason == "compressed-pixels"


def test_masks_that_a_program_drew_are_not_searched(head):
    """A segmentation goes by its header, and gets no code."""
    segmentation = b"1.2.840.10008.5.1.4.1.1.66.4\0"
    elements = data_set(head[None], sop_class=segmentation)

    found = examine_pixels(elements, DeidSpec(pixels="clear"), "little")

    assert (found.reason, found.codes, found.elements) == ("", (), elements)


def test_a_finished_file_carries_the_code_and_the_cleared_pixels(
    head, file_of, process
):
    """pydicom reads code, attribute and pixels from what is written."""
    content = file_of(
        Rows=head.shape[0],
        Columns=head.shape[1],
        PixelData=write(head, "DOE^JANE", (4, 14), 900).tobytes(),
    )

    done = process(content, pixels="clear")

    codes = [one.CodeValue for one in done.DeidentificationMethodCodeSequence]
    assert "113101" in codes
    assert "113102" not in codes
    assert done.BurnedInAnnotation == "NO"
    assert done.pixel_array[:15].max() == 0
