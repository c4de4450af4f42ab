"""An exported graph, run by OpenVINO."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from tumorscope.domain.engine import CLASS_MAP, LOGIT
from tumorscope.domain.errors import BundleError
from tumorscope.domain.export_spec import Precision

RT_INFO = "tumorscope"
"""Section of the model's run-time information that holds the metadata."""
# Without a hint OpenVINO computes in bf16 wherever the CPU can, whatever the file says.
_HINTS: dict[Precision, str] = {"fp32": "f32", "bf16": "bf16", "int8": "f32"}


class OpenVinoEngine:
    """Runs a graph on the CPU."""

    def __init__(
        self,
        structure: bytes | memoryview,
        constants: bytes | memoryview,
        *,
        precision: Precision = "fp32",
        threads: int = 0,
        streams: int = 1,
    ) -> None:
        """Load and compile a graph.

        Args:
            structure: Content of the XML file.
            constants: Content of the BIN file.
            precision: Numbers to compute in. A CPU that does not multiply bf16 computes
                such a graph in 32 bit, which is more exact and slower.
            threads: Threads of one pass; 0 takes all cores.
            streams: Passes that `run` may be called for at once, from as many threads.

        Raises:
            BundleError: If OpenVINO cannot use the graph.
        """
        config = _config(precision, threads=threads, streams=streams)
        core = openvino.Core()
        # The graph refers to this memory: it must live as long as the engine.
        self._constants = _as_array(constants)
        tensor = openvino.Tensor(self._constants, shared_memory=True)
        try:
            self._model = core.read_model(bytes(structure).decode(), tensor)
            self._compiled = core.compile_model(self._model, "CPU", config)
        except RuntimeError as error:
            raise BundleError(
                f"OpenVINO cannot load the engine: {str(error)[:300]}"
            ) from error
        self._requests: SimpleQueue[Any] = SimpleQueue()
        for _ in range(streams):
            self._requests.put(self._compiled.create_infer_request())

    @property
    def metadata(self) -> dict[str, str]:
        """What the graph says of itself, see `graph_metadata`."""
        if not self._model.has_rt_info(RT_INFO):
            return {}
        section = self._model.get_rt_info([RT_INFO]).value
        return {str(key): str(value) for key, value in section.items()}

    def run(
        self, images: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Score a batch.

        Args:
            images: Shape (batch, 3, height, width), float32, in [-1, 1].

        Returns:
            Tumor logit, shape (batch,), and class activation map, shape (batch, h, w),
            both float32; the mean of the map is the logit.
        """
        request = self._requests.get()
        try:
            found = request.infer([np.ascontiguousarray(images)])
            # Copies: the request writes its next answer into the same memory.
            return np.array(found[LOGIT]), np.array(found[CLASS_MAP])
        finally:
            self._requests.put(request)


def _config(precision: Precision, *, threads: int, streams: int) -> dict[str, Any]:
    config: dict[str, Any] = {"INFERENCE_PRECISION_HINT": _HINTS[precision]}
    if threads:
        config["INFERENCE_NUM_THREADS"] = threads * streams
    if streams > 1:
        # Other processes prepare slices meanwhile: the system deals the cores best.
        config |= {"NUM_STREAMS": streams, "ENABLE_CPU_PINNING": False}
    return config


def _as_array(constants: bytes | memoryview) -> NDArray[np.uint8]:
    """Return the constants without a copy where their memory is writable, as mapped."""
    view = np.frombuffer(constants, np.uint8)
    return view if view.flags.writeable else view.copy()
