"""Writes down who ran what, when and where."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tumorscope.domain.run_record import RunRecord, StageRecord
from tumorscope.domain.specs import RunSpec
from tumorscope.io.artifacts import read_record, write_record

RECORD = "run.json"
LIBRARIES = (
    "tumorscope",
    "torch",
    "monai",
    "lightning",
    "numpy",
    "pandas",
    "opencv-python-headless",
    "scikit-learn",
)


class StageNotes:
    """What a stage adds to the record of its run.

    Attributes:
        details: What it has to tell beside its files.
        spec: The settings it ran with, where they are not those of the record.
    """

    def __init__(self) -> None:
        self.details: dict[str, Any] = {}
        self.spec: RunSpec | None = None


def now() -> str:
    """Return the time in ISO 8601 with zone, to the second."""
    return datetime.now(tz=UTC).isoformat(timespec="seconds")


def library_versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    return {"python": platform.python_version()} | {
        name: version(name) for name in LIBRARIES
    }


def describe_host() -> dict[str, str]:
    """Return machine, system, Python and processor count; no host name, no user."""
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "processors": str(os.cpu_count()),
    }


def source_commit() -> str:
    """Return the commit of the source tree, or nothing for an installed package."""
    here = Path(__file__).resolve()
    if "site-packages" in here.parts:
        return ""
    try:
        answer = subprocess.run(  # noqa: S603 - a constant command
            ["git", "-C", str(here.parent), "rev-parse", "HEAD"],  # noqa: S607 - git is looked up as a user would
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


@contextmanager
def recorded_stage(run: Path, stage: str) -> Iterator[StageNotes]:
    """Add one stage, and its settings, to `run.json` when it ends without an error.

    Args:
        run: The run's folder.
        stage: Name of the stage.

    Yields:
        Where the stage leaves what it has to tell.
    """
    started, clock = now(), time.monotonic()
    notes = StageNotes()
    yield notes
    record = read_record(run / RECORD)
    entry = StageRecord(
        stage=stage,
        started=started,
        seconds=round(time.monotonic() - clock, 3),
        version=version("tumorscope"),
        commit=source_commit(),
        host=describe_host(),
        details=notes.details,
    )
    spec = notes.spec or record.spec
    update_record(run, record, spec=spec, stages=(*record.stages, entry))


def update_record(run: Path, record: RunRecord, **changes: Any) -> RunRecord:
    """Replace fields of `run.json` and return the new record."""
    updated = record.model_copy(update=changes)
    write_record(run / RECORD, updated)
    return updated
