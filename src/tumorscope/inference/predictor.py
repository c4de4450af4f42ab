"""From pixels to a tumor probability: the same steps for a test part and a new file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.calibration import (
    Decisions,
    LogitCalibration,
    calibrate,
    decide,
)
from tumorscope.domain.card import BundleCard
from tumorscope.domain.errors import DataError
from tumorscope.domain.progress import Progress, silent
from tumorscope.input_gate.judging import GateOutcome, InputGate
from tumorscope.preprocessing import prepare_slice, to_network_input


class Engine(Protocol):
    """Runs a network: images in, logit and class map out."""

    def run(
        self, images: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Score a batch of shape (batch, 3, height, width), float32, in [-1, 1]."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What the network says of some slices.

    Attributes:
        logit: Shape (slices,), float64: tumor minus no tumor, as the network gives it.
        tumor_probability: Shape (slices,), float64, in [0, 1], calibrated.
        class_map: Shape (slices, h, w), float32; its mean is the logit.
    """

    logit: NDArray[np.float64]
    tumor_probability: NDArray[np.float64]
    class_map: NDArray[np.float32]


class Predictor:
    """A bundle's gate, preprocessing, network, calibration and decision rules as one."""

    def __init__(
        self, card: BundleCard, engine: Engine, gate: InputGate | None = None
    ) -> None:
        """Keep the card, the engine that runs its network, and the input gate, if any."""
        self.card = card
        self._engine = engine
        self.gate = gate

    @property
    def threshold_probability(self) -> float:
        """A slice is positive when its tumor_probability is greater than this."""
        return self.card.threshold.threshold_probability

    def judge_input(self, pixels: NDArray[Any]) -> GateOutcome | None:
        """Say whether a decoded slice should be scored; None without an input gate.

        Args:
            pixels: Shape (height, width) or (height, width, 3), uint8 or uint16.

        Raises:
            DataError: If the slice has another shape.
        """
        return None if self.gate is None else self.gate.judge(pixels)

    def score(self, pixels: NDArray[Any]) -> Scores:
        """Score one decoded slice.

        Args:
            pixels: Shape (height, width) or (height, width, 3), uint8 or uint16.

        Returns:
            Scores of one slice.

        Raises:
            DataError: If the slice is blank or has another shape.
        """
        prepared = prepare_slice(pixels, self.card.preprocess)
        return self.score_prepared(prepared.pixels[None])

    def score_prepared(
        self,
        pixels: NDArray[np.uint8],
        *,
        batch_size: int = 32,
        progress: Progress = silent,
    ) -> Scores:
        """Score prepared slices with this predictor's engine; see `score_prepared`."""
        return score_prepared(
            self._engine,
            pixels,
            calibration=self.card.calibration,
            batch_size=batch_size,
            progress=progress,
        )

    def decide(self, scores: Scores) -> Decisions:
        """Decide on scored slices by the card's rules, or refer them to a reader."""
        return decide(
            scores.tumor_probability,
            threshold_probability=self.threshold_probability,
            conformal=self.card.conformal,
            referral=self.card.referral,
        )


def score_prepared(
    engine: Engine,
    pixels: NDArray[np.uint8],
    *,
    calibration: LogitCalibration | None = None,
    batch_size: int = 32,
    progress: Progress = silent,
) -> Scores:
    """Score prepared slices, as the pixel store holds them.

    Args:
        engine: Runs the network.
        pixels: Shape (slices, size, size, 3), uint8.
        calibration: From logit to probability; None takes the logit as it is.
        batch_size: Slices in one pass.
        progress: Shows how far the scoring got.

    Returns:
        Scores in the order of the slices.

    Raises:
        DataError: If there is no slice.
    """
    if not len(pixels):
        raise DataError("no slices to score")
    starts = range(0, len(pixels), batch_size)
    results = [
        engine.run(to_network_input(pixels[start : start + batch_size]))
        for start in progress(starts, total=len(starts), label="scoring batches")
    ]
    logit = np.concatenate([one for one, _ in results]).astype(np.float64)
    return Scores(
        logit=logit,
        tumor_probability=calibrate(logit, calibration or LogitCalibration()),
        class_map=np.concatenate([one for _, one in results]),
    )
