"""Options of the command line, to how a source is read."""

from __future__ import annotations

from collections.abc import Sequence

from tumorscope.domain.errors import ConfigError
from tumorscope.importers.csv_table import CsvColumns
from tumorscope.importers.detection import ImporterName
from tumorscope.importers.folder import FolderLayout
from tumorscope.workflows.prepare import SourceOptions


def source_options(
    importer: ImporterName,
    *,
    positive: tuple[str, ...] = (),
    negative: tuple[str, ...] = (),
    columns: Sequence[str] = (),
    ignored: tuple[str, ...] = (),
    skip_unreadable: bool = False,
) -> SourceOptions:
    """Build the options of a source.

    Args:
        importer: Which importer; "auto" looks at the layout.
        positive: Class names that mean a tumor.
        negative: Class names that mean none.
        columns: Each `theirs=ours`: a column of the table and its name here.
        ignored: Columns of the table that are left out.
        skip_unreadable: Go on without unusable files.

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
        skip_unreadable=skip_unreadable,
    )


def _pair(entry: str) -> tuple[str, str]:
    theirs, equals, ours = entry.partition("=")
    if not equals or not theirs.strip() or not ours.strip():
        raise ConfigError(
            f"--column {entry}: write theirs=ours, e.g. subject=patient_id"
        )
    return theirs.strip(), ours.strip()
