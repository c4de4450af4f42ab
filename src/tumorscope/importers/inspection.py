"""Opens every file of a source once: what cannot be used is listed by name and reason."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tumorscope.domain.errors import ConfigError, DataError, UnreadableScanError
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.manifest_columns import COLUMNS
from tumorscope.domain.progress import Progress, silent
from tumorscope.io.images import (
    SUFFIXES,
    is_image_name,
    pixel_digest,
    read_image,
    read_mask,
)

MAX_LISTED = 200
_SUFFIX_WORDS = ", ".join(sorted(SUFFIXES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file that was left out, and why."""

    image: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an importer found.

    Attributes:
        manifest: The usable slices.
        left_out: Files that could not be used; empty unless they were to be skipped.
        notes: Facts about the source that a reader of the report must know.
    """

    manifest: Manifest
    left_out: tuple[Unreadable, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """How the files of a source are opened.

    Attributes:
        skip_unreadable: Go on without unusable files instead of stopping.
        progress: Shows how far the inspection got.
        workers: Threads that decode; OpenCV releases the interpreter lock.
        keep_contradictions: Go on where identical pixels carry both labels, for an audit
            that tells of them.
    """

    skip_unreadable: bool = False
    progress: Progress = silent
    workers: int = 2
    keep_contradictions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    digest: str
    height_px: int
    width_px: int


def inspect(
    table: pd.DataFrame,
    *,
    root: Path,
    inspection: Inspection,
    notes: Sequence[str] = (),
) -> Imported:
    """Open each row's image (and mask) once, then build the manifest.

    Args:
        table: Manifest columns without `pixel_digest`, `height_px` and `width_px`.
        root: Folder that the paths are relative to.
        inspection: How to open, and what to do with unusable files.
        notes: Facts that the importer learned.

    Returns:
        The manifest and what was left out.

    Raises:
        DataError: If files are unusable and not to be skipped, identical pixels carry
            both labels and that was not asked to be kept, or nothing is left.
        ConfigError: If the table has unknown columns.
    """
    unknown = sorted(set(table.columns) - set(COLUMNS))
    if unknown:
        raise ConfigError(f"unknown columns {unknown}: known are {list(COLUMNS)}")
    # The paths are checked before the first file is opened.
    rows = Manifest(table=table, root=root.resolve())
    facts, left_out = _open_all(rows, inspection)
    if left_out and not inspection.skip_unreadable:
        raise DataError(list_unusable(left_out, total=len(rows)))
    kept = [row for row, fact in enumerate(facts) if fact is not None]
    if not kept:
        raise DataError(list_unusable(left_out, total=len(rows)))
    usable = rows.table.iloc[kept].reset_index(drop=True)
    found = [fact for fact in facts if fact is not None]
    usable["pixel_digest"] = [fact.digest for fact in found]
    usable["height_px"] = [fact.height_px for fact in found]
    usable["width_px"] = [fact.width_px for fact in found]
    if not inspection.keep_contradictions:
        _refuse_contradictions(usable)
    return Imported(
        manifest=Manifest(table=usable, root=root),
        left_out=tuple(left_out),
        notes=tuple(notes),
    )


def _open_all(
    rows: Manifest, inspection: Inspection
) -> tuple[list[_Facts | None], list[Unreadable]]:
    def open_one(row: int) -> _Facts | Unreadable:
        try:
            return _open(rows, row)
        except UnreadableScanError as error:
            image = str(rows.table["image"].iat[row])
            reason = str(error).removeprefix(f"{rows.image_path(row).name}: ")
            return Unreadable(image=image, reason=reason)

    facts: list[_Facts | None] = []
    left_out: list[Unreadable] = []
    with ThreadPoolExecutor(max_workers=inspection.workers) as pool:
        results = pool.map(open_one, range(len(rows)))
        for result in inspection.progress(
            results, total=len(rows), label="opening files"
        ):
            if isinstance(result, Unreadable):
                left_out.append(result)
                facts.append(None)
            else:
                facts.append(result)
    return facts, left_out


def _open(rows: Manifest, row: int) -> _Facts:
    path = rows.image_path(row)
    if not is_image_name(path):
        raise UnreadableScanError(
            f"{path.name}: not an image name; images end with {_SUFFIX_WORDS}"
        )
    _refuse_outside(path, rows.root)
    pixels = read_image(path)
    mask_path = rows.mask_path(row)
    if mask_path is not None:
        _refuse_outside(mask_path, rows.root)
        mask = read_mask(mask_path)
        if mask.shape != pixels.shape[:2]:
            raise UnreadableScanError(
                f"{mask_path.name}: the mask is {mask.shape}, its image "
                f"{pixels.shape[:2]}"
            )
    height_px, width_px = pixels.shape[:2]
    return _Facts(digest=pixel_digest(pixels), height_px=height_px, width_px=width_px)


def _refuse_outside(path: Path, root: Path) -> None:
    if not path.resolve().is_relative_to(root):
        raise UnreadableScanError(f"{path.name}: a link that leads outside the source")


def _refuse_contradictions(table: pd.DataFrame) -> None:
    labels = table.dropna(subset=["label"]).groupby("pixel_digest")["label"].nunique()
    torn = labels[labels > 1].index
    if len(torn):
        rows = table[table["pixel_digest"].isin(torn)].sort_values("pixel_digest")
        names = ", ".join(rows["image"].head(20))
        raise DataError(
            f"contradicting labels: {len(torn)} pictures with identical pixels carry "
            f"both labels ({names}); decide which label holds and remove the others"
        )


def list_unusable(left_out: Sequence[Unreadable], *, total: int) -> str:
    """Return a message that names unusable files, and what to do about them."""
    lines = [f"  {entry.image}: {entry.reason}" for entry in left_out[:MAX_LISTED]]
    if len(left_out) > MAX_LISTED:
        lines.append(f"  and {len(left_out) - MAX_LISTED} more")
    head = f"{len(left_out)} of {total} files cannot be used:"
    tail = "Repair or remove them, or go on without them: --skip-unreadable"
    return "\n".join([head, *lines, tail])
