"""A folder that appears when it is complete, and leaves nothing behind when it is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tumorscope.domain.errors import ConfigError


def refuse_in_use(place: Path) -> None:
    """Refuse a place that holds anything.

    Raises:
        ConfigError: If `place` is a file, or a folder with content.
    """
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise ConfigError(
            f"{place} is in use and is never overwritten: choose another --out, or "
            "remove it"
        )


@contextmanager
def whole_folder(place: Path, *, replaces: bool = False) -> Iterator[Path]:
    """Yield a folder beside `place`; it takes that name when the block ends well.

    Args:
        place: Where the folder shall be; absent or empty, unless `replaces`.
        replaces: Whether the folder takes the place of an earlier one.

    Yields:
        The folder to write to.

    Raises:
        ConfigError: If `place` was filled by someone else meanwhile.
    """
    target = place.absolute()
    new_parents = [parent for parent in target.parents if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        if replaces:
            shutil.rmtree(target, ignore_errors=True)
        refuse_in_use(target)
        if target.exists():
            target.rmdir()
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in new_parents:
            with suppress(OSError):  # a parent that holds the new folder is kept
                parent.rmdir()
