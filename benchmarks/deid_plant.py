"""Files with identifiers planted in known places, and where each of them stands.

Everything is made up: the person, the hospital and the images. `plant_table` fills every
attribute of the Basic Profile; `plant_places` makes one file for each place in which
identifiers are met in practice, beside a control file without that place.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, PngImagePlugin
from pydicom import Dataset, FileDataset
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from tumorscope.deid.table import BASIC_PROFILE

MR_CLASS = "1.2.840.10008.5.1.4.1.1.4"
NAME, PATIENT_ID = "Vandermolen^Wilhelmina", "KX-4471-902"
TOKENS = ("vandermolen", "wilhelmina", "kx-4471-902", "kx4471902", "19570312")
TOKENS += ("12 mar 1957", "acc7781220", "rozengracht", "oosterbroek", "zonnestraal")
TOKENS += ("mueller-luedenscheidt", "5551234")
FOREIGN_BYTES = (
    "山田".encode("iso2022_jp"),
    "김희중".encode(),
    "Müller".encode("latin-1"),
)
NESTING = ("ReferencedSeriesSequence", "ReferencedInstanceSequence")
"""Public sequences that are not in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place and the file that has an identifier in it.

    Attributes:
        name: Where it is.
        file_name: Name of the file.
        content: The file.
        kind: "dicom" or "other".
    """

    name: str
    file_name: str
    content: bytes
    kind: str = "dicom"


def make_image(size: int = 64, *, number: int = 1) -> FileDataset:
    """Return a head MR slice of nobody, with an ordinary header.

    Args:
        size: Rows and columns.
        number: Instance number; makes the instance UID.
    """
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = MR_CLASS
    meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.9.3.{number}"
    data = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    for keyword, value in _header(number).items():
        setattr(data, keyword, value)
    generator = np.random.default_rng(number)
    pixels = generator.integers(0, 4096, (size, size)).astype("<u2")
    data.Rows = data.Columns = size
    data.PixelData = pixels.tobytes()
    return data


def to_bytes(data: FileDataset) -> bytes:
    """Return a file as its bytes."""
    written = io.BytesIO()
    data.save_as(written, enforce_file_format=True)
    return written.getvalue()


def table_tags() -> dict[int, str]:
    """Return the tags that a data set can hold, with their actions."""
    return {tag: code for tag, code in BASIC_PROFILE.items() if tag >> 16 > 2}


def kind_of(tag: int) -> str:
    """Return the representation of a tag; text for one that pydicom does not know yet."""
    return dictionary_VR(tag) if dictionary_has_tag(tag) else "LO"


def planted_value(tag: int) -> object:
    """Return a value that is recognized again, of the representation of its tag."""
    number = sorted(table_tags()).index(tag)
    marker = f"Q{number:03d}ZK"
    kind = kind_of(tag)
    by_kind: dict[str, object] = {
        "DA": f"1{number:03d}0704",
        "DT": f"1{number:03d}0704070707",
        "TM": f"0707{number % 60:02d}",
        "UI": f"1.2.826.0.1.7.{number}",
        "AS": f"{number % 100:03d}M",
        "DS": f"7777.{number}",
        "IS": str(70000 + number),
        "US": 7000 + number,
        "PN": f"{marker}^{marker}",
        "OB": marker.encode(),
        "UN": marker.encode(),
    }
    if kind == "SQ":
        item = Dataset()
        item.CodeMeaning = marker
        return Sequence([item])
    return by_kind.get(kind, marker)


def plant_table(depth: int) -> bytes:
    """Return an image in which every attribute of the table stands, `depth` deep.

    Args:
        depth: Sequences around them; 0 is the data set itself.
    """
    data = make_image()
    target: Dataset = data
    for level in range(depth):
        inner = Dataset()
        setattr(target, NESTING[level % 2], Sequence([inner]))
        target = inner
    for tag in table_tags():
        target[tag] = DataElement(tag, kind_of(tag), planted_value(tag))
    if depth == 0:
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    return to_bytes(data)


def find_planted(data: Dataset, depth: int) -> Dataset | None:
    """Return the data set that `plant_table` filled; None where it is gone."""
    target: Dataset = data
    for level in range(depth):
        items = target.get(NESTING[level % 2])
        if not items:
            return None
        target = items[0]
    return target


def plant_places() -> tuple[Place, ...]:
    """Return one file for each place; the first is the control."""
    places = [Place(name="control", file_name="control.dcm", content=_control())]
    for number, (name, plant) in enumerate(_DATA_SET_PLACES, 1):
        data = make_image()
        plant(data)
        file_name = f"place{number:02d}.dcm"
        places.append(Place(name=name, file_name=file_name, content=to_bytes(data)))
    for name, change in _BYTE_PLACES:
        file_name = f"place{len(places):02d}.dcm"
        places.append(Place(name=name, file_name=file_name, content=change(_control())))
    places.append(
        Place(
            name="file name",
            file_name="Vandermolen_Wilhelmina_19570312.dcm",
            content=_control(),
        )
    )
    return (*places, *_other_places())


def _header(number: int) -> dict[str, object]:
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"],
        "SOPClassUID": MR_CLASS,
        "SOPInstanceUID": f"1.2.826.0.1.9.3.{number}",
        "StudyInstanceUID": "1.2.826.0.1.9.1",
        "SeriesInstanceUID": "1.2.826.0.1.9.2",
        "FrameOfReferenceUID": "1.2.826.0.1.9.4",
        "StudyDate": "20190214",
        "SeriesDate": "20190214",
        "AcquisitionDate": "20190214",
        "StudyTime": "235930",
        "AcquisitionTime": "000130",
        "AccessionNumber": "ACC7781220",
        "Modality": "MR",
        "Manufacturer": "SIEMENS",
        "ManufacturerModelName": "Avanto",
        "ReferringPhysicianName": "Oosterbroek^Pieter",
        "InstitutionName": "Ziekenhuis Zonnestraal",
        "PatientName": NAME,
        "PatientID": PATIENT_ID,
        "PatientBirthDate": "19570312",
        "PatientSex": "F",
        "PatientAge": "061Y",
        "PatientAddress": "Rozengracht 17 Amsterdam",
        "PatientTelephoneNumbers": "+31 20 5551234",
        "SeriesDescription": "t1 tse sag",
        "StudyID": "1",
        "SeriesNumber": 1,
        "InstanceNumber": number,
        "ScanningSequence": "SE",
        "SequenceVariant": "SK",
        "ScanOptions": "",
        "MRAcquisitionType": "2D",
        "EchoTime": 12,
        "RepetitionTime": 500,
        "EchoTrainLength": 1,
        "SliceThickness": 5,
        "ImagePositionPatient": [-80, -80, number],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PatientPosition": "HFS",
        "PositionReferenceIndicator": "",
        "PixelSpacing": [2.5, 2.5],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
    }


def _control() -> bytes:
    return to_bytes(make_image())


def _put(keyword: str, value: object) -> Callable[[Dataset], None]:
    return lambda data: setattr(data, keyword, value)


def _raw(tag: int, vr: str, value: object) -> Callable[[Dataset], None]:
    return lambda data: data.add(DataElement(tag, vr, value))


def _inside(
    keyword: str, *plants: Callable[[Dataset], None]
) -> Callable[[Dataset], None]:
    def plant(data: Dataset) -> None:
        item = Dataset()
        for one in plants:
            one(item)
        setattr(data, keyword, Sequence([item]))

    return plant


def _deep(levels: int, plant: Callable[[Dataset], None]) -> Callable[[Dataset], None]:
    for level in range(levels):
        plant = _inside(NESTING[(levels - level - 1) % 2], plant)
    return plant


def _private(element: int, vr: str, value: object) -> Callable[[Dataset], None]:
    def plant(data: Dataset) -> None:
        data.add(DataElement(0x00290010, "LO", "MADE UP HEADER"))
        data.add(DataElement(0x00291000 + element, vr, value))

    return plant


def _several(*plants: Callable[[Dataset], None]) -> Callable[[Dataset], None]:
    def plant(data: Dataset) -> None:
        for one in plants:
            one(data)

    return plant


def _charset(
    charset: str, name: str, keyword: str, text: str
) -> Callable[[Dataset], None]:
    """Plant a name in a character set, and the same name in an unlisted attribute."""
    return _several(
        _put("SpecificCharacterSet", charset),
        _put("PatientName", name),
        _put(keyword, text),
    )


def _upper_bits(data: Dataset) -> None:
    """Draw a pattern into the four bits above the stored ones."""
    pixels = np.frombuffer(data.PixelData, "<u2").copy()
    pixels[::7] |= 0xF000
    data.PixelData = pixels.tobytes()


def _icon(data: Dataset) -> None:
    item = Dataset()
    item.Rows, item.Columns, item.SamplesPerPixel = 8, 8, 1
    item.PhotometricInterpretation = "MONOCHROME2"
    item.BitsAllocated = item.BitsStored = 8
    item.HighBit, item.PixelRepresentation = 7, 0
    item.PixelData = b"Vandermolen".ljust(64, b"\0")
    data.IconImageSequence = Sequence([item])


_SAID = "Pat. Wilhelmina Vandermolen, geb. 12.03.1957"
_DATA_SET_PLACES: tuple[tuple[str, Callable[[Dataset], None]], ...] = (
    ("other patient IDs", _put("OtherPatientIDs", "KX-4471-902")),
    ("birth name", _put("PatientBirthName", "Vandermolen^Wilhelmina")),
    ("operators' name", _put("OperatorsName", "Oosterbroek^P")),
    ("institution address", _put("InstitutionAddress", "Rozengracht 17")),
    ("study description", _put("StudyDescription", _SAID)),
    ("series description", _put("SeriesDescription", "t2 tse Vandermolen")),
    ("protocol name", _put("ProtocolName", "Head Vandermolen")),
    ("image comments", _put("ImageComments", _SAID)),
    ("patient comments", _put("PatientComments", _SAID)),
    ("additional patient history", _put("AdditionalPatientHistory", _SAID)),
    ("derivation description", _put("DerivationDescription", "for Vandermolen")),
    ("contrast agent", _put("ContrastBolusAgent", "Gd for Vandermolen")),
    ("text value at top level", _raw(0x0040A160, "UT", _SAID)),
    ("requesting physician", _put("RequestingPhysician", "Oosterbroek^Pieter")),
    ("admission ID", _put("AdmissionID", "KX-4471-902")),
    (
        "request attributes",
        _inside(
            "RequestAttributesSequence", _put("RequestedProcedureDescription", _SAID)
        ),
    ),
    (
        "other patient IDs sequence",
        _inside("OtherPatientIDsSequence", _put("PatientID", "KX-4471-902")),
    ),
    ("patient name two deep", _deep(2, _put("PatientName", NAME))),
    ("patient name eight deep", _deep(8, _put("PatientName", NAME))),
    ("comments eight deep", _deep(8, _put("ImageComments", _SAID))),
    ("unlisted text eight deep", _deep(8, _put("ManufacturerModelName", NAME))),
    ("private text", _private(1, "LO", _SAID)),
    ("private bytes", _private(2, "OB", _SAID.encode())),
    ("private unknown", _private(3, "UN", _SAID.encode())),
    ("private text two deep", _deep(2, _private(1, "LO", _SAID))),
    (
        "overlay data",
        _several(
            _raw(0x60000010, "US", 8),
            _raw(0x60000011, "US", 8),
            _raw(0x60003000, "OW", b"Vandermolen "),
        ),
    ),
    ("overlay comments", _raw(0x60004000, "LT", _SAID)),
    ("overlay label", _raw(0x60001500, "LO", "Vandermolen")),
    ("overlay description in group 6002", _raw(0x60020022, "LO", "Vandermolen")),
    ("curve data", _raw(0x50003000, "OW", b"Vandermolen ")),
    ("curve label", _raw(0x50002500, "LO", "Vandermolen")),
    ("icon", _icon),
    (
        "structured content",
        _inside("ContentSequence", _raw(0x0040A160, "UT", _SAID)),
    ),
    (
        "person name in structured content",
        _inside("ContentSequence", _raw(0x0040A123, "PN", NAME)),
    ),
    (
        "code meaning",
        _inside("ProcedureCodeSequence", _put("CodeMeaning", "MR Vandermolen")),
    ),
    (
        "code value",
        _inside("ProcedureCodeSequence", _put("CodeValue", "KX-4471-902")),
    ),
    ("model name", _put("ManufacturerModelName", "Avanto W. Vandermolen")),
    ("software version", _put("SoftwareVersions", "VB17 KX4471902")),
    ("sequence name, swapped", _put("SequenceName", "WILHELMINA VANDE")),
    ("body part", _put("BodyPartExamined", "VANDERMOLEN")),
    ("date in words", _put("TransmitCoilName", "b 12 Mar 1957")),
    ("ID without hyphens", _put("ReceiveCoilName", "KX4471902")),
    ("LUT explanation", _inside("VOILUTSequence", _put("LUTExplanation", _SAID))),
    ("color profile", _raw(0x00282000, "OB", b"profile of Vandermolen")),
    ("acquisition in the upper bits", _upper_bits),
    ("retired text", _raw(0x00104000, "LT", _SAID)),
    ("unknown even group", _raw(0x00089999, "LO", _SAID)),
    ("phone number", _put("ReceiveCoilManufacturerName", "call +31 20 5551234")),
    (
        "umlauts written out",
        _charset(
            "ISO_IR 100",
            "Müller-Lüdenscheidt^Eva",
            "ManufacturerModelName",
            "fuer Mueller-Luedenscheidt",
        ),
    ),
    (
        "Japanese name",
        _charset(
            "\\ISO 2022 IR 87",
            "Yamada^Tarou=山田^太郎",
            "ManufacturerModelName",
            "山田",
        ),
    ),
    (
        "Korean name",
        _charset(
            "ISO_IR 192", "Kim^Heejung=김희중", "ManufacturerModelName", "김희중 씨"
        ),
    ),
)


def _in_preamble(content: bytes) -> bytes:
    return b"Vandermolen Wilhelmina".ljust(128, b"\0") + content[128:]


def _in_meta(content: bytes) -> bytes:
    """Put an application entity title into the meta information."""
    data = make_image()
    data.file_meta.SourceApplicationEntityTitle = "VANDERMOLEN"
    return to_bytes(data) if content else b""


def _behind(content: bytes) -> bytes:
    return content + _SAID.encode()


_BYTE_PLACES: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("preamble", _in_preamble),
    ("application entity in the file meta", _in_meta),
    ("bytes behind the end", _behind),
)


def _other_places() -> tuple[Place, ...]:
    """Return files that are no DICOM; their folder is named after the patient."""
    picture = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", _SAID)
    exif = Image.Exif()
    exif[0x010E] = _SAID
    made = {
        "PNG text": ("scan.png", _saved(picture, "PNG", pnginfo=text)),
        "JPEG EXIF": ("scan.jpg", _saved(picture, "JPEG", exif=exif)),
        "TIFF description": ("scan.tif", _saved(picture, "TIFF", description=_SAID)),
        "NIfTI description, gzip name": ("head.nii.gz", _nifti()),
        "side-car JSON": (
            "head.json",
            json.dumps({"PatientName": NAME, "EchoTime": 0.01}).encode(),
        ),
    }
    return tuple(
        Place(name=name, file_name=file_name, content=content, kind="other")
        for name, (file_name, content) in made.items()
    )


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, format=kind, **options)
    return written.getvalue()


def _nifti() -> bytes:
    header = bytearray(348)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 4, 4, 4, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, 2, 8)
    struct.pack_into("<f", header, 108, 384)
    struct.pack_into("<80s", header, 148, _SAID.encode())
    struct.pack_into("<4s", header, 344, b"n+1\0")
    extension = struct.pack("<4B", 1, 0, 0, 0) + struct.pack("<ii", 32, 6)
    extension += b"Vandermolen".ljust(24, b"\0")
    written = io.BytesIO()
    with gzip.GzipFile("Vandermolen.nii", "wb", fileobj=written) as packed:
        packed.write(bytes(header) + extension + bytes(64))
    return written.getvalue()
