"""DICOM files and NIfTI volumes made by script, for tests and benchmarks.

A head is an ellipsoid with a bright lesion in the patient's left, front and upper part.
No real patient is behind any of it.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
from nibabel.nifti1 import Nifti1Image
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEGLosslessSV1,
    generate_uid,
)

MR_CLASS = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_CLASS = "1.2.840.10008.5.1.4.1.1.4.1"
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
TIMING = {
    "flair": {"ScanningSequence": ["SE", "IR"], "EchoTime": 110, "RepetitionTime": 9000}
    | {"InversionTime": 2500, "SeriesDescription": "AX FLAIR"},
    "t1": {"ScanningSequence": "SE", "EchoTime": 12, "RepetitionTime": 500}
    | {"SeriesDescription": "AX T1"},
    "t1c": {"ScanningSequence": "SE", "EchoTime": 12, "RepetitionTime": 500}
    | {"SeriesDescription": "AX T1 +C", "ContrastBolusAgent": "agent"},
    "t2": {"ScanningSequence": "SE", "EchoTime": 100, "RepetitionTime": 4000}
    | {"SeriesDescription": "AX T2"},
}


def make_head(shape: Sequence[int] = (6, 24, 28), *, seed: int = 0) -> NDArray[Any]:
    """Return a head in the radiological order with a lesion on the patient's left.

    Args:
        shape: Slices, rows, columns.
        seed: Of the noise.

    Returns:
        Shape (slices, rows, columns), uint16: air 0, brain about 400, lesion 1000.
    """
    places = np.stack(
        np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    )
    noise = np.random.default_rng(seed).integers(0, 40, tuple(shape))
    head = np.where((places**2 * 1.1).sum(axis=0) < 1.9, 400 + noise, 0)
    middle = np.array([0.4, -0.3, 0.5])[:, None, None, None]
    lesion = ((places - middle) ** 2).sum(axis=0) < 0.1
    return np.where(lesion, 1000, head).astype(np.uint16)


def make_file(pixels: NDArray[Any], **values: Any) -> Dataset:
    """Return a classic MR file of one slice.

    Args:
        pixels: Shape (rows, columns), 8 or 16 bit.
        values: Attributes by keyword; None removes one.
    """
    data_set = _empty(MR_CLASS)
    _put_pixels(data_set, pixels)
    defaults: dict[str, Any] = {
        "ImagePositionPatient": [0, 0, 0],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [2, 2],
        **({} if "EchoTime" in values else TIMING["flair"]),
    }
    return _with_values(data_set, defaults | values)


def make_series(volume: Any, sequence: str = "flair", **values: Any) -> list[Dataset]:
    """Return the files of a series.

    Args:
        volume: A `Volume`.
        sequence: Gives name and timing.
        values: Attributes by keyword, for every file.
    """
    row_mm, column_mm = volume.spacing_mm
    common = {
        "SeriesInstanceUID": generate_uid(entropy_srcs=[sequence]),
        "ImageOrientationPatient": [
            *(volume.column_step_mm / column_mm).tolist(),
            *(volume.row_step_mm / row_mm).tolist(),
        ],
        "PixelSpacing": [row_mm, column_mm],
        **TIMING[sequence],
    } | values
    return [
        make_file(
            pixels,
            **{"ImagePositionPatient": origin.tolist(), "InstanceNumber": number}
            | common,
        )
        for number, (pixels, origin) in enumerate(
            zip(volume.voxels, volume.origins_mm, strict=True), start=1
        )
    ]


def make_enhanced(volume: Any, sequence: str = "flair", **values: Any) -> Dataset:
    """Return one enhanced multi-frame file; its frames stand in reverse order."""
    data_set = _empty(ENHANCED_CLASS)
    order = list(range(len(volume.voxels)))[::-1]
    _put_pixels(data_set, volume.voxels[order])
    row_mm, column_mm = volume.spacing_mm
    plane = Dataset()
    plane.ImageOrientationPatient = [
        *(volume.column_step_mm / column_mm).tolist(),
        *(volume.row_step_mm / row_mm).tolist(),
    ]
    measures, scale, echo, timing, inversion = (Dataset() for _ in range(5))
    measures.PixelSpacing = [row_mm, column_mm]
    scale.RescaleSlope, scale.RescaleIntercept = 2, 1
    echo.EffectiveEchoTime = float(TIMING[sequence]["EchoTime"])
    timing.RepetitionTime = TIMING[sequence]["RepetitionTime"]
    inversion.InversionTimes = float(TIMING[sequence].get("InversionTime", 0))
    shared = Dataset()
    shared.PlaneOrientationSequence = DicomSequence([plane])
    shared.PixelMeasuresSequence = DicomSequence([measures])
    shared.PixelValueTransformationSequence = DicomSequence([scale])
    shared.MREchoSequence = DicomSequence([echo])
    shared.MRTimingAndRelatedParametersSequence = DicomSequence([timing])
    shared.MRModifierSequence = DicomSequence([inversion])
    data_set.SharedFunctionalGroupsSequence = DicomSequence([shared])
    groups = []
    for index in order:
        group, position = Dataset(), Dataset()
        position.ImagePositionPatient = volume.origins_mm[index].tolist()
        group.PlanePositionSequence = DicomSequence([position])
        groups.append(group)
    data_set.PerFrameFunctionalGroupsSequence = DicomSequence(groups)
    return _with_values(
        data_set, {"SeriesDescription": TIMING[sequence]["SeriesDescription"]} | values
    )


def to_bytes(data_set: Dataset) -> bytes:
    """Return the bytes of a file."""
    stream = BytesIO()
    data_set.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def compress(data_set: Dataset, syntax: UID) -> Dataset:
    """Return a file in a compressed transfer syntax that pydicom can write."""
    data_set.compress(syntax, generate_instance_uid=False)
    return data_set


def compress_jpeg_lossless(content: bytes, folder: Path) -> bytes:
    """Return a file in JPEG Lossless (.70), which only gdcm writes."""
    plain, packed = folder / "plain.dcm", folder / "packed.dcm"
    plain.write_bytes(content)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(plain))
    reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(
        gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(JPEGLosslessSV1))
    )
    change.SetInput(reader.GetImage())
    change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(packed))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    writer.Write()
    written: bytes = packed.read_bytes()
    plain.unlink()
    packed.unlink()
    return written


def write_directory(folder: Path, files: Sequence[Dataset]) -> None:
    """Write files to a folder with a DICOMDIR that refers to them."""
    (folder / "IMAGES").mkdir(parents=True)
    records = []
    for number, file in enumerate(files):
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = ["IMAGES", f"IM{number}"]
        records.append(record)
        (folder / "IMAGES" / f"IM{number}").write_bytes(to_bytes(file))
    directory = _empty(DIRECTORY_CLASS)
    directory.DirectoryRecordSequence = DicomSequence(records)
    (folder / "DICOMDIR").write_bytes(to_bytes(directory))


def nest(content: bytes, depth: int) -> bytes:
    """Return a plain file with sequences of open length nested to a depth."""
    head = (
        b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    )
    tail = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    place = content.index(b"\xe0\x7f\x10\x00OW")
    return content[:place] + head * depth + tail * depth + content[place:]


def make_nifti(volume: Any, *, packed: bool = True, **header: Any) -> bytes:
    """Return the bytes of a NIfTI file.

    Args:
        volume: A `Volume`; its slices become the last axis.
        packed: Whether it is gzipped.
        header: Fields of the header to set behind everybody's back.
    """
    lps = np.eye(4)
    steps = (volume.column_step_mm, volume.row_step_mm, volume.slice_step_mm)
    lps[:3, :3] = np.stack(steps, axis=1)
    lps[:3, 3] = volume.origins_mm[0]
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps
    image = Nifti1Image(np.ascontiguousarray(volume.voxels.transpose(2, 1, 0)), ras)
    image.set_sform(ras, code=1)
    image.set_qform(ras, code=1, strip_shears=True)
    content = bytearray(image.to_bytes())
    fields = image.header.structarr.dtype.fields
    for name, value in header.items():
        kind, offset = fields[name][:2]
        raw = np.asarray(value, dtype=kind.base).tobytes()
        content[offset : offset + len(raw)] = raw
    return gzip.compress(bytes(content), mtime=0) if packed else bytes(content)


def _empty(class_uid: str) -> Dataset:
    data_set = Dataset()
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data_set.file_meta.MediaStorageSOPClassUID = UID(class_uid)
    data_set.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data_set.SOPClassUID = class_uid
    data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID
    data_set.PatientID = "P1"
    data_set.PatientName = "Synthetic^Head"
    data_set.Modality = "MR"
    data_set.ImageType = ["ORIGINAL", "PRIMARY", "M"]
    data_set.BodyPartExamined = "HEAD"
    data_set.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    data_set.SeriesInstanceUID = generate_uid(entropy_srcs=["series"])
    data_set.FrameOfReferenceUID = generate_uid(entropy_srcs=["frame"])
    data_set.SeriesNumber = 1
    return data_set


def _put_pixels(data_set: Dataset, pixels: NDArray[Any]) -> None:
    if pixels.ndim == 3:
        data_set.NumberOfFrames = len(pixels)
    data_set.Rows, data_set.Columns = pixels.shape[-2:]
    data_set.SamplesPerPixel = 1
    data_set.PhotometricInterpretation = "MONOCHROME2"
    data_set.BitsAllocated = data_set.BitsStored = 8 * pixels.dtype.itemsize
    data_set.HighBit = data_set.BitsStored - 1
    data_set.PixelRepresentation = int(pixels.dtype.kind == "i")
    little = pixels.astype(pixels.dtype.newbyteorder("<"))
    content = little.tobytes()
    data_set.PixelData = content + b"\0" * (len(content) % 2)
    data_set["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"


def _with_values(data_set: Dataset, values: dict[str, Any]) -> Dataset:
    for name, value in values.items():
        if value is None:
            if name in data_set:
                delattr(data_set, name)
        else:
            setattr(data_set, name, value)
    return data_set
