"""What an exported engine is, and how far its scores may lie from the bundle's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tumorscope.domain.spec import Spec

Target = Literal["onnx", "openvino"]
Precision = Literal["fp32", "bf16", "int8"]
Share = Annotated[float, Field(ge=0, le=1)]


class Tolerance(Spec):
    """How far an engine may differ from the bundle before its export fails.

    An engine of full precision computes the same numbers, so that its probabilities are
    compared one by one. A reduced one computes others on purpose: what counts is whether
    decisions and the order of the slices stay.
    """

    probability_difference: Share = 1e-4
    """fp32: largest difference of a tumor_probability."""
    decision_change: Share = 0.005
    """bf16 and int8: largest share of slices on the other side of the threshold."""
    auroc_change: Share = 0.002
    """bf16 and int8: largest change of the AUROC to either side."""


class ExportSpec(Spec):
    """Which engine is made, and what it has to prove."""

    target: Target
    """`openvino`: the fastest on a CPU. `onnx`: runs on many runtimes."""
    precision: Precision = "fp32"
    """`fp32`; `bf16` (OpenVINO, on a CPU that multiplies it); `int8`, calibrated on
    training slices."""
    calibration_slices: Annotated[int, Field(ge=8, le=10_000)] = 300
    """int8: most training slices that calibrate the ranges, spread over the patients."""
    tolerance: Tolerance = Tolerance()
    """How far the scores may differ."""
    waiver: str = ""
    """Why an engine beyond the tolerance is kept nevertheless; empty: it is refused."""
    bootstrap_draws: Annotated[int, Field(ge=100, le=100_000)] = 2000
    """Draws of the bootstrap over patients, for the intervals."""
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Confidence level of the intervals."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the bootstrap."""

    @property
    def name(self) -> str:
        """Name of the engine, as `predict --engine` takes it: "openvino-int8"."""
        return f"{self.target}-{self.precision}"
