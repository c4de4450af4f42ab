"""Time the start of the command line, in fresh processes.

`tumorscope --help` must answer within 0.3 s and must not import torch. With a bundle and
an image, `tumorscope predict` is timed too.

    python benchmarks/startup.py [--repeats 9] [--bundle BUNDLE --image FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reporting import Figure, make_result, median_figure, report

GOAL_S = 0.3
HEAVY = ("captum", "lightning", "matplotlib", "monai", "pandas", "sklearn", "torch")
LISTING = """
import json, runpy, sys
sys.argv = ["tumorscope", "--help"]
try:
    runpy.run_module("tumorscope", run_name="__main__")
except SystemExit:
    pass
sys.stderr.write(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One fresh process.

    Attributes:
        wall_s: Seconds on the clock.
        processor_s: Seconds of the processor, which do not grow on a busy machine.
    """

    wall_s: float
    processor_s: float


def time_command(command: Sequence[str], repeats: int) -> list[Timing]:
    """Run a command some times; the first run warms the disk cache and is dropped."""
    timings = []
    for _ in range(repeats + 1):
        before, start = _children_s(), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own
        wall_s = time.perf_counter() - start
        timings.append(Timing(wall_s=wall_s, processor_s=_children_s() - before))
    return timings[1:]


def heavy_modules() -> list[str]:
    """Return which heavy packages `tumorscope --help` imports."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", LISTING], check=True, capture_output=True, text=True
    )
    return sorted(set(json.loads(done.stderr.splitlines()[-1])) & set(HEAVY))


def command_line() -> list[str]:
    """Return how the command is started: the installed script, else the module."""
    script = Path(sys.executable).with_name("tumorscope")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "tumorscope"]


def to_figures(
    name: str, timings: Sequence[Timing], goal: float | None
) -> list[Figure]:
    """Return the medians of wall and processor time."""
    note = f"median of {len(timings)} fresh processes"
    return [
        median_figure(
            f"{name}, wall",
            [each.wall_s for each in timings],
            unit="s",
            goal=goal,
            note=note,
        ),
        median_figure(
            f"{name}, processor", [each.processor_s for each in timings], unit="s"
        ),
    ]


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table; 1 if the help imports torch."""
    options = _options(arguments)
    heavy = heavy_modules()
    figures = [
        *to_figures(
            "`tumorscope --help`",
            time_command([*command_line(), "--help"], options.repeats),
            GOAL_S,
        ),
        *to_figures(
            "an interpreter that does nothing",
            time_command([sys.executable, "-c", "pass"], options.repeats),
            None,
        ),
        Figure(
            name="`tumorscope --help`: heavy packages imported",
            value=len(heavy),
            goal=0,
            note=", ".join(heavy) or f"none of {', '.join(HEAVY)}",
        ),
    ]
    if options.bundle:
        command = [*command_line(), "predict", str(options.bundle), str(options.image)]
        figures += to_figures(
            "`tumorscope predict` of one image",
            time_command(command, min(3, options.repeats)),
            None,
        )
    report(make_result("startup", figures), options.json)
    return int("torch" in heavy)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--bundle", type=Path, help="also time `predict` with it")
    parser.add_argument("--image", type=Path, help="for `predict`")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    if (options.bundle is None) != (options.image is None):
        parser.error("--bundle and --image go together")
    return options


if __name__ == "__main__":
    sys.exit(main())
