"""What the model says of one slice, decided by the rules of its card."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.calibration import (
    LABELS,
    ConformalLevel,
    ConformalSets,
    possible_labels,
)
from tumorscope.evaluation.rule_words import promise_reason, referral_reasons
from tumorscope.inference.predictor import Predictor, Scores
from tumorscope.input_gate.judging import Outcome

Decision = Literal["above threshold", "not above", "refer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """The labels that stay possible at one level.

    Attributes:
        level: For each true label, the promised share of new patients' slices whose set
            holds it.
        labels: Of "no_tumor" and "tumor"; None where the level cannot be promised.
        reason: Why it cannot be promised; empty where it can.
    """

    level: float
    labels: tuple[str, ...] | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicePrediction:
    """What the model says of one file, or of one slice of a series.

    Attributes:
        image: Path as given; for a slice of a series, its label and number.
        tumor_probability: Calibrated score in [0, 1], or None where the file was refused.
        threshold_probability: The bundle's threshold.
        above_threshold: Whether the score is greater than the threshold; None where the
            file was refused.
        decision: "above threshold", "not above", or "refer" to a reader; None where the
            file was refused.
        reasons: Why it is referred, or what else a reader must know; often none.
        label_sets: Labels that stay possible, at each level of the bundle.
        deciding_level: The level whose set decides on a referral; None where no level
            can be promised.
        refused: Why there is no score; empty where there is one.
        slice_index: Rank in its series, from 0 (lowest) upwards; None for an image file.
        position_mm: Position along the head, growing upwards; None for an image file.
        input_check: What the input gate says: "accept", "flag" (the score stands under a
            warning), "refuse" (there is none); None without a gate, or where the file
            could not be read.
        input_reasons: Why the gate flags or refuses.
    """

    image: str
    tumor_probability: float | None
    threshold_probability: float
    above_threshold: bool | None
    decision: Decision | None = None
    reasons: tuple[str, ...] = ()
    label_sets: tuple[LabelSet, ...] = ()
    deciding_level: float | None = None
    refused: str = ""
    slice_index: int | None = None
    position_mm: float | None = None
    input_check: Outcome | None = None
    input_reasons: tuple[str, ...] = ()

    @property
    def deciding_labels(self) -> tuple[str, ...] | None:
        """The labels that stay possible at the deciding level; None without one."""
        for one in self.label_sets:
            if one.level == self.deciding_level:
                return one.labels
        return None


def score_slice(
    predictor: Predictor, pixels: NDArray[Any], *, image: str
) -> SlicePrediction:
    """Pass one decoded slice through the input gate, then score and decide it.

    Args, answer and errors are those of `score_with_map`, whose map is left out.
    """
    return score_with_map(predictor, pixels, image=image)[0]


def score_with_map(
    predictor: Predictor, pixels: NDArray[Any], *, image: str
) -> tuple[SlicePrediction, NDArray[np.float32] | None]:
    """Score one decoded slice and keep its class map.

    Args:
        predictor: Whose gate, network and rules hold.
        pixels: Shape (height, width) or (height, width, 3), uint8 or uint16.
        image: What the answer calls it.

    Returns:
        The answer, and the class map, shape (h, w), float32, whose mean is the logit. The
        answer has no score, and there is no map, where the gate refuses the slice.

    Raises:
        DataError: If the slice is blank or has another shape.
    """
    gate = predictor.judge_input(pixels)
    class_map = None
    if gate is not None and gate.outcome == "refuse":
        words = "; ".join(gate.reasons)
        entry = refuse_slice(predictor, image=image, reason=f"input gate: {words}")
    else:
        scores = predictor.score(pixels)
        entry = decide_slice(predictor, scores, image=image)
        class_map = scores.class_map[0]
    if gate is not None:
        entry = replace(entry, input_check=gate.outcome, input_reasons=gate.reasons)
    return entry, class_map


def decide_slice(
    predictor: Predictor, scores: Scores, *, image: str
) -> SlicePrediction:
    """Decide on one scored slice.

    Args:
        predictor: Whose rules hold.
        scores: Of this slice alone.
        image: What the answer calls it.
    """
    card, found = predictor.card, predictor.decide(scores)
    deciding = card.conformal.deciding
    above = bool(found.is_above[0])
    reasons = tuple(referral_reasons(found, card, 0))
    by_threshold: Decision = "above threshold" if above else "not above"
    return SlicePrediction(
        image=image,
        tumor_probability=float(scores.tumor_probability[0]),
        threshold_probability=predictor.threshold_probability,
        above_threshold=above,
        decision="refer" if reasons else by_threshold,
        reasons=reasons,
        label_sets=tuple(
            _label_set(one, card.conformal, scores)
            for one in card.conformal.known_levels
        ),
        deciding_level=None if deciding is None else deciding.level,
    )


def _label_set(
    level: ConformalLevel, conformal: ConformalSets, scores: Scores
) -> LabelSet:
    reason = promise_reason(level, conformal)
    if reason:
        return LabelSet(level=level.level, labels=None, reason=reason)
    stays = possible_labels(scores.tumor_probability, level)[0]
    labels = tuple(label for label, kept in zip(LABELS, stays, strict=True) if kept)
    return LabelSet(level=level.level, labels=labels)


def refuse_slice(predictor: Predictor, *, image: str, reason: str) -> SlicePrediction:
    """Answer for a slice that has no score."""
    return SlicePrediction(
        image=image,
        tumor_probability=None,
        threshold_probability=predictor.threshold_probability,
        above_threshold=None,
        refused=reason,
    )
