"""Run every benchmark at a size for the machine at hand; write benchmarks/results.

Each one runs in processes of its own. Results are one JSON file for each benchmark, one
table (README.md) and one plot (goals.svg), small enough to be kept in the repository.

    python benchmarks/run.py [--only NAME ...] [--source lgg|phantom] [--full]
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cohorts import best_cohort, data_folder
from matplotlib.figure import Figure as Plot
from reporting import (
    Figure,
    figure_from_json,
    make_result,
    markdown_table,
    write_json,
)

HERE = Path(__file__).parent
RESULTS = HERE / "results"
TABLE, PLOT = "README.md", "goals.svg"
BLUE, ORANGE = "#0072b2", "#d55e00"
LARGEST_SHOWN = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One script, and how it is called.

    Attributes:
        script: Name of the script.
        title: Heading in the table.
        quick: Its options for a few minutes.
        full: Its options where time does not matter.
        takes_source: Whether it is told the cohort.
        json_option: Name of the option that writes its figures.
        adapt: Makes a result of what an older script writes.
    """

    script: str
    title: str
    quick: tuple[str, ...] = ()
    full: tuple[str, ...] = ()
    takes_source: bool = False
    json_option: str = "--json"
    adapt: Callable[[Any], dict[str, Any]] | None = None


def adapt_evaluation(record: Any) -> dict[str, Any]:
    """Turn the record of evaluation_speed.py into a result."""
    figures = [
        Figure(
            name=f"evaluating {each['slices']} scored slices",
            value=each["median_s"],
            low=min(each["seconds"]),
            high=max(each["seconds"]),
            unit="s",
            goal=record["goal_s"] if each["slices"] == 1000 else None,
            note=f"{each['patients']} patients, {each['bootstrap_draws']} draws",
        )
        for each in record["results"]
    ]
    return make_result("evaluation_speed", figures)


def adapt_phantom(record: Any) -> dict[str, Any]:
    """Turn the record of phantom_speed.py into a result."""
    slices = record["patients"] * record["slices_per_patient"]
    figures = [
        Figure(
            name=f"phantom cohort of {slices} slices, wall",
            value=record["duration_s"],
            unit="s",
            goal=record["target_s"],
            note=f"{record['workers']} workers",
        ),
        Figure(
            name=f"phantom cohort of {slices} slices, processor",
            value=record["cpu_s"],
            unit="s",
        ),
    ]
    return make_result("phantom_speed", figures)


BENCHMARKS: Mapping[str, Benchmark] = {
    "startup": Benchmark(script="startup.py", title="Start of the command line"),
    "training_throughput": Benchmark(
        script="training_throughput.py",
        title="Training throughput",
        quick=("--rounds", "3", "--steps", "2", "--epoch-rounds", "2"),
        full=("--rounds", "9", "--steps", "6", "--epoch-slices", "0"),
        takes_source=True,
    ),
    "training_peers": Benchmark(
        script="training_peers.py",
        title="Training, files to weights, beside other libraries",
        quick=("--rounds", "2", "--steps", "2"),
        full=("--rounds", "9", "--steps", "6"),
        takes_source=True,
    ),
    "training_memory": Benchmark(
        script="training_memory.py",
        title="Peak memory of training",
        quick=("--steps", "8"),
        full=("--steps", "48"),
        takes_source=True,
    ),
    "engines": Benchmark(script="engines.py", title="Engines for scoring"),
    "batch_scoring": Benchmark(
        script="batch_scoring.py",
        title="Scoring of archives",
        quick=("--sizes", "500", "2500", "--drill", "2500"),
        full=("--sizes", "1000", "10000", "100000"),
    ),
    "gpu_training": Benchmark(
        script="gpu_training.py", title="Training and scoring on the best device here"
    ),
    "evaluation_speed": Benchmark(
        script="evaluation_speed.py",
        title="Evaluation with intervals",
        quick=("--skip-large",),
        json_option="--out",
        adapt=adapt_evaluation,
    ),
    "phantom_speed": Benchmark(
        script="phantom_speed.py",
        title="Phantom cohort",
        json_option="--out",
        adapt=adapt_phantom,
    ),
    "interval_coverage": Benchmark(
        script="interval_coverage.py",
        title="Coverage of intervals",
        quick=("--cohorts", "100", "--draws", "300"),
        full=("--cohorts", "400", "--draws", "400"),
    ),
    "leak": Benchmark(
        script="leak.py",
        title="Size of the leak of a random split, without training",
        quick=("--dealings", "3"),
        full=("--dealings", "10"),
    ),
}


def run_one(name: str, *, source: str, full: bool) -> dict[str, Any]:
    """Run one benchmark in a fresh process.

    Raises:
        RuntimeError: If it wrote no figures; a missed goal is no failure.
    """
    chosen = BENCHMARKS[name]
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "figures.json"
        command = [
            sys.executable,
            str(HERE / chosen.script),
            *(chosen.full if full else chosen.quick),
            *(("--source", source) if chosen.takes_source else ()),
            chosen.json_option,
            str(out),
        ]
        done = subprocess.run(command, check=False)  # noqa: S603 - our own scripts
        if not out.is_file():
            raise RuntimeError(f"{name}: no figures (exit status {done.returncode})")
        content = json.loads(out.read_text(encoding="utf-8"))
    return chosen.adapt(content) if chosen.adapt else content


def read_results(folder: Path) -> dict[str, dict[str, Any]]:
    """Return all results that are there, in the order of the table."""
    files = {name: folder / f"{name}.json" for name in BENCHMARKS}
    return {
        name: json.loads(file.read_text(encoding="utf-8"))
        for name, file in files.items()
        if file.is_file()
    }


def write_table(results: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """Write one Markdown page of all results."""
    lines = [
        "<!-- Written by benchmarks/run.py: run it again instead of editing. -->",
        "",
        "Medians; the range is the smallest and the largest repetition. Ratios compare "
        "interleaved rounds of one run; a gap under 10 % is a tie.",
        "",
        f"![Figures as a share of their goals]({PLOT})",
    ]
    for name, result in results.items():
        figures = [figure_from_json(entry) for entry in result["figures"]]
        lines += ["", f"**{BENCHMARKS[name].title}**", "", markdown_table(figures)]
        lines += [
            "",
            f"{_conditions(result)} {result['details'].get('limit', '')}".rstrip(),
        ]
    (folder / TABLE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _conditions(result: Mapping[str, Any]) -> str:
    machine, details = result["machine"], result["details"]
    known = (
        f"{key.replace('_', ' ')} {details[key]}"
        for key in ("source", "precision", "torch_threads", "batch", "size_px")
        if key in details
    )
    versions = machine["versions"]
    parts = [
        f"{machine['processor']}, {machine['cores']} cores",
        f"load {machine['load_average_1_min']}",
        f"threads {machine['threads']}",
        f"Python {machine['python']}",
        f"torch {versions['torch']}",
        *known,
    ]
    return f"Conditions: {'; '.join(parts)}."


def draw_goals(results: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """Draw how far each goal is met; beyond the line it is met."""
    figures = [
        figure_from_json(entry)
        for result in results.values()
        for entry in result["figures"]
    ]
    judged = [
        (each, each.share_of_goal) for each in figures if each.share_of_goal is not None
    ]
    with mpl.rc_context({"svg.hashsalt": "tumorscope", "svg.fonttype": "none"}):
        plot = Plot(figsize=(8, 1 + 0.45 * max(1, len(judged))), layout="constrained")
        axes = plot.add_subplot()
        shares = [min(share, LARGEST_SHOWN) for _, share in judged]
        colors = [BLUE if each.met else ORANGE for each, _ in judged]
        axes.barh(range(len(judged)), shares, color=colors, height=0.6)
        axes.axvline(1, color="black", linewidth=1)
        axes.set_yticks(range(len(judged)), [each.name for each, _ in judged])
        axes.set_xlim(0, LARGEST_SHOWN * 1.05)
        axes.invert_yaxis()
        axes.set_xlabel(
            f"share of the goal reached (1 and above: met; cut at {LARGEST_SHOWN:g})"
        )
        for row, (_, share) in enumerate(judged):
            text = "met" if math.isinf(share) else f"{share:.2f}"
            axes.text(
                min(share, LARGEST_SHOWN) - 0.05, row, text, ha="right", va="center"
            )
        axes.spines[["top", "right"]].set_visible(False)
        plot.savefig(folder / PLOT, metadata={"Date": None})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, write the results; 1 if a benchmark gave no figures."""
    options = _options(arguments)
    options.results.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in options.only or BENCHMARKS:
        sys.stdout.write(f"\n# {name}\n")
        sys.stdout.flush()
        try:
            result = run_one(name, source=options.source, full=options.full)
        except RuntimeError as error:
            failed.append(str(error))
            continue
        write_json(options.results / f"{name}.json", result)
    results = read_results(options.results)
    write_table(results, options.results)
    draw_goals(results, options.results)
    sys.stdout.write(f"\n{(options.results / TABLE).read_text(encoding='utf-8')}\n")
    sys.stdout.write("".join(f"failed: {line}\n" for line in failed))
    return int(bool(failed))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=tuple(BENCHMARKS), default=[])
    parser.add_argument(
        "--source",
        choices=("lgg", "phantom"),
        default=best_cohort(),
        help=f"cohort of the training benchmarks; data folder: {data_folder().name}",
    )
    parser.add_argument(
        "--full", action="store_true", help="more rounds; an hour or so"
    )
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="where the results are written"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
