"""Chooses the engine that runs a bundle's network, and opens it.

Engines are imported by name, once one is chosen: two of the three are optional, and torch
alone takes longer to import than another engine takes from its start to the first score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from numpy.typing import NDArray

from tumorscope.domain.engine import EngineRecord
from tumorscope.domain.errors import ConfigError
from tumorscope.domain.export_spec import Precision, Target
from tumorscope.inference.predictor import Engine

TORCH, AUTO = "torch", "auto"
TARGETS: tuple[Target, ...] = ("openvino", "onnx")
"""Fastest first."""
PRECISIONS = ("fp32", "bf16", "int8")
"""Most exact first."""
PACKAGES: dict[Target, str] = {"onnx": "onnxruntime", "openvino": "openvino"}
GRAPH_FILES: dict[Target, tuple[str, ...]] = {
    "onnx": ("model.onnx",),
    "openvino": ("model.xml", "model.bin"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """What is going to score.

    Attributes:
        record: The exported engine; None for torch.
        note: What a reader of the scores is told.
    """

    record: EngineRecord | None
    note: str


class ExportedEngine(Engine, Protocol):
    """An engine whose graph says of itself what it was made from."""

    @property
    def metadata(self) -> dict[str, str]:
        """As written by `graph_metadata`; other keys where the graph is foreign."""
        ...


def is_installed(target: Target) -> bool:
    """Return whether the runtime of exported engines is there, without importing it."""
    return find_spec(PACKAGES[target]) is not None


def choose_engine(
    records: Sequence[EngineRecord],
    wanted: str = AUTO,
    *,
    installed: Sequence[Target] | None = None,
) -> EngineChoice:
    """Choose among torch and the exported engines of a bundle.

    Args:
        records: Exported engines.
        wanted: `auto`: the most exact engine of the fastest runtime that is installed,
            torch without one; an engine beyond its tolerance is never chosen by itself.
            `torch`, `openvino` or `onnx`: the same with this runtime only. A full name
            such as `openvino-int8`: that engine.
        installed: Runtimes that are there; looked for unless given.

    Raises:
        ConfigError: If the wanted engine was not exported, or cannot run here.
    """
    if wanted == TORCH:
        return EngineChoice(record=None, note="engine: torch")
    there = [one for one in TARGETS if is_installed(one)]
    runnable = there if installed is None else list(installed)
    named = [one for one in records if one.name == wanted]
    if not named:
        _check_name(wanted)
        targets = TARGETS if wanted == AUTO else (wanted,)
        named = [one for one in records if one.target in targets and not one.waiver]
    usable = [one for one in named if one.target in runnable]
    if usable:
        best = min(usable, key=_preference)
        return EngineChoice(record=best, note=_describe(best))
    if wanted == AUTO:
        return EngineChoice(record=None, note=_why_torch(named))
    if named:
        raise ConfigError(_how_to_install(named[0]))
    found = ", ".join(one.name for one in records) or "none"
    target, _, precision = wanted.partition("-")
    extra = f" --precision {precision}" if precision else ""
    raise ConfigError(
        f"--engine {wanted}: not exported, or kept beyond its tolerance and not named in "
        f"full; this bundle's engines: {found}. Run `tumorscope export BUNDLE --to "
        f"{target}{extra}`, or use --engine {TORCH}"
    )


def open_engine(
    target: Target,
    precision: Precision,
    files: Mapping[str, bytes | memoryview],
    *,
    threads: int = 0,
    streams: int = 1,
) -> ExportedEngine:
    """Return an exported engine, ready to run.

    Args:
        target: Runtime of the files.
        precision: Numbers to compute in.
        files: Content of the engine's files, by name.
        threads: Threads of one pass; 0 takes all cores.
        streams: Passes at once, from as many threads of the caller.

    Raises:
        BundleError: If the runtime cannot use the files.
    """
    graph = [files[name] for name in GRAPH_FILES[target]]
    module: Any = import_module(f"tumorscope.inference.{target}_engine")
    engine: ExportedEngine = (
        module.OnnxEngine(*graph, threads=threads)
        if target == "onnx"
        else module.OpenVinoEngine(
            *graph, precision=precision, threads=threads, streams=streams
        )
    )
    return engine


def open_torch(weights: Mapping[str, NDArray[Any]]) -> Engine:
    """Return the network of a bundle, run by torch.

    Args:
        weights: State dict as arrays.

    Raises:
        BundleError: If the weights belong to another network.
    """
    module: Any = import_module("tumorscope.inference.torch_engine")
    engine: Engine = module.TorchEngine(weights)
    return engine


def _check_name(wanted: str) -> None:
    known = [AUTO, TORCH, *TARGETS]
    full = [f"{target}-{precision}" for target in TARGETS for precision in PRECISIONS]
    if wanted not in known and wanted not in full:
        raise ConfigError(
            f"--engine {wanted}: unknown; choose one of {', '.join([*known, *full])}"
        )


def _preference(record: EngineRecord) -> tuple[int, int]:
    return TARGETS.index(record.target), PRECISIONS.index(record.precision)


def _describe(record: EngineRecord) -> str:
    kept = f"; kept beyond its tolerance: {record.waiver}" if record.waiver else ""
    return f"engine: {record.parity}{kept}"


def _why_torch(missing: Sequence[EngineRecord]) -> str:
    if not missing:
        return "engine: torch"
    return f"engine: torch; {_how_to_install(missing[0])}"


def _how_to_install(record: EngineRecord) -> str:
    return (
        f"{record.name} was exported and its runtime is not installed: "
        f"pip install 'tumorscope[{record.target}]'"
    )
