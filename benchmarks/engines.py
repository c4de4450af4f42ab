"""Score the same slices with torch and with exported engines, in turns.

Without a bundle the network has random weights: speed does not depend on their values, and
nothing is said about accuracy; `tumorscope export` measures that. Every engine computes
logit and class map, with one thread, so that processor time can be compared on a busy
machine. With a bundle and an image, the cold start of `tumorscope predict` is set against
importing the engine, loading the model and scoring once.

    python benchmarks/engines.py [--size 128 --batches 1 32 --rounds 9] [--json FILE]
    python benchmarks/engines.py --bundle BUNDLE --image FILE
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ceiling import FORWARD_GFLOP, best_rate, measure_ceiling
from numpy.typing import NDArray
from reporting import Figure, make_result, median_figure, report
from startup import Timing, command_line, time_command
from stopwatch import Stamp, take_stamp

from tumorscope.domain.export_spec import ExportSpec
from tumorscope.export.files import TOOLS, make_files
from tumorscope.export.graph import to_onnx
from tumorscope.inference.engines import PACKAGES, choose_engine, open_engine
from tumorscope.inference.predictor import Engine
from tumorscope.inference.torch_engine import TorchEngine
from tumorscope.io.bundle import read_bundle
from tumorscope.io.engine_files import ENGINES, list_engines, read_engine
from tumorscope.learning.network import build_network, forward_with_map

TIE = 0.1
START_GOAL = 1.5
APP_GOAL = 0.95
MINIMAL = {
    "openvino": """
import sys
import numpy, openvino
core = openvino.Core()
model = core.read_model(sys.argv[1] + "/model.xml")
compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
size = int(sys.argv[2])
compiled([numpy.zeros((1, 3, size, size), dtype="float32")])
""",
    "onnx": """
import sys
import numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1] + "/model.onnx")
size = int(sys.argv[2])
session.run(None, {"images": numpy.zeros((1, 3, size, size), dtype="float32")})
""",
}


def random_engines(size_px: int, *, compiled: bool) -> dict[str, Engine]:
    """Return torch and every installed runtime in full precision, on random weights."""
    torch.manual_seed(0)
    state = build_network().state_dict()
    weights = {name: value.numpy() for name, value in state.items()}
    graph = to_onnx(weights, size_px=size_px)
    engines: dict[str, Engine] = {"torch-fp32": TorchEngine(weights, device="cpu")}
    if compiled:
        engines["torch-compile"] = CompiledTorch(weights)
    for target in PACKAGES:
        spec = ExportSpec(target=target)
        if all(find_spec(name) for name in TOOLS[spec.name]):
            files = make_files(graph, spec, metadata={}, calibration=None)
            engines[spec.name] = _one_thread(spec, files)
    return engines


def bundle_engines(folder: Path, *, compiled: bool) -> dict[str, Engine]:
    """Return torch and every engine that was exported from a bundle."""
    weights = read_bundle(folder).weights
    engines: dict[str, Engine] = {"torch-fp32": TorchEngine(weights, device="cpu")}
    if compiled:
        engines["torch-compile"] = CompiledTorch(weights)
    for record in list_engines(folder):
        spec = ExportSpec(target=record.target, precision=record.precision)
        engines[record.name] = _one_thread(spec, read_engine(folder, record))
    return engines


def _one_thread(spec: ExportSpec, files: Mapping[str, bytes]) -> Engine:
    return open_engine(spec.target, spec.precision, files, threads=1)


def time_engines(
    engines: Mapping[str, Engine], images: NDArray[np.float32], rounds: int
) -> dict[str, list[Stamp]]:
    """Let every engine score the batch in turn, round by round; the first is dropped."""
    found: dict[str, list[Stamp]] = {name: [] for name in engines}
    for _ in range(rounds + 1):
        for name, engine in engines.items():
            start = take_stamp("cpu")
            engine.run(images)
            found[name].append(take_stamp("cpu") - start)
    return {name: stamps[1:] for name, stamps in found.items()}


def to_figures(times: Mapping[str, Sequence[Stamp]], *, batch: int) -> list[Figure]:
    """Return milliseconds of an image, and each engine's speed over torch, by round."""
    figures = []
    base = [each.processor_s for each in times["torch-fp32"]]
    for name, stamps in times.items():
        seconds = [each.processor_s for each in stamps]
        figures.append(
            median_figure(
                f"{name}, batch {batch}: processor time of an image",
                [1e3 * each / batch for each in seconds],
                unit="ms",
            )
        )
        if name != "torch-fp32":
            ratios = [one / other for one, other in zip(base, seconds, strict=True)]
            is_tie = abs(statistics.median(ratios) - 1) < TIE
            figures.append(
                median_figure(
                    f"{name}, batch {batch}: speed over torch-fp32",
                    ratios,
                    note="a tie" if is_tie else "",
                )
            )
    return figures


def ceiling_figures(
    times: Mapping[str, Sequence[Stamp]],
    ceiling: Sequence[Figure],
    *,
    batch: int,
    size: int,
) -> list[Figure]:
    """Return each engine's share of the best fp32 rate; int8 may pass it."""
    best, work = best_rate(ceiling, "fp32"), FORWARD_GFLOP * (size / 128) ** 2
    return [
        Figure(
            name=f"{name}, batch {batch}: share of the best fp32 rate of one core",
            value=work
            * batch
            / statistics.median(s.processor_s for s in stamps)
            / best,
        )
        for name, stamps in times.items()
    ]


class CompiledTorch:
    """torch's network compiled and its weights frozen, as `torch.compile` users run it."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Compile at the first pass of each shape."""
        network = TorchEngine(weights, device="cpu").network
        network = network.to(memory_format=torch.channels_last)
        self._run = torch.compile(partial(forward_with_map, network), dynamic=False)

    def run(
        self, images: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Score a batch, as every engine does."""
        with torch.inference_mode():
            logit, class_map = self._run(torch.from_numpy(images))
        return logit.numpy(), class_map.numpy()


def app_figures(
    bundle: Path, times: Mapping[str, Sequence[Stamp]], *, batch: int, size: int
) -> list[Figure]:
    """Return OpenVINO's own benchmark of the same graphs, and our speed beside it.

    It reports wall time of one thread, so ours is compared by wall time, too.
    """
    figures = []
    app = Path(sys.executable).with_name("benchmark_app")
    for record in list_engines(bundle):
        if record.target != "openvino" or not app.is_file():
            continue
        model = bundle / ENGINES / record.name / "model.xml"
        words = [
            *(str(app), "-m", str(model), "-d", "CPU", "-api", "sync", "-hint", "none"),
            *("-nstreams", "1", "-nthreads", "1", "-t", "5"),
            *("-shape", f"[{batch},3,{size},{size}]", "-infer_precision", "f32"),
        ]
        done = subprocess.run(  # noqa: S603 - the runtime's own tool
            words, capture_output=True, text=True, check=True
        )
        found = re.search(r"Throughput:\s+([\d.]+) FPS", done.stdout)
        if found is None:
            raise RuntimeError("benchmark_app printed no throughput")
        # Its frames are images: it counts the batch.
        rate = float(found[1])
        ours = [batch / each.wall_s for each in times[record.name]]
        figures += [
            Figure(
                name=f"{record.name}, batch {batch}: benchmark_app",
                value=rate,
                unit="images/s",
            ),
            median_figure(
                f"{record.name}, batch {batch}: share of benchmark_app, wall",
                [each / rate for each in ours],
                goal=APP_GOAL,
                at_least=True,
            ),
        ]
    return figures


def start_figures(bundle: Path, image: Path, *, repeats: int) -> list[Figure]:
    """Return the cold start of `predict` over that of its engine alone."""
    records = list_engines(bundle)
    record = choose_engine(records).record
    if record is None:
        sys.stderr.write("no exported engine: the cold start is left out\n")
        return []
    folder, size = bundle / ENGINES / record.name, str(record.preprocess.size_px)
    alone = [sys.executable, "-c", MINIMAL[record.target], str(folder), size]
    whole = [*command_line(), "predict", str(bundle), str(image)]
    pairs: list[tuple[Timing, Timing]] = []
    for _ in range(repeats):
        pairs += zip(time_command(whole, 1), time_command(alone, 1), strict=True)
    return [
        median_figure(
            "`tumorscope predict` of one image, cold, processor",
            [one.processor_s for one, _ in pairs],
            unit="s",
            note=record.name,
        ),
        median_figure(
            "import the engine, load the model, score once: processor",
            [other.processor_s for _, other in pairs],
            unit="s",
        ),
        median_figure(
            "`tumorscope predict` over its engine alone",
            [one.processor_s / other.processor_s for one, other in pairs],
            goal=START_GOAL,
        ),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    options = _options(arguments)
    torch.set_num_threads(1)
    size = options.size
    if options.bundle is None:
        engines = random_engines(size, compiled=options.compile)
    else:
        size = read_bundle(options.bundle).card.preprocess.size_px
        engines = bundle_engines(options.bundle, compiled=options.compile)
    generator = np.random.default_rng(0)
    ceiling = measure_ceiling("cpu", bf16=False)
    figures = list(ceiling)
    for batch in options.batches:
        images = generator.uniform(-1, 1, (batch, 3, size, size)).astype(np.float32)
        times = time_engines(engines, images, options.rounds)
        figures += to_figures(times, batch=batch)
        figures += ceiling_figures(times, ceiling, batch=batch, size=size)
        if options.bundle is not None:
            figures += app_figures(options.bundle, times, batch=batch, size=size)
    if options.image is not None:
        repeats = min(5, options.rounds)
        figures += start_figures(options.bundle, options.image, repeats=repeats)
    details = {"size_px": size, "rounds": options.rounds, "threads": 1}
    report(make_result("engines", figures, details=details), options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=128, help="side in pixels")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--bundle", type=Path, help="time its exported engines instead")
    parser.add_argument("--image", type=Path, help="also time the cold start with it")
    parser.add_argument(
        "--compile",
        action="store_true",
        help="torch.compile, too: needs a C++ compiler",
    )
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    if options.image is not None and options.bundle is None:
        parser.error("--image needs --bundle")
    return options


if __name__ == "__main__":
    sys.exit(main())
