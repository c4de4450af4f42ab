"""Time training and scoring on one GPU, beside what the chip can do; also runs on a CPU.

Training goes through `tumorscope.learning.training.fit` on a store of random slices: what
costs time does not depend on the pixels. Each variant trains some epochs; the first, which
warms up and compiles, is told apart. Scoring is the network alone, on batches that are
on the device. Without a GPU the same code runs with sizes for a CPU, as a check.

    python benchmarks/gpu_training.py [--slices 3144] [--batch 256] [--json FILE]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from ceiling import FORWARD_GFLOP, TRAINING_GFLOP, best_rate, measure_ceiling
from reporting import Figure, make_result, median_figure, report
from stopwatch import take_stamp

from tumorscope.domain.train_spec import TrainSpec
from tumorscope.learning import training
from tumorscope.learning.data import LearningData
from tumorscope.learning.hardware import has_native_bf16
from tumorscope.learning.network import build_network, forward_with_map
from tumorscope.learning.task import TumorTask

GOALS = {"training": 10_000.0, "scoring": 40_000.0}
"""Slices a second on an H200 at 128 x 128."""
GOAL_RUN_S = 30.0
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "eager": {},
    "compiled": {"compile_network": True},
}


def random_data(slices: int, size_px: int) -> LearningData:
    """Return a store of noise with both classes in both parts."""
    generator = np.random.default_rng(0)
    shape = (slices + slices // 8, size_px, size_px, 3)
    return LearningData(
        pixels=generator.integers(0, 256, shape, dtype=np.uint8),
        labels=np.arange(shape[0], dtype=np.int64) % 2,
        train_rows=np.arange(slices),
        tune_rows=np.arange(slices, shape[0]),
    )


def time_epochs(data: LearningData, spec: TrainSpec, device: str) -> list[float]:
    """Return the seconds from the begin of each epoch to that of the next."""
    begun: list[float] = []

    class ClockedTask(TumorTask):
        def on_train_epoch_start(self) -> None:
            begun.append(take_stamp(device).wall_s)

        def on_fit_end(self) -> None:
            begun.append(take_stamp(device).wall_s)

    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(training, "TumorTask", ClockedTask),
    ):
        training.fit(data, spec, folder=Path(folder))
    return [later - earlier for earlier, later in pairwise(begun)]


def scoring_rates(
    device: str, *, batch: int, size_px: int, bf16: bool, repeats: int
) -> list[float]:
    """Return slices a second of the network with its class map."""
    network = build_network().eval().to(device)
    images = torch.rand(batch, 3, size_px, size_px, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    rates = []
    with (
        torch.inference_mode(),
        torch.autocast(device, torch.bfloat16, enabled=bf16),
    ):
        for _ in range(repeats + 2):
            start = take_stamp(device)
            for _ in range(4):
                forward_with_map(network, images)
            spent = take_stamp(device) - start
            rates.append(4 * batch / spent.wall_s)
    return rates[2:]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    options = _options(arguments)
    device, is_gpu = options.device, options.device == "cuda"
    bf16 = is_gpu or has_native_bf16()
    precision = "bf16" if bf16 else "fp32"
    ceiling = measure_ceiling(device, bf16=bf16, repeats=options.repeats)
    best = best_rate(ceiling, precision)
    data = random_data(options.slices, options.size_px)
    figures = list(ceiling)
    for name in options.variants:
        spec = TrainSpec.model_validate(
            {
                "epochs": options.epochs,
                "batch_size": options.batch,
                "initial_weights": "scratch",
                "device": device,
                **VARIANTS[name],
            }
        )
        seconds = time_epochs(data, spec, device)
        figures += _training_figures(name, seconds, options, best)
    rates = scoring_rates(
        device,
        batch=options.batch,
        size_px=options.size_px,
        bf16=bf16,
        repeats=options.repeats,
    )
    figures += [
        median_figure(
            "scoring, class map included",
            rates,
            unit="slices/s",
            goal=GOALS["scoring"] if is_gpu else None,
            at_least=True,
        ),
        Figure(
            name=f"scoring: share of the best {precision} rate",
            value=statistics.median(rates) * _scaled(FORWARD_GFLOP, options) / best,
        ),
    ]
    details = {
        "device": torch.cuda.get_device_name() if is_gpu else "CPU",
        "slices": options.slices,
        "batch": options.batch,
        "size_px": options.size_px,
        "precision": precision,
    }
    report(make_result("gpu_training", figures, details=details), options.json)
    return 0


def _training_figures(
    name: str,
    seconds: Sequence[float],
    options: argparse.Namespace,
    best: float,
) -> list[Figure]:
    is_gpu, steady = options.device == "cuda", seconds[1:] or seconds
    rates = [options.slices / each for each in steady]
    rate = statistics.median(rates)
    return [
        median_figure(
            f"training, {name}",
            rates,
            unit="slices/s",
            goal=GOALS["training"] if is_gpu else None,
            at_least=True,
            note="tuning pass and checkpoint included",
        ),
        Figure(
            name=f"training, {name}: share of the best rate",
            value=rate * _scaled(TRAINING_GFLOP, options) / best,
        ),
        Figure(
            name=f"training, {name}: first epoch over a later one",
            value=seconds[0] - statistics.median(steady),
            unit="s",
            note="warm-up, and compilation where there is one",
        ),
        Figure(
            name=f"training, {name}: all {options.epochs} epochs",
            value=sum(seconds),
            unit="s",
            goal=GOAL_RUN_S if is_gpu and options.epochs >= 50 else None,
        ),
    ]


def _scaled(gflop: float, options: argparse.Namespace) -> float:
    """Return the work of one slice of another size than 128 x 128."""
    scaled: float = gflop * (options.size_px / 128) ** 2
    return scaled


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    gpu = torch.cuda.is_available()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cuda" if gpu else "cpu"
    )
    parser.add_argument("--slices", type=int, default=3144 if gpu else 64)
    parser.add_argument("--batch", type=int, default=256 if gpu else 16)
    parser.add_argument("--size-px", type=int, default=128 if gpu else 64)
    parser.add_argument("--epochs", type=int, default=50 if gpu else 2)
    parser.add_argument("--repeats", type=int, default=7 if gpu else 2)
    parser.add_argument(
        "--variants",
        nargs="*",
        choices=tuple(VARIANTS),
        default=list(VARIANTS) if gpu else ["eager"],
    )
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
