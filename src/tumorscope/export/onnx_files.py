"""An ONNX graph as the file of an ONNX Runtime engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from tumorscope.domain.engine import INPUT
from tumorscope.preprocessing import to_network_input

FILE = "model.onnx"


class SliceReader(CalibrationDataReader):  # type: ignore[misc] # untyped package
    """Hands slices to the quantizer, one at a time."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        """Keep prepared slices, shape (slices, size, size, 3), uint8."""
        self._feeds = self._feed(pixels)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Return the next slice as the graph's input; None after the last one."""
        return next(self._feeds, None)

    @staticmethod
    def _feed(pixels: NDArray[np.uint8]) -> Iterator[dict[str, NDArray[np.float32]]]:
        for one in pixels:
            yield {INPUT: np.ascontiguousarray(to_network_input(one[None]))}


def make_onnx(
    graph: bytes,
    metadata: Mapping[str, str],
    *,
    calibration: NDArray[np.uint8] | None,
) -> dict[str, bytes]:
    """Return the file of an ONNX Runtime engine.

    Args:
        graph: As returned by `to_onnx`.
        metadata: What the graph says of itself.
        calibration: Prepared training slices, shape (slices, size, size, 3), uint8, that
            fix the ranges of int8; None keeps float32.

    Returns:
        Content by file name.
    """
    model = onnx.load_from_string(graph)
    if calibration is not None:
        model = _quantize(model, calibration)
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    return {FILE: model.SerializeToString()}


def _quantize(
    model: onnx.ModelProto, calibration: NDArray[np.uint8]
) -> onnx.ModelProto:
    """Return the model with 8-bit convolutions; sums and the head stay in float32.

    Weights keep 7 bits: CPUs without VNNI add pairs of products in 16 bits, which
    overflow with 8, so that scores would depend on the machine. Sums of two
    branches stay in float32: in 8 bits they changed more decisions on brain MRI.
    """
    with TemporaryDirectory() as folder:
        source, shaped, quantized = (
            Path(folder) / name for name in ("fp32.onnx", "shaped.onnx", "int8.onnx")
        )
        onnx.save(model, source)
        # The graph is folded already; this adds the shapes that the quantizer asks for.
        quant_pre_process(
            source, shaped, skip_optimization=True, skip_symbolic_shape=True
        )
        quantize_static(
            shaped,
            quantized,
            SliceReader(calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(quantized)
