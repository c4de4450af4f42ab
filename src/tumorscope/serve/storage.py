"""Files of the service: names are the server's own, and a file is whole or absent."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STUDIES = "studies"
SOURCE, RESULTS, AS_IS = "source", "results", "as-is"
SUFFIXES = (
    ".nii.gz",
    *(".nii", ".dcm", ".zip", ".png", ".jpg", ".jpeg", ".tif", ".tiff"),
)
"""The only part of a client's file name that is kept; it says how to read the file."""
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    """Return a new identifier, which is also a name of a folder."""
    return str(uuid.uuid4())


def is_id(text: str) -> bool:
    """Return whether a text has the form of an identifier."""
    return _ID.fullmatch(text) is not None


def stored_name(client_name: str) -> str:
    """Return the name under which a file is kept.

    Args:
        client_name: As the sender calls it; only a known suffix of it is used.
    """
    lowered = client_name.lower()
    suffix = next((one for one in SUFFIXES if lowered.endswith(one)), "")
    return f"{new_id()}{suffix}"


class Storage:
    """Folders of studies below the data folder; an upload becomes the study of its id."""

    def __init__(self, data: Path) -> None:
        """Take the data folder.

        Args:
            data: Made, for the user alone, where it is absent.
        """
        self.data = data
        (data / STUDIES).mkdir(parents=True, exist_ok=True, mode=0o700)

    def study(self, study_id: str) -> Path:
        """Return the folder of a study.

        Raises:
            ValueError: If the text is no identifier.
        """
        if not is_id(study_id):
            raise ValueError("no identifier")
        return self.data / STUDIES / study_id

    def source(self, study_id: str) -> Path:
        """Return where the files of a study are that were sent; an upload has its id."""
        return self.study(study_id) / SOURCE

    def mark_as_is(self, study_id: str) -> None:
        """Note that the files of a study keep their identifiers.

        Only the service itself may say so: no request leads here.
        """
        (self.study(study_id) / AS_IS).touch()

    def is_as_is(self, study_id: str) -> bool:
        """Return whether the files of a study keep their identifiers."""
        return (self.study(study_id) / AS_IS).is_file()

    def results(self, study_id: str, folder: str) -> Path:
        """Return where one screening of a study is.

        Raises:
            ValueError: If the folder is no identifier.
        """
        if not is_id(folder):
            raise ValueError("no name of a screening")
        return self.study(study_id) / RESULTS / folder

    def remove_source(self, study_id: str) -> None:
        """Remove the files that were sent; what was made of them stays."""
        places = [self.source(study_id), *self.study(study_id).glob("deid-*")]
        for place in places:  # also what a killed worker left
            shutil.rmtree(place, ignore_errors=True)

    def remove_study(self, study_id: str) -> None:
        """Remove all files of a study: first out of sight, then from the disk."""
        folder = self.study(study_id)
        hidden = folder.with_name(f".{folder.name}.removed")
        if folder.exists():
            folder.replace(hidden)
        shutil.rmtree(hidden, ignore_errors=True)

    def free_bytes(self) -> int:
        """Return how much can still be written."""
        return shutil.disk_usage(self.data).free


@contextmanager
def whole_file(place: Path) -> Iterator[Path]:
    """Yield a path beside `place`; what was written there takes its name on success.

    The file is on the disk, and not only in the system's memory, when the block ends.
    """
    partial = place.with_name(f".{place.name}.{new_id()}.partial")
    try:
        yield partial
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.replace(place)
        sync_folder(place.parent)
    finally:
        partial.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
