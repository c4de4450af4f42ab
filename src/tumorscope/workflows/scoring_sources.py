"""What a batch of scores is made of: image files of a folder, a table or an archive, or studies.

A unit is what a stopped run takes up again whole: an image file, or a study. Units have a
fixed order, and a digest that tells whether the source is still the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tumorscope.domain.errors import DataError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.slice_stack import SliceStack
from tumorscope.domain.study import StudySource
from tumorscope.importers.detection import find_scans
from tumorscope.importers.inspection import Inspection
from tumorscope.importers.scan_kinds import volume_layout
from tumorscope.inference.predictor import Predictor
from tumorscope.io.file_kinds import is_nifti_name
from tumorscope.io.image_lists import listed_images
from tumorscope.io.images import is_image_name
from tumorscope.io.sandbox import Sandbox
from tumorscope.io.scan_files import ScanFile, files_of_folder, files_of_zip
from tumorscope.workflows.predict_images import find_images
from tumorscope.workflows.predict_scans import EMPTY_SLICE, stack_slices
from tumorscope.workflows.scoring_pipeline import (
    SourceBatch,
    in_batches,
    usable_cores,
)
from tumorscope.workflows.slice_preparation import SliceItem

TABLES = (".parquet", ".csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringSource:
    """Units to score.

    Attributes:
        units: How many there are.
        digest: SHA-256 of their names, sizes and times or checksums.
        batches: From a unit on, in batches of a size.
        what: What a unit is, in the plural.
    """

    units: int
    digest: str
    batches: Callable[[int, int], Iterator[SourceBatch]]
    what: str


def open_source(
    path: Path,
    predictor: Predictor,
    resources: ExitStack,
    *,
    progress: Progress = silent,
) -> ScoringSource:
    """List what a source holds.

    Args:
        path: A folder, a table with a column `image` (.parquet or .csv, paths relative
            to it), a zip archive, a DICOMDIR, or one file.
        predictor: Its card says which sequences the model was trained on.
        resources: Holds the processes that parse DICOM and NIfTI.
        progress: Shows how far the reading of headers got.

    Raises:
        DataError: If the source is missing, empty or not to be trusted.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    if path.suffix.lower() in TABLES:
        return _image_source(listed_images(path))
    if path.suffix.lower() == ".zip":
        members = files_of_zip(path, resources.enter_context(Sandbox()))
        images = [one for one in members if is_image_name(Path(one.name))]
        if images:
            return _image_source(images)
        if any(is_nifti_name(Path(one.name)) for one in members):
            raise DataError(
                f"{path}: holds NIfTI volumes; unpack it and name the folder, as a "
                "stopped run could not take up an archive of volumes where it was"
            )
    layout = volume_layout(path)
    if layout is None:
        root = path if path.is_dir() else path.parent
        return _image_source(files_of_folder(root, find_images(path)))
    sandbox = resources.enter_context(Sandbox())
    inspection = Inspection(progress=progress, workers=usable_cores())
    found = find_scans(path, layout, sandbox, inspection)
    return _study_source(path, found.studies, found.left_out, predictor)


def _image_source(files: Sequence[ScanFile]) -> ScoringSource:
    if not files:
        raise DataError("the source lists no image")
    names = {file.name for file in files}

    def batches(first: int, size: int) -> Iterator[SourceBatch]:
        for start in range(first, len(files), size):
            items = [_item(one, names) for one in files[start : start + size]]
            yield from in_batches(
                items, size=size, units_before=start, is_one_unit=False
            )

    return ScoringSource(
        units=len(files),
        digest=_digest(map(_facts, files)),
        batches=batches,
        what="images",
    )


def _item(file: ScanFile, names: set[str]) -> SliceItem:
    folder, slash, name = file.name.rpartition("/")
    image = name.replace("_mask.", ".")
    is_mask = image != name and f"{folder}{slash}{image}" in names
    refused = f"{name}: the lesion mask of {image}" if is_mask else ""
    return SliceItem(name=file.name, file=file, refused=refused)


def _study_source(
    path: Path,
    studies: Sequence[StudySource],
    left_out: Sequence[LeftOutScan],
    predictor: Predictor,
) -> ScoringSource:
    # What no study uses is one more unit, so that the table names it, too.
    units = len(studies) + bool(left_out)

    def batches(first: int, size: int) -> Iterator[SourceBatch]:
        for unit in range(first, units):
            items = (
                _study_items(studies[unit], predictor)
                if unit < len(studies)
                else list(map(_left_out_item, left_out))
            )
            yield from in_batches(items, size=size, units_before=unit, is_one_unit=True)

    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    root = path if path.is_dir() else path.parent
    return ScoringSource(
        units=units,
        digest=_digest(
            _facts(one)
            for one in files_of_folder(root, [one for one in files if one.is_file()])
        ),
        batches=batches,
        what="studies",
    )


def _study_items(study: StudySource, predictor: Predictor) -> list[SliceItem]:
    stacks, unused = stack_slices(study, predictor.card)
    items = [item for stack in stacks for item in _stack_items(stack)]
    dropped = [*unused, *(one for stack in stacks for one in stack.left_out)]
    return items + [_left_out_item(one) for one in dropped]


def _stack_items(stack: SliceStack) -> Iterator[SliceItem]:
    for index in range(len(stack.pixels)):
        yield SliceItem(
            name=f"{stack.facts.label}, slice {index}",
            pixels=stack.picture(index),
            refused="" if stack.has_content[index] else EMPTY_SLICE,
            slice_index=index,
            position_mm=round(float(stack.positions_mm[index]), 3),
        )


def _left_out_item(one: LeftOutScan) -> SliceItem:
    return SliceItem(name=one.label, refused=f"left out: {one.reason}")


def _facts(file: ScanFile) -> str:
    if file.member is not None:
        return f"{file.name}|{file.member.size_bytes}|{file.member.checksum}"
    try:
        found = file.path.stat()
    except OSError:
        return f"{file.name}|missing"
    return f"{file.name}|{found.st_size}|{found.st_mtime_ns}"


def _digest(facts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for one in facts:
        digest.update(one.encode() + b"\n")
    return digest.hexdigest()
