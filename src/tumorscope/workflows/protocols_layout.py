"""Where a protocol keeps its files, and the run folders that its repeats are.

A repeat is a run folder of its own: `evaluate` and `explain` work on it as on any run. It
shares the manifest and the pixel store of the run it was made from by symbolic links, so
that nothing is copied and no image is decoded twice.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.progress import Progress
from tumorscope.domain.protocol_spec import ProtocolName, ProtocolRequest
from tumorscope.domain.specs import RunSpec, SplitSpec, TrainSpec
from tumorscope.domain.split import Split
from tumorscope.io.artifacts import read_json, write_record, write_split
from tumorscope.io.whole_files import write_json
from tumorscope.splitting import split_cohort
from tumorscope.workflows.recording import RECORD
from tumorscope.workflows.run_folder import MANIFEST, SPLIT, STORES, Run
from tumorscope.workflows.whole_folder import whole_folder

PROTOCOLS, REQUEST = "protocols", "request.json"
PROTOCOL_JSON, PROTOCOL_HTML = "protocol.json", "protocol.html"
_FOR_TRAINING = ("preprocess", "train", "calibrate")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolJob:
    """A protocol of a run, new or to be gone on with.

    Attributes:
        run: The run that the repeats are made from.
        request: What was asked for.
        show_bar: Whether a bar with the time left in a training is shown.
        progress: Shows how far the folds got.
    """

    run: Run
    request: ProtocolRequest
    show_bar: bool
    progress: Progress

    @property
    def folder(self) -> Path:
        """Where the protocol keeps its files."""
        return protocol_folder(self.run.folder, self.request.name)

    @property
    def repeats(self) -> range:
        """Numbers of the repeats."""
        return range(self.request.settings.repeats_of(self.request.name))

    def repeat_folder(self, repeat: int) -> Path:
        """Where a repeat keeps its files."""
        return self.folder / f"repeat-{repeat}"

    def train_spec(self, repeat: int) -> TrainSpec:
        """Return the training settings of a repeat: each has a seed of its own."""
        train = self.request.run.train
        return train.model_copy(update={"seed": train.seed + repeat})


def protocol_folder(run: Path, name: ProtocolName) -> Path:
    """Return where a run keeps a protocol."""
    return run / PROTOCOLS / name


def keep_request(job: ProtocolJob) -> None:
    """Write down what was asked for, or refuse to go on with something else.

    Raises:
        ConfigError: If the protocol was started with other settings.
    """
    place = job.folder / REQUEST
    if not place.is_file():
        job.folder.mkdir(parents=True, exist_ok=True)
        write_json(place, job.request.model_dump(mode="json"))
        return
    before, now = (
        _flat(_what_must_stay(each)) for each in (read_request(place), job.request)
    )
    changed = [
        f"{name} was {before.get(name)}, is {now.get(name)}"
        for name in sorted(before | now)
        if before.get(name) != now.get(name)
    ]
    if changed:
        raise ConfigError(
            f"{job.folder} was started with other settings: {'; '.join(changed)}. Go on "
            "with the same ones, or remove that folder to start again"
        )


def read_request(path: Path) -> ProtocolRequest:
    """Read what a protocol was started with.

    Raises:
        DataError: If the file is missing or damaged.
    """
    try:
        return ProtocolRequest.model_validate(read_json(path))
    except ValidationError as error:
        raise DataError(f"{path}: damaged protocol request: {error}") from error


def make_run_folder(
    job: ProtocolJob,
    place: Path,
    split: Split,
    *,
    spec: RunSpec,
    notes: Sequence[str] = (),
) -> None:
    """Make a run folder that shares manifest and pixel store; keep one that is there.

    Args:
        job: The protocol.
        place: Where the folder goes; it appears when it is whole.
        split: Its split.
        spec: Its settings.
        notes: Limits beside those of the run.

    Raises:
        ConfigError: If the file system makes no symbolic links.
    """
    if (place / RECORD).is_file():
        return
    source = job.run
    name = place.relative_to(source.folder).as_posix().replace("/", "-")
    record = source.record.model_copy(
        update={
            "name": f"{source.record.name}-{name}",
            "spec": spec,
            "notes": (*source.record.notes, *notes),
            "stages": (),
        }
    )
    with whole_folder(place) as folder:
        for shared in (MANIFEST, STORES):
            _link(folder / shared, source.folder / shared, place_of_run=place)
        write_split(folder / SPLIT, split)
        write_record(folder / RECORD, record)


def deal_repeat(job: ProtocolJob, repeat: int) -> tuple[Split, SplitSpec, list[str]]:
    """Deal the patients of one repeat.

    Folds are balanced by size, label share and site; every seed deals them anew.

    Args:
        job: The protocol.
        repeat: From 0; its seed is that of the protocol plus this number.

    Returns:
        The split, its settings, and notes on sites that were merged.

    Raises:
        DataError: If there are too few patients.
        ConfigError: If sites are to be left out and fewer than two are known.
    """
    settings, name = job.request.settings, job.request.name
    by_site = name == "leave-site-out"
    spec = SplitSpec(
        tune_share=job.request.run.split.tune_share,
        folds=0 if by_site else settings.folds,
        leave_out="site" if by_site else "",
        seed=settings.seed + repeat,
    )
    manifest = job.run.manifest
    sites, notes = manifest.table["site"], list[str]()
    if by_site:
        owners = pd.Series(job.run.owners())
        sites, notes = merge_lone_sites(sites, owners)
    table = manifest.table.assign(site=sites)
    manifest = Manifest(table=table, root=manifest.root)
    groups = pd.factorize(job.run.split.group)[0].astype(np.int64)
    split = split_cohort(manifest, groups, spec)
    return replace(split, manifest_digest=job.run.manifest.digest), spec, notes


def merge_lone_sites(
    sites: pd.Series, owners: pd.Series
) -> tuple[pd.Series, list[str]]:
    """Put sites of a single patient together with others; one patient tests nothing.

    Several such sites are pooled; a lone one joins the smallest other site, as in the
    draws of the bootstrap.

    Args:
        sites: Shape (slices,), may be missing.
        owners: Shape (slices,), patient or group of each slice.

    Returns:
        The sites, merged ones named like "EZ+FG", and a note for each merger.
    """
    patients = owners.groupby(sites.to_numpy()).nunique().sort_values(kind="stable")
    lone = [str(name) for name in patients.index[patients == 1]]
    others = [str(name) for name in patients.index[patients > 1]]
    if not lone:
        return sites, []
    merged = sorted([*lone, *others[:1]] if len(lone) == 1 else lone)
    if len(merged) == 1:
        return sites, []
    name = "+".join(merged)
    note = (
        f"The sites {' and '.join(merged)} were left out together: "
        f"{' and '.join(sorted(lone))} has a single patient."
        if len(lone) == 1
        else f"The sites {', '.join(merged)} of one patient each were left out together."
    )
    return sites.where(~sites.isin(merged), name), [note]


def _link(place: Path, target: Path, *, place_of_run: Path) -> None:
    relative = os.path.relpath(target.absolute(), place_of_run.absolute())
    try:
        place.symlink_to(relative, target_is_directory=target.is_dir())
    except OSError as error:
        raise ConfigError(
            f"{place_of_run}: no symbolic link can be made here ({error.strerror}), "
            "which a protocol needs to share manifest and pixel store; use another disk"
        ) from error


def _what_must_stay(request: ProtocolRequest) -> dict[str, Any]:
    """Return what the trained models depend on; the report may be drawn anew."""
    values = request.model_dump(mode="json")
    run = values.pop("run")
    return {
        "protocol": values.pop("settings"),
        "split.tune_share": run["split"]["tune_share"],
        "evaluate.target_specificity": run["evaluate"]["target_specificity"],
        **{section: run[section] for section in _FOR_TRAINING},
        **values,
    }


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
