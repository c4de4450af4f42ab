"""The structured report: probability, threshold and decision of every scored slice.

Template TID 1500 in a Comprehensive 3D SR, unverified and preliminary: nobody has looked at it.
One measurement group is for the whole series, and one for each scored slice. No group names a
finding, because a score is none.

References: PS3.16, TID 1500, 1501, 4019; IHE AI Results.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    Comprehensive3DSR,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    SourceImageForMeasurementGroup,
    TrackingIdentifier,
)
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.series_result import SeriesResult, SliceResult
from tumorscope.io.dicom_results.identifiers import make_uid
from tumorscope.io.dicom_results.labels import (
    MANUFACTURER,
    REPORT,
    SCHEME,
    common_arguments,
    finish,
    own_code,
)
from tumorscope.io.dicom_results.source import FrameReference

PROBABILITY = own_code("TUMOR_PROB", "Tumor probability, calibrated score")
THRESHOLD = own_code("THRESHOLD", "Threshold of the tumor probability")
DECISION = own_code("DECISION", "Decision by the threshold and the referral rule")
SCORED = own_code("SCORED_SLICES", "Slices with a score")
ABOVE_COUNT = own_code("ABOVE_SLICES", "Scored slices above the threshold")
REFERRED_COUNT = own_code("REFERRED_SLICES", "Scored slices referred to a reader")
DECISIONS = {
    "above threshold": own_code("ABOVE", "Above the threshold"),
    "not above": own_code("NOT_ABOVE", "Not above the threshold"),
    "refer": own_code("REFER", "Refer to a reader"),
}
_NO_UNITS = Code("1", "UCUM", "no units")
_SLICES = Code("{slices}", "UCUM", "slices")
_MAXIMUM = Code("56851009", "SCT", "Maximum")
_MEAN = Code("373098007", "SCT", "Mean")
_BRAIN = Code("12738006", "SCT", "Brain")
_DEVICE = CodedConcept("121007", "DCM", "Device")
_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
_TITLE = Code("126000", "DCM", "Imaging Measurement Report")
_PROCEDURE = Code("24590-2", "LN", "MR Brain")


def make_report(
    result: SeriesResult,
    heads: list[Dataset],
    frames: Mapping[int, FrameReference],
    *,
    key: str,
) -> Dataset:
    """Make the report of one series.

    Args:
        result: Scores and model.
        heads: Files of the source; all of them are named as evidence.
        frames: Source frame of each slice that is one.
        key: From `run_key`.

    Returns:
        A Comprehensive 3D SR.
    """
    groups = [_series_group(result, key)]
    groups += [
        _slice_group(one, result, frames.get(one.index), key) for one in result.slices
    ]
    content = MeasurementReport(
        observation_context=ObservationContext(
            observer_device_context=_observer(result)
        ),
        procedure_reported=_PROCEDURE,
        imaging_measurements=groups,
        title=_TITLE,
    )
    report = Comprehensive3DSR(
        evidence=heads,
        content=content,
        is_complete=False,
        is_final=False,
        is_verified=False,
        coding_schemes=[
            CodingSchemeIdentificationItem(
                designator=SCHEME,
                name="Tumorscope",
                responsible_organization="Tumorscope",
            )
        ],
        **common_arguments(result, heads[0], kind=REPORT, key=key),
    )
    return finish(report, result)


def _observer(result: SeriesResult) -> ObserverContext:
    model = result.model
    return ObserverContext(
        observer_type=_DEVICE,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=make_uid("device", model.name, model.version, model.weights_digest),
            name=model.name,
            manufacturer_name=MANUFACTURER,
            model_name=model.name,
            serial_number=model.weights_digest,
        ),
    )


def _algorithm(result: SeriesResult) -> AlgorithmIdentification:
    model = result.model
    return AlgorithmIdentification(
        name=f"Tumorscope {model.name}",
        version=model.version,
        parameters=[
            f"weights SHA-256: {model.weights_digest}",
            f"threshold of tumor_probability: {result.threshold_probability!r}",
            f"sequences: {', '.join(result.stack.sequences)}",
            RESEARCH_USE,
        ],
        family=_INTELLIGENCE,
    )


def _series_group(
    result: SeriesResult, key: str
) -> MeasurementsAndQualitativeEvaluations:
    values = np.array([one.tumor_probability for one in result.slices])
    above = int((values > result.threshold_probability).sum())
    referred = sum(one.decision == "refer" for one in result.slices)
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=make_uid(key, "series"), identifier="whole series"
        ),
        algorithm_id=_algorithm(result),
        finding_sites=[FindingSite(_BRAIN)],
        measurements=[
            Measurement(
                PROBABILITY, float(values.max()), _NO_UNITS, derivation=_MAXIMUM
            ),
            Measurement(PROBABILITY, float(values.mean()), _NO_UNITS, derivation=_MEAN),
            Measurement(THRESHOLD, result.threshold_probability, _NO_UNITS),
            Measurement(SCORED, len(values), _SLICES),
            Measurement(ABOVE_COUNT, above, _SLICES),
            Measurement(REFERRED_COUNT, referred, _SLICES),
        ],
    )


def _slice_group(
    one: SliceResult, result: SeriesResult, frame: FrameReference | None, key: str
) -> MeasurementsAndQualitativeEvaluations:
    position_mm = float(result.stack.positions_mm[one.index])
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=make_uid(key, "slice", str(one.index)),
            identifier=f"slice {one.index} at {position_mm:.2f} mm",
        ),
        algorithm_id=_algorithm(result),
        finding_sites=[FindingSite(_BRAIN)],
        measurements=[
            Measurement(PROBABILITY, one.tumor_probability, _NO_UNITS),
            Measurement(THRESHOLD, result.threshold_probability, _NO_UNITS),
        ],
        qualitative_evaluations=[
            QualitativeEvaluation(DECISION, DECISIONS[one.decision])
        ],
        source_images=None if frame is None else [_source_image(frame)],
    )


def _source_image(frame: FrameReference) -> SourceImageForMeasurementGroup:
    return SourceImageForMeasurementGroup(
        referenced_sop_class_uid=frame.head.SOPClassUID,
        referenced_sop_instance_uid=frame.head.SOPInstanceUID,
        referenced_frame_numbers=None if frame.frame is None else [frame.frame],
    )
