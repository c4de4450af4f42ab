"""The class activation map as Parametric Map, and overlays as Secondary Captures.

References: PS3.3 A.75 (Parametric Map), A.8.1 (Secondary Capture); PS3.16, CID 217.
"""

from __future__ import annotations

import numpy as np
from highdicom import (
    CoordinateSystemNames,
    PixelMeasuresSequence,
    PlaneOrientationSequence,
    PlanePositionSequence,
    VOILUTTransformation,
)
from highdicom.enum import ContentQualificationValues
from highdicom.pm import (
    DerivedPixelContrastValues,
    ParametricMap,
    RealWorldValueMapping,
)
from highdicom.sc import SCImage
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.valuerep import DA, TM

from tumorscope.domain.series_result import Overlay, SeriesResult
from tumorscope.io.dicom_results.identifiers import make_uid
from tumorscope.io.dicom_results.labels import MAP, PICTURES, common_arguments, finish
from tumorscope.io.dicom_results.source import FrameReference, decimals

_NO_UNITS = Code("1", "UCUM", "no units")
_CLASS_ACTIVATION = Code("130402", "DCM", "Class activation")
_PATIENT = CoordinateSystemNames.PATIENT


def make_map(
    result: SeriesResult, heads: list[Dataset], further: list[Dataset], *, key: str
) -> Dataset:
    """Make the map of all scored slices, on the grid of the slices.

    Values are logits as the network computed them, float32, without rescale: positive
    moved the score towards tumor. The map is so coarse (a cell is a seventh of the head
    or wider) that it shows no face.

    Args:
        result: Maps and geometry.
        heads: Files of the series whose grid the slices have.
        further: Files of other series that channels were made from.
        key: From `run_key`.

    Returns:
        A Parametric Map, one frame for each scored slice.
    """
    stack = result.stack
    values = np.stack(
        [one.class_map for one in result.slices]
    )  # (frames, rows, columns)
    largest = float(np.abs(values).max()) or 1.0
    origins = stack.origins_mm[[one.index for one in result.slices]]
    steps = (stack.column_step_mm, stack.row_step_mm)
    thickness_mm = round(_thickness_mm(result), 6)
    found = ParametricMap(
        source_images=heads,
        further_source_images=further or None,
        pixel_array=values,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[
            RealWorldValueMapping(
                lut_label="CLASS_ACTIVATION",
                lut_explanation="Class activation in logits; positive towards tumor",
                unit=_NO_UNITS,
                value_range=(-largest, largest),
                slope=1.0,
                intercept=0.0,
                quantity_definition=_CLASS_ACTIVATION,
            )
        ],
        voi_lut_transformations=[
            VOILUTTransformation(window_center=0.0, window_width=2 * largest)
        ],
        content_label="CLASS_ACTIVATION",
        content_description="What moved the score; no outline of a lesion",
        content_qualification=ContentQualificationValues.RESEARCH,
        derived_pixel_contrast=DerivedPixelContrastValues.QUANTITY,
        pixel_measures=PixelMeasuresSequence(
            pixel_spacing=decimals(np.array(stack.spacing_mm)),
            slice_thickness=thickness_mm,
        ),
        plane_orientation=PlaneOrientationSequence(
            _PATIENT, [one for step in steps for one in decimals(_unit(step))]
        ),
        plane_positions=[
            PlanePositionSequence(_PATIENT, decimals(origin)) for origin in origins
        ],
        **common_arguments(result, heads[0], kind=MAP, key=key),
    )
    organization = make_uid(key, "dimensions")
    found.DimensionOrganizationSequence[0].DimensionOrganizationUID = organization
    for dimension in found.DimensionIndexSequence:
        dimension.DimensionOrganizationUID = organization
    measures = found.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    if not measures.get("SliceThickness"):  # highdicom takes over an empty one
        measures.SliceThickness = thickness_mm
    return finish(found, result)


def make_picture(
    result: SeriesResult,
    overlay: Overlay,
    source: tuple[Dataset, FrameReference | None],
    *,
    key: str,
    number: int,
) -> Dataset:
    """Make the Secondary Capture of one overlay.

    The picture has no pixel spacing: it was enlarged, and is not for measuring.

    Args:
        result: Whose model and time.
        overlay: The picture.
        source: A file of the source, and the frame that the slice is, if it is one.
        key: From `run_key`.
        number: In its series, from 1.

    Returns:
        A Secondary Capture in RGB.
    """
    head, frame = source
    height, width = overlay.picture.shape[:2]
    found = SCImage(
        pixel_array=overlay.picture,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system=_PATIENT,
        study_instance_uid=head.StudyInstanceUID,
        patient_orientation=("L", "P"),
        **common_arguments(result, head, kind=PICTURES, key=key, instance=number),
    )
    found.copy_patient_and_study_information(head)
    found.DateOfSecondaryCapture = DA(result.made.date())
    found.TimeOfSecondaryCapture = TM(result.made.time().replace(tzinfo=None))
    found.BurnedInAnnotation = "NO"  # words, and nothing that identifies a patient
    found.ImageComments = f"Slice {overlay.index}, {width} x {height} pixels, enlarged. Research use only."
    if frame is not None:
        found.SourceImageSequence = [_reference(frame)]
    return finish(found, result)


def _reference(frame: FrameReference) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = frame.head.SOPClassUID
    reference.ReferencedSOPInstanceUID = frame.head.SOPInstanceUID
    if frame.frame is not None:
        reference.ReferencedFrameNumber = frame.frame
    return reference


def _unit(
    step: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return step / np.linalg.norm(step)


def _thickness_mm(result: SeriesResult) -> float:
    """Return the usual distance of slices; that of pixels for a single one."""
    positions = np.sort(result.stack.positions_mm)
    if len(positions) < 2:
        return result.stack.spacing_mm[0]
    return float(np.median(np.diff(positions)))
