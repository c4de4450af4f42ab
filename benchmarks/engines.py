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
import statistics
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
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
from tumorscope.learning.network import build_network

TIE = 0.1
START_GOAL = 1.5
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


def random_engines(size_px: int) -> dict[str, Engine]:
    """Return torch and every installed runtime in full precision, on random weights."""
    torch.manual_seed(0)
    state = build_network().state_dict()
    weights = {name: value.numpy() for name, value in state.items()}
    graph = to_onnx(weights, size_px=size_px)
    engines: dict[str, Engine] = {"torch-fp32": TorchEngine(weights, device="cpu")}
    for target in PACKAGES:
        spec = ExportSpec(target=target)
        if all(find_spec(name) for name in TOOLS[spec.name]):
            files = make_files(graph, spec, metadata={}, calibration=None)
            engines[spec.name] = _one_thread(spec, files)
    return engines


def bundle_engines(folder: Path) -> dict[str, Engine]:
    """Return torch and every engine that was exported from a bundle."""
    engines: dict[str, Engine] = {
        "torch-fp32": TorchEngine(read_bundle(folder).weights, device="cpu")
    }
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
        engines = random_engines(size)
    else:
        size = read_bundle(options.bundle).card.preprocess.size_px
        engines = bundle_engines(options.bundle)
    generator = np.random.default_rng(0)
    figures = []
    for batch in options.batches:
        images = generator.uniform(-1, 1, (batch, 3, size, size)).astype(np.float32)
        times = time_engines(engines, images, options.rounds)
        figures += to_figures(times, batch=batch)
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
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    if options.image is not None and options.bundle is None:
        parser.error("--image needs --bundle")
    return options


if __name__ == "__main__":
    sys.exit(main())
