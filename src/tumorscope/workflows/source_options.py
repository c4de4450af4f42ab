"""Options of the command line, to how a source is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tumorscope.domain.errors import ConfigError
from tumorscope.importers.classes import ClassWords
from tumorscope.importers.csv_table import CsvColumns
from tumorscope.importers.detection import ImporterName
from tumorscope.importers.folder import FolderLayout
from tumorscope.importers.volumes import AS_SLICES, VolumeOptions
from tumorscope.workflows.prepare import SourceOptions


def source_options(  # noqa: PLR0913 - one for each way a source can differ
    importer: ImporterName,
    *,
    positive: tuple[str, ...] = (),
    negative: tuple[str, ...] = (),
    columns: Sequence[str] = (),
    ignored: tuple[str, ...] = (),
    skip_unreadable: bool = False,
    volumes: VolumeOptions = AS_SLICES,
) -> SourceOptions:
    """Build the options of a source.

    Args:
        importer: Which importer; "auto" looks at the layout.
        positive: Class names that mean a tumor.
        negative: Class names that mean none.
        columns: Each `theirs=ours`: a column of the table and its name here.
        ignored: Columns of the table that are left out.
        skip_unreadable: Go on without unusable files.
        volumes: How volumes become slices; `positive` and `negative` hold for its table
            of labels too.

    Returns:
        The options for `prepare`.

    Raises:
        ConfigError: If an entry cannot be used.
    """
    renamed = dict(_pair(entry) for entry in columns)
    path = [theirs for theirs, ours in renamed.items() if ours == "image"]
    label = [theirs for theirs, ours in renamed.items() if ours == "label"]
    for name, found in (("image", path), ("label", label)):
        if len(found) > 1:
            raise ConfigError(f"--column: {found} are all to be {name}: keep one")
    return SourceOptions(
        importer=importer,
        layout=FolderLayout(positive=positive, negative=negative),
        columns=CsvColumns(
            path=path[0] if path else None,
            label=label[0] if label else None,
            positive=positive,
            negative=negative,
            rename={
                theirs: ours
                for theirs, ours in renamed.items()
                if ours not in {"image", "label"}
            },
            ignore=ignored,
        ),
        volumes=replace(
            volumes, words=ClassWords(positive=positive, negative=negative)
        ),
        skip_unreadable=skip_unreadable,
    )


def volume_options(sequences: str, *, labels: Path | None) -> VolumeOptions:
    """Build the options of volumes.

    Args:
        sequences: Names with commas between them; empty takes what all studies have.
        labels: Table of labels, if there is one.

    Raises:
        ConfigError: If the channels cannot be.
    """
    names = (name.strip().lower() for name in sequences.split(","))
    return VolumeOptions(sequences=tuple(filter(None, names)), labels=labels)


def _pair(entry: str) -> tuple[str, str]:
    theirs, equals, ours = entry.partition("=")
    if not equals or not theirs.strip() or not ours.strip():
        raise ConfigError(
            f"--column {entry}: write theirs=ours, e.g. subject=patient_id"
        )
    return theirs.strip(), ours.strip()
