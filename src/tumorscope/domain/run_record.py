"""Who, what and when of a run: `run.json`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from tumorscope.domain.spec import Spec
from tumorscope.domain.specs import RunSpec


class StageRecord(Spec):
    """One stage that was run."""

    stage: str
    """prepare, audit, train, evaluate, explain or another command."""
    started: str
    """ISO 8601 time with zone."""
    seconds: float
    """Duration, in seconds."""
    version: str
    """Version of tumorscope."""
    commit: str = ""
    """Commit of the source tree; empty for an installed package."""
    host: dict[str, str]
    """Machine, system, Python and processor count."""
    details: dict[str, Any] = Field(default_factory=dict)
    """What the stage has to tell beside its files."""


class LeftOut(Spec):
    """A file that was not used."""

    image: str
    """Path relative to the source."""
    reason: str
    """Why."""


class RunRecord(Spec):
    """What stands in `run.json`."""

    name: str
    """Name of the run's folder."""
    spec: RunSpec
    """Everything that was asked for."""
    importer: str
    """Importer that read the source."""
    root: str
    """Folder that the manifest's paths are relative to."""
    manifest_digest: str
    """SHA-256 of the manifest."""
    notes: tuple[str, ...] = ()
    """Limits that the importer knows of."""
    left_out: tuple[LeftOut, ...] = ()
    """Files that were skipped on request."""
    stages: tuple[StageRecord, ...] = ()
    """What was run, in order."""
