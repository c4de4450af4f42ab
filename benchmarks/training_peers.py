"""Time training, files to weights, against what people use instead, in interleaved rounds.

The peers live in environments of their own, which are made in a cache folder at the first
call. Every side has one thread, the same PNG files, batch and input size; each trains its own
ResNet50 as its users run it. A peer that cannot be installed is named with the reason.
Processor time of one thread is compared, as it hardly changes on a busy machine.

    python benchmarks/training_peers.py [--rounds 5] [--steps 3] [--peers timm keras ...]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ceiling import TRAINING_GFLOP, best_rate, measure_ceiling
from cohorts import best_cohort, read_cohort
from peers.environments import PeerMissingError, environment_python
from plain_loop import LoopSettings, PlainLoop
from reporting import Figure, make_result, median_figure, report
from stopwatch import Stamp, StepClock
from training_throughput import OURS, Workload, choose_rows, time_tumorscope

from tumorscope.domain.manifest import Manifest
from tumorscope.domain.specs import PreprocessSpec
from tumorscope.io.images import read_image, write_png
from tumorscope.io.pixel_store import open_store
from tumorscope.learning.hardware import has_native_bf16

DROPPED_STEPS = 2
GOAL_RATIO = 1.9
PEERS: Mapping[str, tuple[str, str, bool]] = {
    "timm": ("torch", "timm", False),
    "timm, tuned by hand": ("torch", "timm", True),
    "fastai": ("torch", "fastai", False),
    "ultralytics": ("torch", "ultralytics", False),
    "Keras": ("keras", "keras", False),
}
"""Name, environment, loop, and whether Tumorscope's switches are set."""
LIMITS = (
    "Each peer augments in its own way; ultralytics' network is its own variant of "
    "ResNet50; Keras' is version 1 of it. timm draws no rotation. Tumorscope's pixel store "
    "is built before, once."
)


@dataclass(slots=True, kw_only=True)
class Peer:
    """A peer that waits for its next round in a process of its own."""

    process: subprocess.Popen[str]

    def ask(self, line: str) -> Any:
        """Send a line, return the answer."""
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise PeerMissingError("no pipe to the process")
        stdin.write(line + "\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise PeerMissingError(f"its loop ended with {self.process.wait()}")
        return json.loads(answer)

    def run(self) -> Stamp:
        """Train a round; return the time of its steps after the dropped ones."""
        stamps = self.ask("run")
        first, last = stamps[DROPPED_STEPS], stamps[-1]
        steps = len(stamps) - 1 - DROPPED_STEPS
        return Stamp(
            wall_s=(last[1] - first[1]) / steps,
            processor_s=(last[0] - first[0]) / steps,
        )


def write_folders(manifest: Manifest, rows: Sequence[int], folder: Path) -> None:
    """Write PNG files in class folders, once plain and once with train and test parts."""
    for place, row in enumerate(rows):
        pixels = read_image(manifest.image_path(int(row)))
        label = f"class{manifest.labels[row]}"
        targets = [folder / "classes" / label, folder / "split" / "train" / label]
        if place < 4:
            targets.append(folder / "split" / "test" / label)
        for target in targets:
            target.mkdir(parents=True, exist_ok=True)
            write_png(target / f"{row:06d}.png", pixels)
    for label in ("class0", "class1"):
        (folder / "split" / "test" / label).mkdir(parents=True, exist_ok=True)


def start_peer(name: str, folder: Path, options: argparse.Namespace) -> Peer:
    """Start the process of a peer, and wait until its loop is built.

    Raises:
        PeerMissingError: If the environment or the loop cannot be made.
    """
    environment, loop, tuned = PEERS[name]
    python = environment_python(environment)
    script = Path(__file__).parent / "peers" / "loops.py"
    log = (folder / f"{loop}.log").open("w")
    variables = {
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        "YOLO_CONFIG_DIR": str(folder),
        "HOME": str(folder),
        "PATH": "/usr/bin:/bin",
    }
    peer = Peer(
        process=subprocess.Popen(  # noqa: S603 - our own script
            [str(python), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=variables,
            cwd=folder,
        )
    )
    settings = {
        "loop": loop,
        "folder": str(folder / "classes"),
        "split": str(folder / "split"),
        "scratch": str(folder / "runs"),
        "size_px": options.size_px,
        "batch": options.batch,
        "tuned": tuned,
        "bf16": tuned and has_native_bf16(),
    }
    try:
        peer.ask(json.dumps(settings))
    except PeerMissingError as error:
        last = (folder / f"{loop}.log").read_text().strip().splitlines()[-1:]
        raise PeerMissingError(" ".join(last) or str(error)) from error
    return peer


def own_sides(workload: Workload) -> dict[str, Callable[[], Stamp]]:
    """Return what runs in this process: Tumorscope and MONAI with plain PyTorch."""
    settings, rows = workload.settings, workload.train_rows
    files = [workload.manifest.image_path(int(row)) for row in rows]
    labels = workload.manifest.labels[rows].tolist()
    steps = workload.steps - DROPPED_STEPS

    def per_step(stamp: Stamp) -> Stamp:
        return Stamp(wall_s=stamp.wall_s / steps, processor_s=stamp.processor_s / steps)

    sides: dict[str, Callable[[], Stamp]] = {
        OURS: lambda: per_step(time_tumorscope(workload))
    }
    for name, tuned in (("MONAI + PyTorch", False), ("MONAI + PyTorch, tuned", True)):
        loop = PlainLoop(
            files,
            labels,
            LoopSettings(
                batch=settings.batch,
                size_px=settings.size_px,
                device="cpu",
                tuned=tuned,
                bf16=tuned and settings.bf16,
                is_grey=settings.is_grey,
            ),
        )

        def run(loop: PlainLoop = loop) -> Stamp:
            clock = StepClock({DROPPED_STEPS, workload.steps}, "cpu")
            return per_step(loop.run(clock))

        sides[name] = run
    return sides


def to_figures(
    times: Mapping[str, Sequence[Stamp]], batch: int, ceiling: Sequence[Figure]
) -> list[Figure]:
    """Return milliseconds of an image, the ratio to Tumorscope, the share of the best."""
    figures = []
    ours = [each.processor_s for each in times[OURS]]
    medians = {
        name: statistics.median(each.processor_s for each in stamps)
        for name, stamps in times.items()
    }
    untuned = [name for name in times if "tuned" not in name and name != OURS]
    fastest = min(untuned, key=medians.__getitem__) if untuned else ""
    precision = "bf16" if has_native_bf16() else "fp32"
    for name, stamps in times.items():
        each_ms = [1e3 * one.processor_s / batch for one in stamps]
        figures.append(
            median_figure(f"{name}: processor time of an image", each_ms, unit="ms")
        )
        if name == OURS:
            continue
        ratios = [
            one.processor_s / other for one, other in zip(stamps, ours, strict=True)
        ]
        is_tie = abs(statistics.median(ratios) - 1) < 0.1
        figures.append(
            median_figure(
                f"{name} over Tumorscope",
                ratios,
                goal=GOAL_RATIO if name == fastest else None,
                at_least=True,
                note="a tie: below 10 %" if is_tie else "",
            )
        )
    best = best_rate(ceiling, precision)
    rate = TRAINING_GFLOP * batch / medians[OURS]
    figures.append(
        Figure(
            name=f"{OURS}: share of the best {precision} rate of one core",
            value=rate / best,
            note=f"{rate:.0f} of {best:.0f} GFLOP/s",
        )
    )
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table; a missing peer is no failure."""
    options = _options(arguments)
    torch.set_num_threads(1)
    bf16 = has_native_bf16()
    ceiling = measure_ceiling("cpu", bf16=bf16)
    missing: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as running:
        scratch = Path(temporary)
        manifest = read_cohort(options.source, scratch=scratch)
        settings = LoopSettings(
            batch=options.batch,
            size_px=options.size_px,
            device="cpu",
            bf16=bf16,
            is_grey=len(manifest.sequences) == 1,
        )
        count = (DROPPED_STEPS + options.steps) * options.batch
        train, tune = choose_rows(manifest, train=count, tune=64, batch=options.batch)
        spec = PreprocessSpec(size_px=options.size_px)
        store = open_store(manifest, spec, folder=scratch / "store")
        workload = Workload(
            manifest=manifest,
            pixels=store.pixels,
            train_rows=train,
            tune_rows=tune,
            settings=settings,
        )
        write_folders(manifest, np.concatenate([train, tune[:8]]).tolist(), scratch)
        sides = own_sides(workload)
        for name in options.peers:
            try:
                peer = start_peer(name, scratch, options)
            except PeerMissingError as error:
                missing[name] = str(error)[:300]
                continue
            running.callback(peer.process.kill)
            sides[name] = peer.run
        times = run_rounds(sides, options.rounds, missing)
    details = {
        "limit": LIMITS,
        "missing": missing,
        "batch": options.batch,
        "size_px": options.size_px,
        "precision": "bf16" if bf16 else "32",
        "source": options.source,
    }
    figures = [*ceiling, *to_figures(times, options.batch, ceiling)]
    report(make_result("training_peers", figures, details=details), options.json)
    for name, reason in missing.items():
        sys.stdout.write(f"- not measured: {name}: {reason}\n")
    return 0


def run_rounds(
    sides: Mapping[str, Callable[[], Stamp]], rounds: int, missing: dict[str, str]
) -> dict[str, list[Stamp]]:
    """Run the sides in turns, round by round; the first is dropped. A side may fail."""
    times: dict[str, list[Stamp]] = {name: [] for name in sides}
    for _ in range(rounds + 1):
        for name, side in sides.items():
            if name in missing:
                continue
            try:
                times[name].append(side())
            except PeerMissingError as error:
                missing[name] = str(error)
    return {name: stamps[1:] for name, stamps in times.items() if name not in missing}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", choices=("lgg", "phantom"), default=best_cohort())
    parser.add_argument("--peers", nargs="*", choices=tuple(PEERS), default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=5, help="after one for warm-up")
    parser.add_argument("--steps", type=int, default=3, help="timed in each round")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--size-px", type=int, default=128)
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
