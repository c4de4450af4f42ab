"""An ONNX graph as the files of an OpenVINO engine."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from tumorscope.inference.openvino_engine import RT_INFO
from tumorscope.preprocessing import to_network_input

STRUCTURE, CONSTANTS = "model.xml", "model.bin"


def make_openvino(
    graph: bytes,
    metadata: Mapping[str, str],
    *,
    calibration: NDArray[np.uint8] | None,
) -> dict[str, bytes]:
    """Return the files of an OpenVINO engine.

    Constants stay in 32 bit, also for bf16: they are rounded once, by the runtime.

    Args:
        graph: As returned by `to_onnx`.
        metadata: What the graph says of itself.
        calibration: Prepared training slices, shape (slices, size, size, 3), uint8, that
            fix the ranges of int8; None keeps float32.

    Returns:
        Content by file name.
    """
    model = openvino.Core().read_model(graph)
    if calibration is not None:
        model = _quantize(model, calibration)
    for key, value in metadata.items():
        model.set_rt_info(value, [RT_INFO, key])
    with TemporaryDirectory() as folder:
        structure, constants = Path(folder) / STRUCTURE, Path(folder) / CONSTANTS
        openvino.serialize(model, structure, constants)
        return {
            STRUCTURE: structure.read_bytes(),
            CONSTANTS: constants.read_bytes(),
        }


def _quantize(model: openvino.Model, calibration: NDArray[np.uint8]) -> openvino.Model:
    """Return the model with 8-bit convolutions; the linear head stays in float32."""
    samples = [np.ascontiguousarray(to_network_input(one[None])) for one in calibration]
    # NNCF draws its own bar on stdout, which belongs to the command's answer.
    with redirect_stdout(sys.stderr):
        # By name: only int8 needs it, and it brings much along.
        nncf: Any = import_module("nncf")
        return nncf.quantize(
            model,
            nncf.Dataset(samples),
            subset_size=len(samples),
            preset=nncf.QuantizationPreset.MIXED,
            # Some versions write the head as a matrix product before they look.
            ignored_scope=nncf.IgnoredScope(
                types=["Einsum", "MatMul", "ReduceMean"], validate=False
            ),
        )
