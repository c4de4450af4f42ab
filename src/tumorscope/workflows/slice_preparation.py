"""Slices -> what the network takes and what the gate says, in worker processes.

Decoding, the input gate and preprocessing of one slice cost as much processor time as a
fast engine: they run beside it, in processes of their own. This module imports nothing else,
so that a worker starts quickly and stays small.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tumorscope.domain.errors import DataError
from tumorscope.domain.preprocess_spec import PreprocessSpec
from tumorscope.input_gate.judging import GateOutcome, InputGate
from tumorscope.io.images import decode_image, read_image
from tumorscope.io.scan_files import ScanFile, read_content
from tumorscope.preprocessing import CHANNELS, prepare_slice


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceItem:
    """A slice that is to be prepared: a file, or pixels that were read already.

    Attributes:
        name: What the answer calls it.
        file: The image file, or the member of an archive.
        pixels: Shape (height, width) or (height, width, 3), uint8 or uint16.
        refused: Why it is not even to be read; empty otherwise.
        slice_index: Rank in its series; None for an image file.
        position_mm: Along the head; None for an image file.
    """

    name: str
    file: ScanFile | None = None
    pixels: NDArray[Any] | None = None
    refused: str = ""
    slice_index: int | None = None
    position_mm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedItem:
    """What is known of a slice before it is scored.

    Attributes:
        name: What the answer calls it.
        refused: Why it gets no score; empty where it gets one.
        gate: What the input gate says; None without a gate, or where it was not asked.
        slice_index: As in the item.
        position_mm: As in the item.
    """

    name: str
    refused: str
    gate: GateOutcome | None
    slice_index: int | None
    position_mm: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedBatch:
    """Some slices, ready for one pass of the network.

    Attributes:
        items: All of them, in order.
        pixels: Shape (slices, size, size, 3), uint8, of those that get a score.
    """

    items: tuple[PreparedItem, ...]
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicePreparer:
    """Gate and preprocessing of a bundle.

    Attributes:
        spec: Preprocessing.
        gate: The input gate; None where the bundle has none.
    """

    spec: PreprocessSpec
    gate: InputGate | None

    def prepare(self, items: Sequence[SliceItem]) -> PreparedBatch:
        """Decode, judge and prepare some slices."""
        found = [self._prepare(item) for item in items]
        size = self.spec.size_px
        pixels = [one for _, one in found if one is not None]
        empty = np.zeros((0, size, size, CHANNELS), dtype=np.uint8)
        return PreparedBatch(
            items=tuple(item for item, _ in found),
            pixels=np.stack(pixels) if pixels else empty,
        )

    def _prepare(
        self, item: SliceItem
    ) -> tuple[PreparedItem, NDArray[np.uint8] | None]:
        gate, reason, prepared = None, item.refused, None
        if not reason:
            try:
                pixels = _read(item)
                gate = None if self.gate is None else self.gate.judge(pixels)
                reason = _gate_reason(gate)
                if not reason:
                    prepared = prepare_slice(pixels, self.spec).pixels
            except DataError as error:
                # A slice that could not be read was not judged either.
                gate, reason = None, str(error)
        return (
            PreparedItem(
                name=item.name,
                refused=reason,
                gate=gate,
                slice_index=item.slice_index,
                position_mm=item.position_mm,
            ),
            prepared,
        )


def _gate_reason(gate: GateOutcome | None) -> str:
    if gate is None or gate.outcome != "refuse":
        return ""
    return f"input gate: {'; '.join(gate.reasons)}"


def _read(item: SliceItem) -> NDArray[Any]:
    if item.pixels is not None:
        return item.pixels
    if item.file is None:
        raise TypeError(f"{item.name}: neither a file nor pixels")
    if item.file.member is None:
        return read_image(item.file.path)
    name = item.file.name.rpartition("/")[2]
    return decode_image(read_content(item.file), name=name)


_of_this_worker: list[SlicePreparer] = []
"""Filled once by `start_worker`: a process pool passes nothing else to its calls."""


def start_worker(preparer: SlicePreparer) -> None:
    """Make this process a worker that ends with its parent, also if that is killed."""
    cv2.setNumThreads(1)
    threadpool_limits(1)
    _of_this_worker[:] = [preparer]
    threading.Thread(target=_end_with_parent, daemon=True).start()


def prepare_in_worker(items: Sequence[SliceItem]) -> PreparedBatch:
    """Prepare some slices in a process that `start_worker` began."""
    return _of_this_worker[0].prepare(items)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
