"""Finds the files that a table means by the names it writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from tumorscope.domain.errors import DataError
from tumorscope.importers.files import shown
from tumorscope.io.images import is_image_name


@dataclass(frozen=True, slots=True, kw_only=True)
class FileNames:
    """The files of a source, to be found by name.

    A written name means the file at exactly this path; else the files whose path ends
    with it, regardless of case; else the images whose path without its ending does.

    Attributes:
        paths: Of every file, relative to the source, with "/".
    """

    paths: tuple[str, ...]
    _ends: dict[str, list[str]] = field(init=False, repr=False, compare=False)
    _stems: dict[str, list[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index every file by each end of its path, with and without its ending."""
        ends: dict[str, list[str]] = defaultdict(list)
        stems: dict[str, list[str]] = defaultdict(list)
        for path in self.paths:
            for end in _ends_of(PurePosixPath(path.casefold())):
                ends[end].append(path)
            if is_image_name(Path(path)):
                for end in _ends_of(PurePosixPath(path.casefold()).with_suffix("")):
                    stems[end].append(path)
        object.__setattr__(self, "_ends", dict(ends))
        object.__setattr__(self, "_stems", dict(stems))

    def find_all(self, written: Sequence[str], *, what: str) -> list[str]:
        r"""Return the file that each name means.

        Args:
            written: Names as the table writes them; "\" counts as "/".
            what: What the files are, for the messages, e.g. "images".

        Returns:
            One of `paths` for each name.

        Raises:
            DataError: If a name fits no file, or several.
        """
        found = {name: self._find(name) for name in written}
        several = [
            f"{name} ({shown(files)})"
            for name, files in found.items()
            if len(files) > 1
        ]
        if several:
            raise DataError(
                f"{len(several)} {what} of the table fit several files: "
                f"{shown(several)}; write the path and the ending in the table"
            )
        absent = [name for name, files in found.items() if not files]
        if absent:
            raise DataError(
                f"{len(absent)} {what} of the table have no file: {shown(absent)}; names "
                "are looked up in the table's folder and its subfolders"
            )
        return [found[name][0] for name in written]

    def images_besides(self, used: Iterable[str]) -> list[str]:
        """Return the image files that are not among `used`, sorted."""
        images = {path for path in self.paths if is_image_name(Path(path))}
        return sorted(images - set(used))

    def _find(self, written: str) -> list[str]:
        name = PureWindowsPath(written).as_posix()
        end = name.casefold()
        fitting = self._ends.get(end) or self._stems.get(end) or []
        return [name] if name in fitting else fitting


def _ends_of(path: PurePosixPath) -> Iterator[str]:
    for start in range(len(path.parts)):
        yield "/".join(path.parts[start:])
