"""Time `predict --out` over many files against its parts measured alone; drill a kill.

Decoding, input gate, preprocessing and the network are timed alone first, one thread each. If
every slice cost exactly that, all cores together would reach a certain rate: the pipeline
is measured as a share of it. Then the same at growing numbers of files, with the memory of
all processes together, and one run that is killed by force and taken up again.

The files are links to the images of a source, over and over: more than the disk would hold.

    python benchmarks/batch_scoring.py [--bundle BUNDLE --images FOLDER]
        [--sizes 1000 10000] [--engine NAME] [--json FILE]
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pyarrow.parquet as pq
from numpy.typing import NDArray
from reporting import Figure, make_result, median_figure, report
from threadpoolctl import threadpool_limits

from tumorscope.domain.export_spec import ExportSpec
from tumorscope.domain.specs import RunSpec
from tumorscope.inference.engines import choose_engine, open_engine
from tumorscope.inference.predictor import score_prepared
from tumorscope.io.engine_files import list_engines, read_engine
from tumorscope.io.images import read_image
from tumorscope.phantom.spec import PhantomSpec
from tumorscope.preprocessing import prepare_slice
from tumorscope.workflows.export import export_engine
from tumorscope.workflows.phantom import make_phantom
from tumorscope.workflows.predict_images import find_images
from tumorscope.workflows.prepare import prepare
from tumorscope.workflows.scoring_pipeline import usable_cores
from tumorscope.workflows.serving import serve_bundle
from tumorscope.workflows.train import train

GOAL_SHARE, GOAL_GB, GOAL_GROWTH = 0.9, 1.5, 1.05
BATCH = 32
SAMPLE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One run of the command.

    Attributes:
        files: Files that it scored.
        wall_s: Seconds on the clock, start included.
        processor_s: Seconds of processor, all its processes.
        others_s: Seconds of processor that everything else on the machine took meanwhile.
        memory_gb: Memory of all its processes by time, shared pages counted once.
    """

    files: int
    wall_s: float
    processor_s: float
    others_s: float
    memory_gb: tuple[float, ...]


def make_bundle(folder: Path) -> tuple[Path, Path]:
    """Train a poor model on a phantom and export it: speed does not depend on weights.

    Returns:
        The bundle, and a folder of images.
    """
    images = make_phantom(folder / "phantom", PhantomSpec(patients=20), workers=1)
    train_values = {"epochs": 1, "initial_weights": "scratch", "low_resolution_px": 32}
    spec = RunSpec.model_validate({"train": train_values})
    run = train(prepare(images, folder / "run", spec).folder)
    tolerance = ExportSpec(target="openvino", bootstrap_draws=100)
    export_engine(run.folder, tolerance)
    return run.folder / "bundle", images


def link_files(images: Sequence[Path], folder: Path, count: int) -> Path:
    """Make a folder with links to the images, repeated up to a count."""
    folder.mkdir(parents=True)
    for number in range(count):
        image = images[number % len(images)]
        os.link(image, folder / f"{number:07d}{image.suffix}")
    return folder


def time_parts(
    bundle: Path, images: Sequence[Path], *, engine: str, rounds: int
) -> dict[str, list[float]]:
    """Return processor seconds of one slice for each part alone, round by round."""
    model = serve_bundle(bundle, engine=engine).predictor
    runner = _one_thread_engine(bundle, engine)
    parts: dict[str, list[float]] = {
        "decoding": [],
        "input gate": [],
        "preprocessing": [],
        "network": [],
    }
    for _ in range(rounds + 1):
        pixels = _timed(parts["decoding"], read_image, images)
        judged = _timed(parts["input gate"], model.judge_input, pixels)
        passed = [
            one
            for one, gate in zip(pixels, judged, strict=True)
            if gate is None or gate.outcome != "refuse"
        ]
        prepared = _timed(
            parts["preprocessing"],
            lambda one: prepare_slice(one, model.card.preprocess).pixels,
            passed,
        )
        start = time.process_time()
        score_prepared(runner, np.stack(prepared), batch_size=BATCH)
        parts["network"].append((time.process_time() - start) / len(images))
        # A slice that the gate refuses costs no preprocessing.
        parts["preprocessing"][-1] *= len(passed) / len(images)
    return {name: seconds[1:] for name, seconds in parts.items()}


def _one_thread_engine(bundle: Path, engine: str) -> Any:
    record = choose_engine(list_engines(bundle), engine).record
    if record is None:
        raise SystemExit("the benchmark needs an exported engine")
    files = read_engine(bundle, record)
    return open_engine(record.target, record.precision, files, threads=1)


def _timed(
    seconds: list[float], function: Callable[[Any], Any], items: Sequence[Any]
) -> list[NDArray[Any]]:
    start = time.process_time()
    found = [function(one) for one in items]
    seconds.append((time.process_time() - start) / len(items))
    return found


def command(bundle: Path, source: Path, out: Path, engine: str) -> list[str]:
    """Return the command that scores a source into a table."""
    options = ["--out", str(out), "--engine", engine]
    return [
        *(sys.executable, "-m", "tumorscope", "predict"),
        *(str(bundle), str(source)),
        *options,
    ]


def run_scoring(words: Sequence[str], files: int) -> Scored:
    """Run the command to its end and watch its memory."""
    memory, start, busy = [], time.perf_counter(), _busy_s()
    before = _children_s()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    while process.poll() is None:
        memory.append(_memory_gb(process.pid))
        time.sleep(SAMPLE_S)
    if process.returncode:
        raise SystemExit(f"predict ended with {process.returncode}")
    processor_s = _children_s() - before
    return Scored(
        files=files,
        wall_s=time.perf_counter() - start,
        processor_s=processor_s,
        others_s=max(0.0, _busy_s() - busy - processor_s),
        memory_gb=tuple(memory),
    )


def _children_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _busy_s() -> float:
    times = psutil.cpu_times()
    return times.user + times.system + times.nice


def _memory_gb(pid: int) -> float:
    total = 0
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for one in family:
            full = one.memory_full_info()
            total += getattr(full, "pss", full.rss)
    except psutil.NoSuchProcess:
        pass
    return total / 1e9


def drill_kill(bundle: Path, source: Path, folder: Path, engine: str) -> list[Figure]:
    """Kill a run by force in its middle, run it again, compare with a run without kill."""
    whole, killed = folder / "whole.parquet", folder / "killed.parquet"
    subprocess.run(  # noqa: S603 - our own
        command(bundle, source, whole, engine), check=True, stdout=subprocess.DEVNULL
    )
    process = subprocess.Popen(  # noqa: S603 - our own
        command(bundle, source, killed, engine), stdout=subprocess.DEVNULL
    )
    chunks = folder / f".{killed.name}.chunks"
    while process.poll() is None and not list(chunks.glob("units-*.parquet")):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = sum(pq.read_metadata(one).num_rows for one in chunks.glob("units-*.parquet"))
    subprocess.run(  # noqa: S603 - our own
        command(bundle, source, killed, engine), check=True, stdout=subprocess.DEVNULL
    )
    one, other = pq.read_table(whole), pq.read_table(killed)
    names = other["image"].to_pylist()
    return [
        Figure(name="kill: rows that were kept", value=kept),
        Figure(
            name="kill: rows twice or missing",
            value=len(names)
            - len(set(names))
            + len(set(one["image"].to_pylist()) ^ set(names)),
            goal=0,
            note=f"of {len(names)}",
        ),
        Figure(
            name="kill: tables equal, every value and the order",
            value=float(one.equals(other)),
            goal=1,
            at_least=True,
        ),
    ]


def to_figures(parts: dict[str, list[float]], runs: Sequence[Scored]) -> list[Figure]:
    """Return each part, the share of the possible, memory and growth."""
    cores = usable_cores()
    figures = [
        median_figure(
            f"{name} alone, processor time of a slice",
            [1e3 * one for one in seconds],
            unit="ms",
        )
        for name, seconds in parts.items()
    ]
    alone_s = sum(statistics.median(seconds) for seconds in parts.values())
    figures.append(
        Figure(
            name="possible rate, all cores",
            value=cores / alone_s,
            unit="slices/s",
            note=f"{cores} cores",
        )
    )
    base, largest = runs[0], runs[-1]
    for one in runs:
        figures += _run_figures(one, alone_s, cores)
    if largest.files > base.files:
        # The start is the same for both: it is taken away with the smaller run.
        more = largest.files - base.files
        steady = (largest.processor_s - base.processor_s) / more
        start_s = max(0.0, base.processor_s - steady * base.files)
        figures.append(
            Figure(
                name=f"share of the possible beyond the start, by processor time "
                f"({base.files} to {largest.files})",
                value=alone_s / steady,
                goal=GOAL_SHARE,
                at_least=True,
                note=f"start {start_s:.1f} s",
            )
        )
    if len(runs) > 2:
        middle = runs[1]
        first = (middle.processor_s - base.processor_s) / (middle.files - base.files)
        last = (largest.processor_s - middle.processor_s) / (
            largest.files - middle.files
        )
        figures.append(
            Figure(
                name=f"processor time of a slice, {middle.files} to {largest.files} over "
                f"{base.files} to {middle.files}",
                value=last / first,
                goal=GOAL_GROWTH,
            )
        )
    return figures


def _run_figures(one: Scored, alone_s: float, cores: int) -> list[Figure]:
    free_s = cores * one.wall_s - one.others_s
    return [
        Figure(
            name=f"{one.files} files: rate",
            value=one.files / one.wall_s,
            unit="slices/s",
            note=f"others took {one.others_s / (cores * one.wall_s):.0%} of the machine",
        ),
        Figure(
            name=f"{one.files} files: share of the possible, wall, start included",
            value=one.files * alone_s / (cores * one.wall_s),
        ),
        Figure(
            name=f"{one.files} files: the same of what others left",
            value=one.files * alone_s / free_s,
            goal=GOAL_SHARE,
            at_least=True,
        ),
        Figure(
            name=f"{one.files} files: processor time of a slice",
            value=1e3 * one.processor_s / one.files,
            unit="ms",
        ),
        Figure(
            name=f"{one.files} files: peak memory, all processes",
            value=max(one.memory_gb, default=0.0),
            unit="GB",
            goal=GOAL_GB,
        ),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    options = _options(arguments)
    cv2.setNumThreads(1)
    with threadpool_limits(1), tempfile.TemporaryDirectory(dir=options.work) as place:
        folder = Path(place)
        if options.bundle is None:
            options.bundle, options.images = make_bundle(folder)
        images = _copies(
            find_images(options.images), folder / "images", options.images_used
        )
        parts = time_parts(
            options.bundle, images, engine=options.engine, rounds=options.rounds
        )
        runs = []
        for count in options.sizes:
            source = link_files(images, folder / str(count), count)
            out = folder / f"{count}.parquet"
            words = command(options.bundle, source, out, options.engine)
            runs.append(run_scoring(words, count))
            shutil.rmtree(source)
            # Other jobs slow every part down: those of before and after count alike.
            again = time_parts(
                options.bundle, images, engine=options.engine, rounds=options.rounds
            )
            for name, seconds in again.items():
                parts[name] += seconds
        source = link_files(images, folder / "drill", options.drill)
        figures = to_figures(parts, runs)
        figures += drill_kill(options.bundle, source, folder, options.engine)
    details = {
        "engine": options.engine,
        "suffix": images[0].suffix,
        "batch": BATCH,
        "memory_gb": {
            str(one.files): [round(value, 3) for value in one.memory_gb] for one in runs
        },
    }
    report(make_result("batch_scoring", figures, details=details), options.json)
    return 0


def _copies(images: Sequence[Path], folder: Path, count: int) -> list[Path]:
    """Copy images, spread over the source, to where links can be made to them."""
    folder.mkdir()
    step = max(1, len(images) // count)
    chosen = [one for one in images if "_mask." not in one.name][::step][:count]
    return [
        Path(shutil.copy(one, folder / f"{number:04d}{one.suffix}"))
        for number, one in enumerate(chosen)
    ]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--bundle", type=Path, help="a phantom model is made unless given"
    )
    parser.add_argument("--images", type=Path, help="folder of images")
    parser.add_argument("--images-used", type=int, default=200)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 4000])
    parser.add_argument(
        "--drill", type=int, default=4096, help="files of the kill drill"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=Path, help="folder for links and tables")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    if (options.bundle is None) != (options.images is None):
        parser.error("--bundle and --images go together")
    return options


if __name__ == "__main__":
    sys.exit(main())
