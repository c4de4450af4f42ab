"""A folder that appears when it is complete, and leaves nothing behind when it is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

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

    What a killed process left of an earlier attempt is removed.

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
    _remove_abandoned(target)
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


def _remove_abandoned(target: Path) -> None:
    """Remove partial folders whose process is gone; one at work keeps its own."""
    for left in target.parent.glob(f".{target.name}.*.partial"):
        process = left.name.split(".")[-2]
        if process.isdigit() and not psutil.pid_exists(int(process)):
            shutil.rmtree(left, ignore_errors=True)
