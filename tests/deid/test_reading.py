"""Tests of the reader: what pydicom writes comes back, what lies is refused."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from tumorscope.deid import reading
from tumorscope.deid.dicom_file import deidentify_dicom
from tumorscope.deid.elements import Encapsulated, MalformedFileError, text_of
from tumorscope.deid.reading import read_dicom
from tumorscope.deid.writing import write_elements

PATIENT_ID = 0x00100020


def code_of(content):
    with pytest.raises(MalformedFileError) as caught:
        read_dicom(content)
    return caught.value.code


def nested(depth):
    inner = Dataset()
    inner.PatientID = "deep"
    for _ in range(depth):
        outer = Dataset()
        outer.ReferencedSeriesSequence = Sequence([inner])
        inner = outer
    return inner


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian]
)
def test_every_native_transfer_syntax_is_read(image, syntax):
    """Implicit and deflated files hold the same as an explicit one."""
    data = image()
    data.file_meta.TransferSyntaxUID = syntax
    written = io.BytesIO()
    data.save_as(
        written,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=True,
        enforce_file_format=True,
    )

    elements = read_dicom(written.getvalue()).elements

    assert text_of(elements, PATIENT_ID) == "KX-4471-902"
    assert len(elements) == len(list(data))


def test_big_endian_files_are_read():
    """Old archives hold them; pydicom ships one file in both orders."""
    first, second = (
        read_dicom(Path(get_testdata_file(name, download=False)).read_bytes())
        for name in ("MR_small_bigendian.dcm", "MR_small_expb.dcm")
    )

    assert first.encoding.is_big_endian
    assert second.encoding.is_big_endian
    assert text_of(first.elements, PATIENT_ID) == "4MR1"


def test_elements_are_written_as_they_were_read(file_of, image):
    """Reading and writing without a change gives the same bytes."""
    data = image(ReferencedSeriesSequence=Sequence([nested(2)]))
    content = file_of(data)

    file = read_dicom(content)

    assert content.endswith(write_elements(file.elements, file.encoding))


def test_bytes_behind_the_end_are_not_elements(file_of):
    """They are counted, so that they can be dropped."""
    assert read_dicom(file_of() + b"Vandermolen").trailing_bytes == 11


def test_every_stump_is_refused(file_of, job_for):
    """A truncated file is never read as a shorter one; pydicom reads some in silence."""
    content = file_of()

    job = job_for(content)
    codes = set()
    for length in range(0, len(content) - 1, 3):
        with pytest.raises(MalformedFileError) as caught:
            deidentify_dicom(content[:length], job)
        codes.add(caught.value.code)

    assert codes == {
        *("truncated", "not-dicom", "no-transfer-syntax", "no-uid", "no-pixels"),
    }


def test_depth_is_limited(image, file_of):
    """A sequence bomb ends as a reason, before the stack does."""
    content = file_of(image(ReferencedSeriesSequence=Sequence([nested(30)])))
    assert read_dicom(content)

    deeper = file_of(image(ReferencedSeriesSequence=Sequence([nested(33)])))
    assert code_of(deeper) == "nested-too-deep"


def test_a_deflate_bomb_is_stopped(file_of, monkeypatch):
    """Inflating ends at the limit, not at the end of memory."""
    monkeypatch.setattr(reading, "MAX_INFLATED", 2**16)
    head = file_of()[: file_of().index(b"1.2.840.10008.1.2.1\0") + 20]
    meta = head.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
    meta = meta.replace(
        b"UI\x14\x001.2.840.10008.1.2.1.99", b"UI\x16\x001.2.840.10008.1.2.1.99"
    )
    pack = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = pack.compress(bytes(2**22)) + pack.flush()

    assert code_of(meta + bomb) == "inflates-too-far"


def test_an_element_that_stands_twice_is_refused(file_of):
    """The second one could say something else than the first."""
    content = file_of()
    at = content.index(struct.pack("<HH2sH", 0x0010, 0x0020, b"LO", 12))
    element = content[at : at + 20]

    assert code_of(content[:at] + element + content[at:]) == "element-twice"


def test_compressed_pixels_keep_their_fragments(image, file_of):
    """They are carried over as they are."""
    data = image()
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    data.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\x04\0\0\0abcd"
    data["PixelData"].is_undefined_length = True

    elements = read_dicom(file_of(data)).elements

    assert elements[-1].value == Encapsulated((b"", b"abcd"))


def test_a_sequence_written_as_unknown_is_read(file_of, image):
    """PS3.5: a sequence of unknown representation is implicit inside."""
    item = struct.pack("<HHL", 0x0010, 0x0020, 4) + b"deep"
    items = struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item
    unknown = struct.pack("<HH2sHL", 0x0008, 0x1115, b"UN", 0, 0xFFFFFFFF) + items
    unknown += struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    content = file_of(image())
    at = content.index(struct.pack("<HH", 0x0010, 0x0010) + b"PN")

    elements = read_dicom(content[:at] + unknown + content[at:]).elements

    sequence = next(one for one in elements if one.tag == 0x00081115)
    assert sequence.vr == "SQ"
    assert text_of(sequence.value[0], PATIENT_ID) == "deep"


def test_pydicom_reads_what_is_written(process, file_of):
    """The writer is judged by a reader of others."""
    assert dcmread(io.BytesIO(file_of())).pixel_array.tolist() == (
        process(file_of()).pixel_array.tolist()
    )
