"""The source of a result as highdicom wants it: one small data set for each file."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage, LegacyConvertedEnhancedMRImageStorage
from pydicom.valuerep import validate_value

from tumorscope.domain.errors import DataError
from tumorscope.domain.scan_origin import ScanOrigin, SourceFrame
from tumorscope.domain.slice_stack import SliceStack

UNICODE = "ISO_IR 192"
_REQUIRED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_EMPTY_IF_UNKNOWN = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate"),
    *("StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
    *("SpecificCharacterSet", "PositionReferenceIndicator", "SliceThickness"),
)
_SEXES = ("F", "M", "O", "")
_CHECKED_TYPES = ("AS", "CS", "DA", "DS", "IS", "TM")
_MULTI_FRAME = (EnhancedMRImageStorage, LegacyConvertedEnhancedMRImageStorage)
_SAME_PLACE_MM = 0.1
_NOWHERE_MM = (1e6, 1e6, 1e6)
_SAME_DIRECTION = 0.999


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameReference:
    """A frame that a slice was made from.

    Attributes:
        head: Its file.
        frame: Number in a multi-frame file, from 1; None in a file of one frame.
    """

    head: Dataset
    frame: int | None


def read_heads(origin: ScanOrigin) -> list[Dataset]:
    """Return a data set for each file of the source.

    Text is Unicode. A date, time, age or code that the standard does not allow is left
    empty: a result must not repeat the error, and identity does not hang on it.

    Args:
        origin: As the sandbox read it.

    Returns:
        Heads without pixels, in the order of the origin, with the geometry of their first
        frame.

    Raises:
        DataError: If the study or the coordinate system is not stated.
    """
    heads = [_read_head(text) for text in origin.heads]
    for number, head in enumerate(heads):
        frames = [frame for frame in origin.frames if frame.instance == number]
        if _is_multi_frame(head):
            _add_functional_groups(head, frames)
        else:
            head.ImagePositionPatient = _decimals(frames[0].position_mm)
            # highdicom compares these exactly; scanners round from file to file.
            head.ImageOrientationPatient = _decimals(origin.frames[0].orientation)
            head.PixelSpacing = _decimals(origin.frames[0].spacing_mm)
    return heads


def frames_of_slices(
    origin: ScanOrigin, heads: list[Dataset], stack: SliceStack
) -> dict[int, FrameReference]:
    """Return the source frame of each slice that is one.

    Slices that were cut across other ones have none.

    Args:
        origin: Frames with their positions.
        heads: From `read_heads`.
        stack: The slices.
    """
    normal = np.cross(stack.column_step_mm, stack.row_step_mm)
    normal = normal / np.linalg.norm(normal)
    places = stack.origins_mm @ normal
    found: dict[int, FrameReference] = {}
    for frame in origin.frames:
        directions = np.array(frame.orientation).reshape(2, 3)
        if abs(float(np.cross(*directions) @ normal)) < _SAME_DIRECTION:
            continue
        away = np.abs(places - float(np.array(frame.position_mm) @ normal))
        index = int(away.argmin())
        if away[index] < _SAME_PLACE_MM:
            head = heads[frame.instance]
            number = frame.number if _is_multi_frame(head) else None
            found[index] = FrameReference(head=head, frame=number)
    return found


def decimals(values: NDArray[np.float64]) -> list[float]:
    """Return numbers that fit a decimal string of 16 characters."""
    return _decimals(values.tolist())


def _is_multi_frame(head: Dataset) -> bool:
    return head.SOPClassUID in _MULTI_FRAME


def _decimals(values: Sequence[float]) -> list[float]:
    return [round(one, 6) + 0.0 for one in values]


def _add_functional_groups(head: Dataset, frames: Sequence[SourceFrame]) -> None:
    """Add the geometry of a multi-frame file (PS3.3 C.7.6.16), for highdicom to match.

    Frames of other volumes in the file are put where no slice lies.
    """
    plane, measures, shared = Dataset(), Dataset(), Dataset()
    plane.ImageOrientationPatient = _decimals(frames[0].orientation)
    measures.PixelSpacing = _decimals(frames[0].spacing_mm)
    measures.SliceThickness = head.SliceThickness
    shared.PlaneOrientationSequence = [plane]
    shared.PixelMeasuresSequence = [measures]
    places = {frame.number: frame.position_mm for frame in frames}
    groups = []
    for number in range(1, max(places) + 1):
        position, group = Dataset(), Dataset()
        position.ImagePositionPatient = _decimals(places.get(number, _NOWHERE_MM))
        group.PlanePositionSequence = [position]
        groups.append(group)
    head.NumberOfFrames = len(groups)
    head.SharedFunctionalGroupsSequence = [shared]
    head.PerFrameFunctionalGroupsSequence = groups


def _read_head(text: str) -> Dataset:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning could quote a patient's values
            head = Dataset.from_json(json.loads(text))
            _blank_invalid(head)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(
            "its patient or study cannot be repeated in a result"
        ) from error
    if not all(head.get(keyword) for keyword in _REQUIRED):
        raise DataError("does not say which study it belongs to")
    if not head.get("FrameOfReferenceUID"):
        raise DataError("states no frame of reference, which results must share")
    for keyword in _EMPTY_IF_UNKNOWN:
        if keyword not in head:
            setattr(head, keyword, None)
    head.SpecificCharacterSet = UNICODE
    return head


def _blank_invalid(head: Dataset) -> None:
    for element in head:
        if dictionary_VR(element.tag) != element.VR:
            raise ValueError("a value of another type than the standard's")
        if element.VR not in _CHECKED_TYPES or element.is_empty:
            continue
        values: Any = element.value if element.VM > 1 else [element.value]
        try:
            for value in values:
                validate_value(element.VR, str(value), config.RAISE)
        except ValueError:
            head[element.tag].value = None
    if head.get("PatientSex", "") not in (*_SEXES, None):
        head.PatientSex = None
