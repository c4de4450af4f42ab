"""Volumes to a manifest: every slice becomes a 16-bit PNG, its mask another one.

A cohort of volumes is then a cohort of slices like any other: audit, store, training and
reports need not know where it came from. Slices that show almost nothing are left out;
`slice_index` keeps their place.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.slice_stack import SliceStack
from tumorscope.domain.study import SEQUENCES, FoundScans, StudySource
from tumorscope.importers.channels import choose_channels, stack_study
from tumorscope.importers.classes import ClassWords
from tumorscope.importers.inspection import (
    Imported,
    Inspection,
    Unreadable,
    inspect,
    list_unusable,
)
from tumorscope.importers.scan_labels import ScanLabels, read_scan_labels
from tumorscope.io.images import write_png

DIGEST_DIGITS = 16
WHOLE_SCAN_NOTE = (
    "Labels are those of whole scans: slices without a visible tumor carry them too."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeOptions:
    """How volumes become slices.

    Attributes:
        sequences: Names of one or three channels; empty takes what all studies have.
        labels: Table of labels; None takes the masks, or leaves labels unknown.
        words: Which labels mean a tumor.
        slices: Folder that slices are written to; None where there is none.

    Raises:
        ConfigError: If the channels cannot be.
    """

    sequences: tuple[str, ...] = ()
    labels: Path | None = None
    words: ClassWords = field(default_factory=ClassWords)
    slices: Path | None = None

    def __post_init__(self) -> None:
        """Refuse unknown names, and two channels."""
        unknown = sorted(set(self.sequences) - set(SEQUENCES))
        if unknown or len(self.sequences) not in (0, 1, 3):
            raise ConfigError(
                f"--sequences {','.join(self.sequences)}: name one or three of "
                f"{', '.join(SEQUENCES)}"
            )


AS_SLICES = VolumeOptions()
"""Channels that all studies have, labels from masks, and no folder to write to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What one study gave."""

    rows: tuple[dict[str, object], ...]
    left_out: tuple[LeftOutScan, ...]
    notes: tuple[str, ...] = ()


def import_volumes(
    found: FoundScans, options: VolumeOptions, inspection: Inspection
) -> Imported:
    """Write the slices of all studies, and read them back as a manifest.

    Args:
        found: What the source holds.
        options: Channels, labels and the folder for the slices.
        inspection: What to do with unusable files, and how many studies at once.

    Returns:
        One row for each slice with content. Series that are no use are among what was
        left out, with their reasons.

    Raises:
        DataError: If files are damaged and not to be skipped, nothing can be used, or
            labels and scans do not match.
        ConfigError: If there is no folder to write to, or both masks and labels.
    """
    if options.slices is None:
        raise ConfigError(
            "volumes are first written as slices: run `tumorscope convert SOURCE --out "
            "FOLDER`, and name FOLDER/manifest.parquet instead"
        )
    labels = _read_labels(found, options)
    channels = options.sequences or choose_channels(
        [
            frozenset(str(one.facts.sequence.name) for one in study.series)
            for study in found.studies
        ]
    )
    written = list(
        _write_all(found.studies, channels, options.slices, inspection=inspection)
    )
    left_out = [one for study in written for one in study.left_out]
    unusable = [_unreadable(one) for one in (*found.left_out, *left_out)]
    rows = [row for study in written for row in study.rows]
    damaged = any(one.damaged for one in (*found.left_out, *left_out))
    if not rows or (damaged and not inspection.skip_unreadable):
        total = len(unusable) + len(rows)
        raise DataError(list_unusable(unusable, total=total) if unusable else _NOTHING)
    notes = [*found.notes, *_count_notes(written)]
    if labels is not None:
        rows = _with_labels(rows, labels)
        notes += [] if labels.is_of_slices else [WHOLE_SCAN_NOTE]
    imported = inspect(
        pd.DataFrame(rows), root=options.slices, inspection=inspection, notes=notes
    )
    return Imported(
        manifest=imported.manifest,
        left_out=(*unusable, *imported.left_out),
        notes=imported.notes,
    )


_NOTHING = "no scan was found: no DICOM or NIfTI volume lies in this source"


def _read_labels(found: FoundScans, options: VolumeOptions) -> ScanLabels | None:
    if options.labels is None:
        return None
    if any(study.segmentation is not None for study in found.studies):
        raise ConfigError(
            "--labels: this source has lesion masks, which label every slice; leave one "
            "of both out"
        )
    return read_scan_labels(options.labels, options.words)


def _write_all(
    studies: Sequence[StudySource],
    channels: Sequence[str],
    slices: Path,
    *,
    inspection: Inspection,
) -> Iterator[_Written]:
    def write(study: StudySource) -> _Written:
        offered = {str(one.facts.sequence.name) for one in study.series}
        if not offered.intersection(channels):
            reason = f"has none of the sequences {', '.join(channels)}"
            return _Written(rows=(), left_out=(_whole(study, reason),))
        try:
            stack = stack_study(study, channels)
        except DataError as error:
            left = _whole(study, str(error), damaged=True)
            return _Written(rows=(), left_out=(left,))
        rows = tuple(_write_slices(stack, study, slices))
        return _Written(rows=rows, left_out=stack.left_out, notes=stack.notes)

    with ThreadPoolExecutor(max_workers=inspection.workers) as pool:
        results = pool.map(write, studies)
        yield from inspection.progress(
            results, total=len(studies), label="writing slices"
        )


def _whole(study: StudySource, reason: str, *, damaged: bool = False) -> LeftOutScan:
    return LeftOutScan(
        label=", ".join(one.facts.label for one in study.series),
        files=sum(one.files for one in study.series),
        reason=reason,
        damaged=damaged,
    )


def _write_slices(
    stack: SliceStack, study: StudySource, slices: Path
) -> Iterator[dict[str, object]]:
    facts = stack.facts
    identity = f"{study.study_id}|{facts.series_id}|{','.join(stack.sequences)}"
    name = hashlib.sha256(identity.encode()).hexdigest()[:DIGEST_DIGITS]
    (slices / name).mkdir(parents=True, exist_ok=True)
    for index in stack.has_content.nonzero()[0].tolist():
        image = f"{name}/{index:04d}.png"
        write_png(slices / image, stack.picture(index))
        mask = None
        if stack.masks is not None:
            mask = f"{name}/{index:04d}_mask.png"
            write_png(slices / mask, stack.masks[index])
        yield {
            "image": image,
            "label": None if stack.masks is None else int(stack.masks[index].any()),
            "patient_id": study.patient_id,
            "study_id": study.study_id,
            "series_id": facts.series_id,
            "slice_index": index,
            "slice_count": len(stack.pixels),
            "sequences": ",".join(stack.sequences),
            "site": facts.site,
            "scanner": facts.scanner,
            "sex": facts.sex,
            "age_years": facts.age_years,
            "mask": mask,
            "source": study.source,
            "spacing_mm": "x".join(f"{one:.3f}" for one in stack.spacing_mm),
            "slice_position_mm": round(float(stack.positions_mm[index]), 3),
            "orientation": stack.orientation,
        }


def _unreadable(one: LeftOutScan) -> Unreadable:
    files = f" ({one.files} files)" if one.files > 1 else ""
    return Unreadable(image=f"{one.label}{files}", reason=one.reason)


def _count_notes(written: Sequence[_Written]) -> list[str]:
    """Return each note once, and in how many studies it holds."""
    used = [study for study in written if study.rows]
    counts = Counter(note for study in used for note in study.notes)
    return [
        note if count == len(used) else f"{note} ({count} of {len(used)} studies)"
        for note, count in counts.items()
    ]


def _with_labels(
    rows: Sequence[dict[str, object]], labels: ScanLabels
) -> list[dict[str, object]]:
    keys = [labels.key_of(row) for row in rows]
    strangers = sorted(set(labels.labels) - set(keys))
    if strangers:
        raise DataError(
            f"{len(strangers)} rows of the table of labels fit no slice of the source "
            f"(columns {', '.join(labels.keys)}); correct or remove them"
        )
    return [
        {**row, "label": labels.labels.get(key)}
        for row, key in zip(rows, keys, strict=True)
    ]
