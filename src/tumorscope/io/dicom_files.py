"""DICOM files as values: headers and pixels, read by a sandboxed child.

This side imports no parser: it reaches `tumorscope.io.dicom` by name, and checks what the
child answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.spec import Spec
from tumorscope.io.sandbox import Sandbox
from tumorscope.io.scan_files import ScanFile

_READ_HEADER = "tumorscope.io.dicom.headers:read_header"
_READ_PIXELS = "tumorscope.io.dicom.pixels:read_pixels"
_READ_DIRECTORY = "tumorscope.io.dicom.directory:read_directory"

Number = Annotated[float, Field(allow_inf_nan=False)]
Vector3 = tuple[Number, Number, Number]
Vector6 = tuple[Number, Number, Number, Number, Number, Number]


class DicomFrame(Spec):
    """One picture of a file: geometry, rescale and timing; None where it is not told."""

    slope: Number | None = None
    """Rescale slope."""
    intercept: Number | None = None
    """Rescale intercept."""
    echo_ms: Number | None = None
    """Echo time of a classic file."""
    effective_echo_ms: Number | None = None
    """Echo time of an enhanced file."""
    repetition_ms: Number | None = None
    """Repetition time."""
    inversion_ms: Number | None = None
    """Inversion time of a classic file."""
    inversions_ms: Number | None = None
    """First inversion time of an enhanced file."""
    b_value: Number | None = None
    """Diffusion weighting in s/mm2."""
    temporal_position: Number | None = None
    """Number of the time point of a classic file."""
    temporal_index: Number | None = None
    """Number of the time point of an enhanced file."""
    position_mm: Vector3 | None = None
    """LPS position of the center of the first pixel."""
    orientation: Vector6 | None = None
    """Direction of growing column number, then of growing row number, LPS."""
    spacing_mm: tuple[Number, Number] | None = None
    """Between rows, between columns."""

    @property
    def echo(self) -> float | None:
        """Echo time in ms."""
        return self.echo_ms if self.echo_ms is not None else self.effective_echo_ms

    @property
    def inversion(self) -> float | None:
        """Inversion time in ms; None or 0 without an inversion pulse."""
        return self.inversion_ms or self.inversions_ms

    @property
    def time_point(self) -> float | None:
        """Number of the time point."""
        return (
            self.temporal_position
            if self.temporal_position is not None
            else self.temporal_index
        )


class DicomHeader(Spec):
    """What one file says; None or empty where it is silent. Holds patient data."""

    patient_id: str | None = None
    """(0010,0020)."""
    study_uid: str | None = None
    """Examination."""
    series_uid: str | None = None
    """Series."""
    instance_uid: str | None = None
    """This file."""
    class_uid: str | None = None
    """Kind of object."""
    frame_of_reference_uid: str | None = None
    """Coordinate system."""
    modality: str | None = None
    """"MR", "CT" and others."""
    body_part: str | None = None
    """Body part examined."""
    series_description: str | None = None
    """A name that people wrote; may hold anything."""
    protocol: str | None = None
    """A name that people wrote; may hold anything."""
    pulse_sequence: str | None = None
    """The scanner's name of the pulse sequence."""
    pulse_sequence_long: str | None = None
    """The same of an enhanced file."""
    contrast_agent: str | None = None
    """Contrast agent, if one is stated."""
    burned_in: str | None = None
    """"YES" where text is burned into the pixels."""
    photometric: str | None = None
    """"MONOCHROME2", or "MONOCHROME1" for white as the lowest value."""
    institution: str | None = None
    """Site."""
    manufacturer: str | None = None
    """Of the scanner."""
    model: str | None = None
    """Of the scanner."""
    sex: str | None = None
    """"F", "M", "O"."""
    age: str | None = None
    """As "047Y"."""
    image_type: tuple[str, ...] = ()
    """"ORIGINAL" or "DERIVED", "PRIMARY" or "SECONDARY", and more."""
    scanning_sequence: tuple[str, ...] = ()
    """"SE", "GR", "IR", "EP", "RM"."""
    sequence_variant: tuple[str, ...] = ()
    """"SK", "SP" and others."""
    scan_options: tuple[str, ...] = ()
    """Options of the scan."""
    series_number: Number | None = None
    """As the scanner counts."""
    instance_number: Number | None = None
    """As the scanner counts; not an order in space."""
    acquisition_number: Number | None = None
    """As the scanner counts."""
    frames_declared: Number | None = None
    """Frames that the file says to have."""
    rows: Number | None = None
    """Rows of a frame."""
    columns: Number | None = None
    """Columns of a frame."""
    samples: Number | None = None
    """1 for gray, 3 for color."""
    bits_allocated: Number | None = None
    """Bits of a stored pixel."""
    bits_stored: Number | None = None
    """Bits of it that hold the value."""
    high_bit: Number | None = None
    """Highest of these."""
    signed: Number | None = None
    """1 for signed pixels."""
    field_strength_t: Number | None = None
    """Tesla."""
    has_pixels: bool
    """Whether there are pixels at all."""
    frames: tuple[DicomFrame, ...]
    """One for each picture."""


def read_headers(
    files: Sequence[ScanFile], sandbox: Sandbox, *, workers: int
) -> Iterator[DicomHeader | UnreadableScanError]:
    """Read headers; an unreadable file does not stop the others.

    Args:
        files: Where they lie.
        sandbox: Parses them.
        workers: Children at once.

    Yields:
        For each file, in order, its header or the reason why there is none.
    """
    calls = ((file,) for file in files)
    for answer in sandbox.map(_READ_HEADER, calls, workers=workers):
        yield answer if isinstance(answer, UnreadableScanError) else _checked(answer)


def read_frames(
    file: ScanFile, frames: Sequence[int], header: DicomHeader, sandbox: Sandbox
) -> NDArray[np.float32]:
    """Decode frames of a file, in the file's own unit.

    The rescale of each frame is applied, and MONOCHROME1 is turned over within the range
    of the stored bits, so that larger is always brighter.

    Args:
        file: Where it lies.
        frames: Which ones, from 0.
        header: Of this file.
        sandbox: Decodes them.

    Returns:
        Shape (frames, rows, columns), float32.

    Raises:
        UnreadableScanError: If they cannot be decoded.
    """
    stored = sandbox.call(_READ_PIXELS, file, list(frames))
    shape = (len(frames), int(header.rows or 0), int(header.columns or 0))
    if not isinstance(stored, np.ndarray) or stored.shape != shape:
        raise UnreadableScanError("pixels decode to another shape than declared")
    pixels = stored.astype(np.float32)
    if header.photometric == "MONOCHROME1":
        pixels = np.float32(_sum_of_extremes(header)) - pixels
    for place, number in enumerate(frames):
        frame = header.frames[number]
        slope = 1.0 if frame.slope is None else frame.slope
        if slope == 0:
            raise UnreadableScanError("a rescale slope of zero")
        pixels[place] = pixels[place] * slope + (frame.intercept or 0.0)
    return pixels


def read_directory(path: Path, sandbox: Sandbox) -> tuple[list[ScanFile], list[str]]:
    """Return the files that a DICOMDIR refers to.

    Args:
        path: The DICOMDIR; references are relative to its folder.
        sandbox: Parses it.

    Returns:
        Files that are there, and references to files that are not.

    Raises:
        DataError: If it cannot be read, or a reference leads outside its folder.
    """
    folder = path.parent
    try:
        found = sandbox.call(_READ_DIRECTORY, ScanFile(path=path, name=path.name))
        names = list(dict.fromkeys("/".join(map(str, parts)) for parts in found))
    except (UnreadableScanError, TypeError) as error:
        raise DataError(f"{path.name}: {error}") from error
    files: list[ScanFile] = []
    missing: list[str] = []
    for name in names:
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise DataError(f"{path.name}: refers to a file outside its folder")
        if file.is_file():
            files.append(ScanFile(path=file, name=name))
        else:
            missing.append(name)
    return files, missing


def positions_of(frames: Iterable[DicomFrame]) -> NDArray[np.float64]:
    """Return the positions of frames that have one. Shape (frames, 3), LPS, mm."""
    return np.array([frame.position_mm for frame in frames], dtype=np.float64)


def _checked(answer: Any) -> DicomHeader | UnreadableScanError:
    try:
        return DicomHeader.model_validate(answer)
    except ValidationError:
        return UnreadableScanError("its header holds values that cannot be")


def _sum_of_extremes(header: DicomHeader) -> int:
    """Return lowest plus highest stored value: what `value` and its opposite add up to."""
    bits = int(header.bits_stored or 16)
    return -1 if header.signed else (1 << bits) - 1
