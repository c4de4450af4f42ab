"""Accept, flag or refuse a slice, with reasons in words: numpy and OpenCV only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.gate_spec import GateRules
from tumorscope.input_gate.checks import Finding, find_faults
from tumorscope.input_gate.distance import DistanceModel
from tumorscope.input_gate.features import SliceFeatures, describe_picture
from tumorscope.input_gate.outline import measure_outline
from tumorscope.input_gate.picture import frame_slice

Outcome = Literal["accept", "flag", "refuse"]
CHECK_SCORE = 1.0
"""What each failed check adds to the gate score, in multiples of the flag distance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the gate sees of a slice.

    Attributes:
        findings: Fixed checks that it fails.
        features: What its distance is measured in.
    """

    findings: tuple[Finding, ...]
    features: SliceFeatures


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOutcome:
    """What the gate says of a slice.

    Attributes:
        outcome: "accept"; "flag", the score is shown with a warning; or "refuse", there is
            no score.
        reasons: Why it is flagged or refused; empty where it is accepted.
        distance: From the training data; 1 is the median tuning slice.
        score: The larger, the more foreign: distance over the flagging one, and one more
            for each failed check, two where it refuses; checks that training slices fail
            too add nothing.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    distance: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InputGate:
    """The gate of one bundle.

    Attributes:
        rules: Cut-offs, and which fixed checks count.
        model: Where the training data lie.
    """

    rules: GateRules
    model: DistanceModel

    def judge(self, pixels: NDArray[Any]) -> GateOutcome:
        """Judge a slice as it was decoded.

        Args:
            pixels: Shape (height, width) or (height, width, 3), uint8 or uint16.

        Returns:
            The outcome with its reasons.

        Raises:
            DataError: If the shape is another one.
        """
        described = describe_slice(pixels, sequences=self.rules.sequences)
        return decide_outcome(
            self.rules,
            described.findings,
            distance=self.model.distance(described.features),
        )


def describe_slice(pixels: NDArray[Any], *, sequences: int) -> Description:
    """Return checks and features of a slice as it was decoded.

    Args:
        pixels: Shape (height, width) or (height, width, 3), uint8 or uint16.
        sequences: 1 or 3: how many a slice of the training data has.

    Raises:
        DataError: If the shape is another one.
    """
    if pixels.ndim != 2 and (pixels.ndim != 3 or pixels.shape[2] != 3):
        raise DataError(f"a slice has 1 or 3 channels; found shape {pixels.shape}")
    picture = frame_slice(pixels)
    outline = measure_outline(picture.foreground)
    return Description(
        findings=find_faults(picture, outline, sequences=sequences),
        features=describe_picture(picture, outline, sequences=sequences),
    )


def decide_outcome(
    rules: GateRules, findings: tuple[Finding, ...], *, distance: float
) -> GateOutcome:
    """Put checks and distance together.

    Args:
        rules: Cut-offs, and which checks count.
        findings: Fixed checks that the slice fails.
        distance: From the training data.
    """
    told = [one for one in findings if one.check not in rules.silent]
    refusing = [
        one
        for one in told
        if one.severity == "refuse" and one.check not in rules.lenient
    ]
    far = rules.refuse_distance
    is_far = far is not None and distance > far
    reasons = [one.reason for one in told]
    if distance > rules.flag_distance:
        reasons.append(
            f"unlike the training slices: {distance / rules.flag_distance:.1f} times the "
            "distance that flags"
        )
    outcome: Outcome = "flag" if reasons else "accept"
    if refusing or is_far:
        outcome = "refuse"
    score = distance / rules.flag_distance
    sharp = [one for one in told if one.check not in rules.lenient]
    return GateOutcome(
        outcome=outcome,
        reasons=tuple(reasons),
        distance=distance,
        score=score + CHECK_SCORE * (len(sharp) + len(refusing)),
    )
