"""An exported graph, run by ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidGraph,
    InvalidProtobuf,
    NotImplemented,  # noqa: A004 - the runtime's own name
    RuntimeException,
)

from tumorscope.domain.engine import CLASS_MAP, INPUT, LOGIT
from tumorscope.domain.errors import BundleError

# They have no common base but Exception.
_FAILURES = (Fail, InvalidGraph, InvalidProtobuf, NotImplemented, RuntimeException)


class OnnxEngine:
    """Runs a graph on the CPU."""

    def __init__(self, graph: bytes | memoryview, *, threads: int = 0) -> None:
        """Load a graph.

        Args:
            graph: Content of an ONNX file.
            threads: Threads of one pass; 0 takes all cores.

        Raises:
            BundleError: If ONNX Runtime cannot use the graph.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(
                bytes(graph), options, providers=["CPUExecutionProvider"]
            )
        except _FAILURES as error:
            raise BundleError(
                f"ONNX Runtime cannot load the engine: {str(error)[:300]}"
            ) from error

    @property
    def metadata(self) -> dict[str, str]:
        """What the graph says of itself, see `graph_metadata`."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

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
        feed = {INPUT: np.ascontiguousarray(images)}
        logit, class_map = self._session.run([LOGIT, CLASS_MAP], feed)
        return np.asarray(logit), np.asarray(class_map)
