"""Wall and processor time, live worker processes included."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

import psutil
import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A moment, or the time between two.

    Attributes:
        wall_s: Seconds on the clock.
        processor_s: Seconds of this process and of its live children; they grow little
            when the machine is busy, as long as one thread computes.
    """

    wall_s: float
    processor_s: float

    def __sub__(self, earlier: Stamp) -> Stamp:
        """Return the time since an earlier moment."""
        return Stamp(
            wall_s=self.wall_s - earlier.wall_s,
            processor_s=self.processor_s - earlier.processor_s,
        )


def take_stamp(device: str) -> Stamp:
    """Return the moment at which all work given to the device is done."""
    if device == "cuda":
        torch.cuda.synchronize()
    children = 0.0
    for child in psutil.Process().children(recursive=True):
        times = child.cpu_times()
        children += times.user + times.system
    return Stamp(wall_s=time.perf_counter(), processor_s=time.process_time() + children)


class StepClock:
    """Stamps the ends of chosen steps; others cost nothing."""

    def __init__(self, at: Collection[int], device: str) -> None:
        """Keep the numbers, from 1, of the steps to stamp."""
        self._at = frozenset(at)
        self._device = device
        self._steps = 0
        self.stamps: list[Stamp] = []

    def step(self) -> None:
        """Count one finished step."""
        self._steps += 1
        if self._steps in self._at:
            self.stamps.append(take_stamp(self._device))

    def elapsed(self) -> Stamp:
        """Return the time between the first and the last stamp."""
        return self.stamps[-1] - self.stamps[0]
