"""The files of a source folder, without what operating systems drop into it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tumorscope.domain.errors import DataError

SYSTEM_FILES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
"""Names, in lower case, of the only files that are passed over."""
MAX_SHOWN = 10


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every file in a folder and its subfolders, in a fixed order.

    Args:
        folder: Where to look; it may itself be a link.

    Yields:
        Paths that start with `folder`.

    Raises:
        DataError: If a subfolder is a link: it may lead outside the source, or in a
            circle.
    """
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in folders:
            path = Path(parent) / name
            if path.is_symlink():
                raise DataError(
                    f"{path}: a link to a folder is not followed; copy the folder or "
                    "remove the link"
                )
        for name in sorted(names):
            if name.casefold() not in SYSTEM_FILES:
                yield Path(parent) / name


def system_files_note(folder: Path) -> list[str]:
    """Return a note that counts the files that were passed over; empty for none."""
    count = sum(
        name.casefold() in SYSTEM_FILES
        for _, _, names in os.walk(folder)
        for name in names
    )
    words = "files of the operating system (.DS_Store, Thumbs.db, desktop.ini)"
    return [f"Passed over: {count} {words}."] if count else []


def shown(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(names[:MAX_SHOWN]) + more
