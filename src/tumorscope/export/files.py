"""From a graph to the files of an engine, by the tools of its runtime."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.export_spec import ExportSpec
from tumorscope.learning.hardware import has_native_bf16

# torch writes its graphs with the help of onnx, whatever they are for.
TOOLS = {
    "onnx-fp32": ("onnx", "onnxruntime"),
    "onnx-int8": ("onnx", "onnxruntime"),
    "openvino-fp32": ("onnx", "openvino"),
    "openvino-bf16": ("onnx", "openvino"),
    "openvino-int8": ("onnx", "openvino", "nncf"),
}


def check_tools(spec: ExportSpec, *, native_bf16: bool | None = None) -> None:
    """Refuse an engine that cannot be made or compared on this machine.

    Args:
        spec: The wanted engine.
        native_bf16: Whether the CPU multiplies bf16; found out unless given.

    Raises:
        ConfigError: With what is missing, and how to get it.
    """
    if spec.name not in TOOLS:
        raise ConfigError(
            f"{spec.name}: ONNX Runtime has no {spec.precision} convolution on a CPU; "
            f"choose one of {', '.join(TOOLS)}"
        )
    missing = [name for name in TOOLS[spec.name] if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"{spec.name} needs {' and '.join(missing)}: pip install "
            f"'tumorscope[{spec.target}]'"
        )
    is_native = has_native_bf16() if native_bf16 is None else native_bf16
    if spec.precision == "bf16" and not is_native:
        raise ConfigError(
            "this CPU does not multiply bf16 (it has neither AVX-512 BF16 nor AMX): "
            "OpenVINO would compute in 32 bit, and nothing could be compared; export on "
            "the machine that is going to score, or choose fp32 or int8"
        )


def make_files(
    graph: bytes,
    spec: ExportSpec,
    *,
    metadata: Mapping[str, str],
    calibration: NDArray[np.uint8] | None,
) -> dict[str, bytes]:
    """Return the files of an engine.

    Args:
        graph: As returned by `to_onnx`.
        spec: The wanted engine, accepted by `check_tools`.
        metadata: What the graph says of itself.
        calibration: int8: prepared training slices, shape (slices, size, size, 3), uint8.

    Returns:
        Content by file name.

    Raises:
        ConfigError: If int8 has no slices to calibrate on.
    """
    if (spec.precision == "int8") != (calibration is not None):
        raise ConfigError(
            "int8, and nothing else, is calibrated on training slices: export from the "
            "run that holds them"
        )
    # By name: each tool is optional.
    tool: Any = import_module(f"tumorscope.export.{spec.target}_files")
    make = tool.make_onnx if spec.target == "onnx" else tool.make_openvino
    files: dict[str, bytes] = make(graph, metadata, calibration=calibration)
    return files
