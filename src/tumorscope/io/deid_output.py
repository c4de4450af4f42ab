"""The output folder of a de-identification: whole files, and a journal to go on from.

The journal holds new names, digests of finished files and counts; nothing of a source,
not even the digest of its name.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from tumorscope.domain.errors import ConfigError, DataError

DATA, JOURNAL = "data", "journal.jsonl"
REPORT_JSON, REPORT_HTML = "deid.json", "deid.html"
JOURNAL_FORMAT = 1
_OURS = frozenset((DATA, JOURNAL, REPORT_JSON, REPORT_HTML))


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHead:
    """What a folder was made with; going on takes the same.

    Attributes:
        settings: Digest of the settings and of the version.
        vault: Name of the vault, or empty where the keys were not kept.
        format: Version of the journal.
    """

    settings: str
    vault: str
    format: int = JOURNAL_FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One finished file.

    Attributes:
        key: HMAC of its source under the patient's secret.
        path: Where it is, below the output folder.
        sha256: Of the finished file.
        pseudonym: Of the patient.
        counts: Tag, action and how often, for each action that was done.
        group: What belongs together, e.g. the new series UID.
        age: As released; may be empty.
        sex: As released; may be empty.
    """

    key: str
    path: str
    sha256: str
    pseudonym: str
    counts: tuple[tuple[str, str, int], ...]
    group: str
    age: str
    sex: str

    def as_text(self) -> str:
        """Return the line as JSON."""
        # Not `asdict`, which copies hundreds of counts one by one.
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


class OutputFolder:
    """Writes files whole or not at all, and remembers them."""

    def __init__(self, place: Path, head: JournalHead, *, resumes: bool) -> None:
        """Take a new folder, or one that an earlier run began.

        Args:
            place: The folder.
            head: Settings and vault of this run.
            resumes: Whether finished files are kept. Without kept keys a second run
                would give other pseudonyms: it begins again.

        Raises:
            ConfigError: If the folder holds anything else, or was begun differently.
        """
        self.place = place
        self._refuse_foreign()
        self.lines: dict[str, JournalLine] = {}
        journal = place / JOURNAL
        if journal.exists():
            self._compare(head)
            if resumes:
                self.lines = _read_lines(journal)
                _end_last_line(journal)
            else:
                shutil.rmtree(place / DATA, ignore_errors=True)
                journal.unlink()
        (place / DATA).mkdir(parents=True, exist_ok=True)
        for partial in (place / DATA).rglob(".*.partial"):
            partial.unlink()
        if not journal.exists():
            _append(journal, json.dumps(asdict(head)))

    def is_done(self, key: str) -> bool:
        """Return whether a source was finished, and its file is still what it was."""
        line = self.lines.get(key)
        if line is None:
            return False
        path = self.place / line.path
        return path.is_file() and file_digest(path) == line.sha256

    def write(self, relative: PurePosixPath, content: bytes) -> str:
        """Write one file beside its place, force it to the disk, and rename it.

        Args:
            relative: Below the data folder, new names only.
            content: The file.

        Returns:
            Its path below the output folder.
        """
        path = self.place / DATA / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        try:
            with partial.open("wb") as opened:
                opened.write(content)
                opened.flush()
                os.fsync(opened.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return str(PurePosixPath(DATA) / relative)

    def record(self, line: JournalLine) -> None:
        """Add a finished file to the journal."""
        self.lines[line.key] = line
        _append(self.place / JOURNAL, line.as_text())

    def withdraw(self, line: JournalLine) -> None:
        """Take a file back that did not pass its check."""
        (self.place / line.path).unlink(missing_ok=True)
        self.lines.pop(line.key, None)
        head = (self.place / JOURNAL).read_text(encoding="utf-8").splitlines()[0]
        kept = [one.as_text() for one in self.lines.values()]
        partial = self.place / f".{JOURNAL}.{os.getpid()}.partial"
        partial.write_text("\n".join([head, *kept]) + "\n", encoding="utf-8")
        partial.replace(self.place / JOURNAL)

    def _refuse_foreign(self) -> None:
        if self.place.exists() and not self.place.is_dir():
            raise ConfigError(f"{self.place}: is a file; name a folder")
        found = (
            {one.name for one in self.place.iterdir()} if self.place.exists() else set()
        )
        foreign = {one for one in found - _OURS if not one.endswith(".partial")}
        if foreign or (found and JOURNAL not in found):
            raise ConfigError(
                f"{self.place}: holds {len(foreign) or len(found)} files or folders that "
                "no run of `tumorscope deid` began: name a new or empty folder"
            )

    def _compare(self, head: JournalHead) -> None:
        journal = self.place / JOURNAL
        try:
            first = journal.read_text(encoding="utf-8").splitlines()[0]
            found = JournalHead(**json.loads(first))
        except (ValueError, TypeError, IndexError) as error:
            raise DataError(f"{journal}: damaged; use a new folder") from error
        if found != head:
            raise ConfigError(
                f"{self.place}: was begun with other settings, another vault or another "
                "version: use the same, or a new folder"
            )


def refuse_overlap(source: Path, out: Path, vault: Path | None) -> None:
    """Refuse an input that is not there, and folders within one another.

    Args:
        source: Input.
        out: Output.
        vault: File of the vault, which is kept apart from the data; None without one.

    Raises:
        ConfigError: If there is no input, or one lies within another.
    """
    if not source.exists():
        raise ConfigError(f"{source}: no such file or folder")
    inside, outside = source.resolve(), out.resolve()
    if inside == outside or inside in outside.parents or outside in inside.parents:
        raise ConfigError(
            f"{out}: input and output lie within one another; name a folder elsewhere"
        )
    if vault is not None and {inside, outside} & set(vault.resolve().parents):
        raise ConfigError(
            f"{vault}: the vault must be kept apart from the data: name a place outside "
            "input and output"
        )


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _append(journal: Path, text: str) -> None:
    with journal.open("a", encoding="utf-8") as opened:
        opened.write(text + "\n")
        opened.flush()


def _end_last_line(journal: Path) -> None:
    """Close a line that a stop cut off, so that the next one is not glued to it."""
    if not journal.read_bytes().endswith(b"\n"):
        _append(journal, "")


def _read_lines(journal: Path) -> dict[str, JournalLine]:
    """Return the finished files; a last line that was cut off by a stop is left out."""
    found: dict[str, JournalLine] = {}
    for text in journal.read_text(encoding="utf-8").splitlines()[1:]:
        try:
            line = JournalLine(**json.loads(text))
        except (ValueError, TypeError):
            continue
        counts = tuple((tag, action, number) for tag, action, number in line.counts)
        found[line.key] = JournalLine(**{**asdict(line), "counts": counts})
    return found
