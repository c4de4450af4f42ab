"""What every benchmark leaves behind: figures with their goals, as JSON and Markdown."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

LIBRARIES = ("tumorscope", "torch", "monai", "lightning", "numpy", "scikit-learn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number.

    Attributes:
        name: What was measured, in words.
        value: The number; a median where it was measured several times.
        unit: Its unit; empty for a ratio or a share.
        low: Smallest repetition, or lower end of the interval; None where measured once.
        high: Largest repetition, or upper end of the interval.
        goal: The number that was aimed at, or None.
        at_least: Whether the goal is a lower limit; an upper one otherwise.
        note: What the reader must know to use the number.
    """

    name: str
    value: float
    unit: str = ""
    low: float | None = None
    high: float | None = None
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def share_of_goal(self) -> float | None:
        """How far the goal is met: 1 and above is met; None where there is none."""
        if self.goal is None:
            return None
        ratio = (self.value, self.goal) if self.at_least else (self.goal, self.value)
        return ratio[0] / ratio[1] if ratio[1] > 0 else math.inf


def median_figure(name: str, values: Sequence[float], **rest: Any) -> Figure:
    """Return the median of repetitions with their range."""
    return Figure(
        name=name,
        value=statistics.median(values),
        low=min(values),
        high=max(values),
        **rest,
    )


def figure_from_json(entry: Mapping[str, Any]) -> Figure:
    """Read a figure back from a result file."""
    known = set(Figure.__dataclass_fields__)
    return Figure(**{key: value for key, value in entry.items() if key in known})


def describe_machine() -> dict[str, Any]:
    """Return processor, cores, load and versions; no host name, no user, no path."""
    return {
        "processor": _processor_name(),
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_average_1_min": round(psutil.getloadavg()[0], 2),
        "threads": os.environ.get("OMP_NUM_THREADS", "default"),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in LIBRARIES},
    }


def make_result(
    name: str, figures: Sequence[Figure], *, details: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the content of a result file.

    Args:
        name: Name of the benchmark.
        figures: What was measured.
        details: Settings, single repetitions, what differs between the two sides.
    """
    return {
        "benchmark": name,
        "machine": describe_machine(),
        "figures": [asdict(each) | {"met": each.met} for each in figures],
        "details": dict(details or {}),
    }


def markdown_table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table, goal and verdict beside each."""
    lines = ["| what | figure | range | goal | met |", "|---|---|---|---|---|"]
    for each in figures:
        spread = (
            "" if each.low is None else f"{_shown(each.low)} to {_shown(each.high)}"
        )
        sign = "≥" if each.at_least else "≤"
        goal = "" if each.goal is None else f"{sign} {_with_unit(each.goal, each.unit)}"
        verdict = {None: "", True: "yes", False: "**no**"}[each.met]
        name = f"{each.name} ({each.note})" if each.note else each.name
        value = _with_unit(each.value, each.unit)
        lines.append(f"| {name} | {value} | {spread} | {goal} | {verdict} |")
    return "\n".join(lines)


def report(result: Mapping[str, Any], out: Path | None) -> None:
    """Print a result as Markdown, and write it as JSON where wanted."""
    figures = [figure_from_json(entry) for entry in result["figures"]]
    sys.stdout.write(f"## {result['benchmark']}\n\n{markdown_table(figures)}\n")
    if "limit" in result["details"]:
        sys.stdout.write(f"\n{result['details']['limit']}\n")
    if out:
        write_json(out, result)


def write_json(out: Path, content: Any) -> None:
    """Write JSON beside its place and rename it; the folder is made."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    partial.replace(out)


def _with_unit(value: float, unit: str) -> str:
    return f"{_shown(value)} {unit}".rstrip()


def _shown(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "not known"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _processor_name() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"
