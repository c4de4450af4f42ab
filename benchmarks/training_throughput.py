"""Time Tumorscope's training against plain MONAI + PyTorch loops, in interleaved rounds.

Tumorscope trains through `tumorscope.learning.training.fit`: pixel store, augmentation of
the whole batch, channels-last memory, fused Adam, Lightning's loop. The peers decode the
files in every epoch and transform each slice. All sides have the same network, batch,
input size, rotation range and flips; the first steps of each round are dropped.

Then the share of an epoch of `fit` (tuning pass and checkpoint included) that the network
does not need: the same number of forward, backward and optimizer calls on a resident
batch is run between the epochs, and taken away.

    python benchmarks/training_throughput.py [--rounds 9] [--steps 4] [--json FILE]
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from cohorts import best_cohort, read_cohort, spread_rows
from numpy.typing import NDArray
from plain_loop import LoopSettings, PlainLoop, train_step
from reporting import Figure, make_result, median_figure, report
from stopwatch import Stamp, StepClock, take_stamp

from tumorscope.domain.manifest import Manifest
from tumorscope.domain.specs import PreprocessSpec, SplitSpec, TrainSpec
from tumorscope.io.pixel_store import open_store
from tumorscope.learning import training
from tumorscope.learning.data import LearningData
from tumorscope.learning.hardware import has_native_bf16
from tumorscope.learning.network import build_network
from tumorscope.learning.task import TumorTask
from tumorscope.splitting import split_cohort

GOAL_RATIO = 2.0
GOAL_SHARE = 0.08
DROPPED_STEPS = 2
TUNE_BATCH = 64
OURS = "Tumorscope"
DIFFERENCES = (
    "Tumorscope reads prepared pixels (foreground crop, percentile scaling) from its "
    "store; the peers decode, scale and resize each file in every epoch. Building the "
    "store is not in the rate; its time stands in the details.",
    "Tumorscope draws rotation and flips for the whole batch in one resampling; the "
    "peers transform slice by slice, rotation and flips one after the other.",
    "The plain loops compute in 32 bit with default memory format and Adam; the tuned "
    "loop has channels-last memory, fused Adam and Tumorscope's precision.",
    "Tumorscope runs inside Lightning's loop; the peers are bare loops.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What all sides train on.

    Attributes:
        manifest: Its files.
        pixels: The pixel store, shape (slices, size, size, 3), uint8.
        train_rows: Rows of one round.
        tune_rows: Rows of the tuning pass.
        settings: Batch, size, device, precision.
    """

    manifest: Manifest
    pixels: NDArray[np.uint8]
    train_rows: NDArray[np.int64]
    tune_rows: NDArray[np.int64]
    settings: LoopSettings

    @property
    def steps(self) -> int:
        """Steps of one epoch; every batch is full."""
        return len(self.train_rows) // self.settings.batch

    def data(self) -> LearningData:
        """Return what `fit` takes."""
        return LearningData(
            pixels=self.pixels,
            labels=self.manifest.labels,
            train_rows=self.train_rows,
            tune_rows=self.tune_rows,
        )

    def spec(self, epochs: int) -> TrainSpec:
        """Return the recipe `seed` in this precision."""
        return TrainSpec.model_validate(
            {
                "epochs": epochs,
                "batch_size": self.settings.batch,
                "initial_weights": "scratch",
                "precision": "bf16" if self.settings.bf16 else "32",
                "device": self.settings.device,
            }
        )


def fit_clocked(
    workload: Workload,
    *,
    epochs: int,
    on_step: Callable[[], None],
    on_epoch: Callable[[], None],
) -> None:
    """Train through `fit`, with calls after each step and around each epoch.

    Args:
        workload: What is trained on.
        epochs: How many.
        on_step: Called after each step of the optimizer.
        on_epoch: Called before each epoch, and once after the last one.
    """

    class ClockedTask(TumorTask):
        def on_train_batch_end(self, *_: Any) -> None:
            on_step()

        def on_train_epoch_start(self) -> None:
            on_epoch()
            super().on_train_epoch_start()

        def on_fit_end(self) -> None:
            on_epoch()

    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(training, "TumorTask", ClockedTask),
    ):
        training.fit(workload.data(), workload.spec(epochs), folder=Path(folder))


def time_tumorscope(workload: Workload) -> Stamp:
    """Return the time of one epoch's steps after the dropped ones."""
    clock = _clock(workload)
    fit_clocked(workload, epochs=1, on_step=clock.step, on_epoch=lambda: None)
    return clock.elapsed()


def compare_throughput(
    workload: Workload, *, rounds: int, workers: Sequence[int]
) -> dict[str, list[Stamp]]:
    """Return the time of each side in each round, A B A B."""
    rows = workload.train_rows
    files = [workload.manifest.image_path(int(row)) for row in rows]
    labels = workload.manifest.labels[rows].tolist()
    loops = {
        name: PlainLoop(files, labels, settings)
        for name, settings in _peers(workload.settings, workers).items()
    }
    times: dict[str, list[Stamp]] = {name: [] for name in (OURS, *loops)}
    for _ in range(rounds + 1):
        times[OURS].append(time_tumorscope(workload))
        for name, loop in loops.items():
            times[name].append(loop.run(_clock(workload)))
    return {name: stamps[1:] for name, stamps in times.items()}


def _peers(settings: LoopSettings, workers: Sequence[int]) -> dict[str, LoopSettings]:
    shared = {
        "batch": settings.batch,
        "size_px": settings.size_px,
        "device": settings.device,
        "is_grey": settings.is_grey,
    }
    plain = {
        f"plain loop, {count} workers": LoopSettings(**shared, workers=count)
        for count in workers
    }
    tuned = {
        f"tuned loop, {count} workers": LoopSettings(
            **shared, workers=count, tuned=True, bf16=settings.bf16
        )
        for count in workers
    }
    return plain | tuned


def _clock(workload: Workload) -> StepClock:
    return StepClock({DROPPED_STEPS, workload.steps}, workload.settings.device)


def measure_overhead(workload: Workload, rounds: int) -> dict[str, list[float]]:
    """Return the share of each epoch that is not the network's, by both clocks.

    Before each epoch of `fit`, its forward, backward and optimizer calls are repeated on
    a resident batch. The first epoch is dropped.
    """
    pure = _PureNetwork(workload)
    device = workload.settings.device
    pure_times: list[Stamp] = []
    epochs: list[Stamp] = []
    begun: list[Stamp] = []

    def around_epochs() -> None:
        if begun:
            epochs.append(take_stamp(device) - begun[-1])
        if len(epochs) <= rounds:
            start = take_stamp(device)
            pure.repeat_epoch()
            pure_times.append(take_stamp(device) - start)
        begun.append(take_stamp(device))

    fit_clocked(
        workload, epochs=rounds + 1, on_step=lambda: None, on_epoch=around_epochs
    )
    pairs = list(zip(pure_times, epochs, strict=True))[1:]
    return {
        "wall": [1 - alone.wall_s / whole.wall_s for alone, whole in pairs],
        "processor": [
            1 - alone.processor_s / whole.processor_s for alone, whole in pairs
        ],
        "epoch_s": [whole.wall_s for _, whole in pairs],
    }


class _PureNetwork:
    """The network's calls of one epoch, on batches that lie in memory."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        settings = workload.settings
        self._network = build_network().to(settings.device)
        self._optimizer = torch.optim.Adam(
            self._network.parameters(), lr=1e-3, fused=True
        )
        self._batch = _resident(workload.pixels, workload.train_rows, settings.batch)
        self._tune = _resident(workload.pixels, workload.tune_rows, TUNE_BATCH)
        self._batch = self._batch.to(settings.device)
        self._tune = self._tune.to(settings.device)
        labels = workload.manifest.labels[workload.train_rows[: settings.batch]]
        self._labels = torch.from_numpy(labels).to(settings.device)

    def repeat_epoch(self) -> None:
        settings = self._workload.settings
        self._network.train()
        for _ in range(self._workload.steps):
            train_step(
                self._network,
                self._optimizer,
                (self._batch, self._labels),
                settings=settings,
            )
        self._network.eval()
        with (
            torch.no_grad(),
            torch.autocast(settings.device, torch.bfloat16, enabled=settings.bf16),
        ):
            for _ in range(math.ceil(len(self._workload.tune_rows) / TUNE_BATCH)):
                self._network(self._tune)


def _resident(
    pixels: NDArray[np.uint8], rows: NDArray[np.int64], count: int
) -> torch.Tensor:
    batch = torch.from_numpy(pixels[rows[:count]]).permute(0, 3, 1, 2)
    return (batch.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def throughput_figures(
    times: Mapping[str, Sequence[Stamp]], images: int
) -> list[Figure]:
    """Return images/s of each side, and the paired ratios to Tumorscope."""
    figures = []
    for name, stamps in times.items():
        rates = [images / each.wall_s for each in stamps]
        each_ms = [1000 * each.processor_s / images for each in stamps]
        figures += [
            median_figure(f"{name}: training", rates, unit="images/s"),
            median_figure(f"{name}: processor time", each_ms, unit="ms/image"),
        ]
    ratios = {name: _ratios(times, name) for name in times if name != OURS}
    fastest = min(
        (name for name in ratios if name.startswith("plain")),
        key=lambda name: statistics.median(ratios[name]["wall"]),
    )
    for name, both in ratios.items():
        goal = GOAL_RATIO if name == fastest else None
        figures.append(
            median_figure(
                f"images/s of Tumorscope over the {name}",
                both["wall"],
                goal=goal,
                at_least=True,
                note=_tie_note(both["wall"]),
            )
        )
        figures.append(
            median_figure(
                f"processor time of the {name} over Tumorscope's", both["processor"]
            )
        )
    return figures


def _ratios(times: Mapping[str, Sequence[Stamp]], name: str) -> dict[str, list[float]]:
    pairs = list(zip(times[name], times[OURS], strict=True))
    return {
        "wall": [peer.wall_s / ours.wall_s for peer, ours in pairs],
        "processor": [peer.processor_s / ours.processor_s for peer, ours in pairs],
    }


def _tie_note(ratios: Sequence[float]) -> str:
    return "a tie: below 10 %" if 0.9 < statistics.median(ratios) < 1.1 else ""


def overhead_figures(shares: Mapping[str, Sequence[float]]) -> list[Figure]:
    """Return the share of an epoch outside the network, by both clocks."""
    name = "share of an epoch outside forward, backward and optimizer"
    return [
        median_figure(f"{name}, wall", shares["wall"], goal=GOAL_SHARE),
        median_figure(f"{name}, processor", shares["processor"]),
        median_figure("epoch of that measurement", shares["epoch_s"], unit="s"),
    ]


def choose_rows(
    manifest: Manifest, *, train: int, tune: int, batch: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return training and tuning rows, whole batches of each; 0 takes all."""
    groups = None if manifest.has_patients else np.arange(len(manifest))
    split = split_cohort(manifest, groups, SplitSpec())
    chosen = []
    for part, count, step in (("train", train, batch), ("tune", tune, TUNE_BATCH)):
        rows = split.rows(part)
        wanted = min(count or len(rows), len(rows))
        whole = max(wanted // step * step, min(step, len(rows)))
        chosen.append(spread_rows(rows, manifest.labels, whole))
    return chosen[0], chosen[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table; the exit status is 0 whatever the figures are."""
    options = _options(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    auto_bf16 = options.device == "cuda" or has_native_bf16()
    bf16 = options.precision == "bf16" or (options.precision == "auto" and auto_bf16)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        manifest = read_cohort(
            options.source, scratch=scratch, patients=options.patients
        )
        settings = LoopSettings(
            batch=options.batch,
            size_px=options.size_px,
            device=options.device,
            bf16=bf16,
            is_grey=len(manifest.sequences) == 1,
        )
        start = take_stamp("cpu")
        store = open_store(
            manifest, PreprocessSpec(size_px=options.size_px), folder=scratch / "store"
        )
        built = take_stamp("cpu") - start

        def workload(train: int, tune: int) -> Workload:
            rows = choose_rows(manifest, train=train, tune=tune, batch=options.batch)
            return Workload(
                manifest=manifest,
                pixels=store.pixels,
                train_rows=rows[0],
                tune_rows=rows[1],
                settings=settings,
            )

        short = workload((DROPPED_STEPS + options.steps) * options.batch, TUNE_BATCH)
        times = compare_throughput(
            short, rounds=options.rounds, workers=options.workers
        )
        epoch = workload(options.epoch_slices, options.epoch_slices // 5)
        shares = measure_overhead(epoch, options.epoch_rounds)
    images = (short.steps - DROPPED_STEPS) * options.batch
    details = {
        "source": options.source,
        "precision": "bf16" if bf16 else "32",
        "torch_threads": torch.get_num_threads(),
        "batch": options.batch,
        "size_px": options.size_px,
        "images_in_round": images,
        "rounds": options.rounds,
        "store_build_s": round(built.wall_s, 2),
        "store_slices": len(manifest),
        "epoch_train_slices": len(epoch.train_rows),
        "epoch_tune_slices": len(epoch.tune_rows),
        "differences": DIFFERENCES,
    }
    figures = [*throughput_figures(times, images), *overhead_figures(shares)]
    report(make_result("training_throughput", figures, details=details), options.json)
    sys.stdout.write("\n" + "\n".join(f"- {line}" for line in DIFFERENCES) + "\n")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--source", choices=("lgg", "phantom"), default=best_cohort(), help="cohort"
    )
    parser.add_argument("--rounds", type=int, default=9, help="after one for warm-up")
    parser.add_argument("--steps", type=int, default=4, help="timed in each round")
    parser.add_argument("--batch", type=int, default=32, help="slices in a step")
    parser.add_argument("--size-px", type=int, default=128, help="of the input")
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[0, 2], help="of the peers' loaders"
    )
    parser.add_argument(
        "--epoch-slices", type=int, default=320, help="0: the whole training part"
    )
    parser.add_argument("--epoch-rounds", type=int, default=3)
    parser.add_argument("--patients", type=int, default=24, help="of the phantom")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0: default")
    parser.add_argument("--precision", choices=("auto", "32", "bf16"), default="auto")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
