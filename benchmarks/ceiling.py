"""Measure what the machine can do at best: matrix product, convolution, memory copy.

A network is judged by its share of the best rate of its precision. One thread, processor
time, so that other jobs disturb little; a GPU is measured by its own clock.

    python benchmarks/ceiling.py [--device cpu|cuda] [--json FILE]
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from reporting import Figure, make_result, median_figure, report
from stopwatch import take_stamp
from torch.nn import functional

from tumorscope.learning.hardware import has_native_bf16

FORWARD_GFLOP, TRAINING_GFLOP = 2.67, 7.9
"""Of ResNet50 with the stride-2 stem at 128 x 128, multiply and add counted apart."""
SHAPES = ((64, 32), (128, 16), (256, 8), (512, 4))
"""Channels and side of the network's 3 x 3 convolutions at 128 x 128."""


def seconds_of(action: Callable[[], object], device: str, repeats: int) -> list[float]:
    """Return the seconds of each repetition; the first is dropped."""
    found = []
    for _ in range(repeats + 1):
        start = take_stamp(device)
        action()
        spent = take_stamp(device) - start
        found.append(spent.wall_s if device == "cuda" else spent.processor_s)
    return found[1:]


def product_rates(
    device: str, kind: torch.dtype, *, side: int, repeats: int
) -> list[float]:
    """Return GFLOP/s of a square matrix product."""
    one = torch.rand(side, side, device=device).to(kind)
    work = 2 * side**3 / 1e9
    return [work / each for each in seconds_of(lambda: one @ one, device, repeats)]


def convolution_rates(
    device: str, kind: torch.dtype, *, batch: int, repeats: int
) -> list[float]:
    """Return GFLOP/s of the fastest 3 x 3 convolution among the network's own."""
    best: list[float] = [0.0]
    for channels, side in SHAPES:
        images = torch.rand(batch, channels, side, side, device=device).to(kind)
        images = images.contiguous(memory_format=torch.channels_last)
        kernel = torch.rand(channels, channels, 3, 3, device=device).to(kind)
        kernel = kernel.contiguous(memory_format=torch.channels_last)
        work = 2 * 9 * batch * channels**2 * side**2 / 1e9

        def run(images: torch.Tensor = images, kernel: torch.Tensor = kernel) -> object:
            return functional.conv2d(images, kernel, padding=1)

        rates = [work / each for each in seconds_of(run, device, repeats)]
        best = max(best, rates, key=statistics.median)
    return best


def copy_rates(device: str, *, repeats: int) -> list[float]:
    """Return GB/s of a copy, bytes read and written."""
    source = torch.zeros(1 << 28, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    work = 2 * source.numel() / 1e9
    return [
        work / each
        for each in seconds_of(lambda: target.copy_(source), device, repeats)
    ]


def measure_ceiling(device: str, *, bf16: bool, repeats: int = 7) -> list[Figure]:
    """Return the best rates of the device.

    Args:
        device: "cpu" or "cuda".
        bf16: Whether it multiplies bf16, which is then measured, too.
        repeats: Of each measurement.
    """
    side, batch = (8192, 256) if device == "cuda" else (1024, 32)
    figures = []
    kinds = {"fp32": torch.float32} | ({"bf16": torch.bfloat16} if bf16 else {})
    for name, kind in kinds.items():
        product = product_rates(device, kind, side=side, repeats=repeats)
        convolution = convolution_rates(device, kind, batch=batch, repeats=repeats)
        figures += [
            median_figure(f"matrix product, {name}", product, unit="GFLOP/s"),
            median_figure(f"best convolution, {name}", convolution, unit="GFLOP/s"),
        ]
    return [
        *figures,
        median_figure("memory copy", copy_rates(device, repeats=repeats), unit="GB/s"),
    ]


def best_rate(figures: Sequence[Figure], precision: str) -> float:
    """Return the best GFLOP/s of a precision."""
    return max(each.value for each in figures if each.name.endswith(precision))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    bf16 = options.device == "cuda" or has_native_bf16()
    figures = measure_ceiling(options.device, bf16=bf16, repeats=options.repeats)
    report(make_result("ceiling", figures), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
