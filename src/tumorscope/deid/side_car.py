"""JSON beside a volume (BIDS): listed technical keys stay, everything else goes."""

from __future__ import annotations

import json
from typing import Any

from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys
from tumorscope.deid.outcome import Deidentified
from tumorscope.deid.vocabulary import allowed_words

KEPT_NUMBERS = frozenset(
    [
        "AcquisitionMatrixPE",
        "AcquisitionNumber",
        "BandwidthPerPixelPhaseEncode",
        "BaseResolution",
        "DwellTime",
        "EchoNumber",
        "EchoSpacing",
        "EchoTime",
        "EchoTrainLength",
        "EffectiveEchoSpacing",
        "FlipAngle",
        "ImagingFrequency",
        "InversionTime",
        "MagneticFieldStrength",
        "MultibandAccelerationFactor",
        "NumberOfAverages",
        "ParallelReductionFactorInPlane",
        "PartialFourier",
        "PercentPhaseFOV",
        "PercentSampling",
        "PhaseEncodingSteps",
        "PixelBandwidth",
        "ReconMatrixPE",
        "RepetitionTime",
        "SAR",
        "SliceThickness",
        "SliceTiming",
        "SpacingBetweenSlices",
        "TotalReadoutTime",
        "ImageOrientationPatientDICOM",
        "ShimSetting",
        "TxRefAmp",
    ]
)
KEPT_CODES = frozenset(
    [
        "BodyPartExamined",
        "ConversionSoftware",
        "ImageType",
        "InPlanePhaseEncodingDirectionDICOM",
        "Manufacturer",
        "ManufacturersModelName",
        "Modality",
        "MRAcquisitionType",
        "PatientPosition",
        "PhaseEncodingDirection",
        "PulseSequenceDetails",
        "ScanningSequence",
        "ScanOptions",
        "SequenceVariant",
    ]
)
DESCRIPTIONS = frozenset(("ProtocolName", "SeriesDescription", "SequenceName"))
UIDS = frozenset(("SeriesInstanceUID", "StudyInstanceUID", "SOPInstanceUID"))


def deidentify_side_car(
    content: bytes, keys: PatientKeys, tokens: IdentityTokens, *, name: str
) -> Deidentified:
    """Return a side-car with listed keys only.

    Args:
        content: The JSON file.
        keys: The patient's replacements.
        tokens: What is known of the patient.
        name: Path of the source below the input, without ending.

    Raises:
        MalformedFileError: If it is no JSON object.
    """
    try:
        source = json.loads(content)
    except (ValueError, RecursionError):
        raise MalformedFileError("bad-json") from None
    if not isinstance(source, dict):
        raise MalformedFileError("bad-json")
    kept: dict[str, Any] = {}
    counts: dict[tuple[str, str], int] = {}
    for key, value in source.items():
        new = _clean(key, value, keys, tokens)
        if new is not None:
            kept[key] = new
        if new != value:
            # The key of a foreign file may itself be a name: only listed ones are told.
            told = key if new is not None else "keys that are not listed"
            action = "cleaned" if new is not None else "X"
            counts[told, action] = counts.get((told, action), 0) + 1
    return Deidentified(
        content=(json.dumps(kept, indent=1) + "\n").encode(),
        folders=(),
        name=keys.name_file("volume", name) + ".json",
        counts=counts,
        group="side-cars",
    )


def _clean(key: str, value: Any, keys: PatientKeys, tokens: IdentityTokens) -> Any:
    if key in KEPT_NUMBERS:
        return value if _is_numeric(value) else None
    if key in UIDS and isinstance(value, str):
        return keys.replace_uid(value)
    if key in DESCRIPTIONS and isinstance(value, str):
        return allowed_words(value, tokens.words) or None
    if key in KEPT_CODES:
        texts = value if isinstance(value, list) else [value]
        if all(isinstance(one, str) and not tokens.stand_in(one) for one in texts):
            return value
    return None


def _is_numeric(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_numeric(one) for one in value)
    return isinstance(value, int | float)
