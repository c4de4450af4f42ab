"""The files of a study -> the same without identifiers, before anything else reads them.

The vault and its key are in the data folder. Where the service is stopped in between, the
next call goes on; at no time does a folder that passes for de-identified hold anything
else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.workflows.deid import deidentify
from tumorscope.workflows.reidentify import make_key

VAULT_FILE = "deid-vault.sqlite"
VAULT_KEY = "deid-vault.key"
MARKER = "deidentified.json"
_SETTINGS = (
    "deid.patient_from=folder",
    "deid.accept_deidentified=true",
)
"""Files that name nobody count as one patient of the upload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeidentifiedUpload:
    """What de-identification left.

    Attributes:
        folder: Where the files are now: the same place.
        pseudonyms: Of the patients that the files named, in order.
        refused: Names of files that were left out, with the code of the reason.
    """

    folder: Path
    pseudonyms: tuple[str, ...]
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where things are while files are being de-identified, all beside the folder."""

    folder: Path
    work: Path
    raw: Path
    marker: Path

    @property
    def done(self) -> Path:
        """Exists once the work folder holds all clean files."""
        return self.work / "done.json"

    @classmethod
    def beside(cls, folder: Path) -> _Places:
        """Return the places for a folder."""
        return cls(
            folder=folder,
            work=folder.with_name(f".{folder.name}.deid"),
            raw=folder.with_name(f".{folder.name}.raw"),
            marker=folder.with_name(MARKER),
        )


def deidentify_upload(folder: Path, *, data: Path) -> DeidentifiedUpload:
    """Replace the files of a folder by de-identified ones; a second call changes nothing.

    Args:
        folder: Files of one study as they were sent, archives unpacked.
        data: Data folder of the service, which holds the vault and its key.

    Raises:
        UnreadableScanError: If no file could be de-identified; nothing of the study may
            be used then.
        ConfigError: If the vault or its key cannot be used.
    """
    places = _Places.beside(folder)
    if not places.marker.exists():
        if not places.done.exists():
            _write_clean(places, data)
        _swap(places)
    shutil.rmtree(places.raw, ignore_errors=True)
    shutil.rmtree(places.work, ignore_errors=True)
    pseudonyms = sorted(one.name for one in folder.iterdir() if one.is_dir())
    return DeidentifiedUpload(
        folder=folder,
        pseudonyms=tuple(pseudonyms),
        refused=json.loads(places.marker.read_text(encoding="utf-8")),
    )


def vault_of(data: Path) -> tuple[Path, Path]:
    """Return the vault's file and its key's file, the key made on first use."""
    keys = data / "keys"
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = keys / VAULT_KEY
    if not key.exists():
        make_key(key, in_keyring=False)
    return data / VAULT_FILE, key


def _write_clean(places: _Places, data: Path) -> None:
    """Write the clean files into the work folder, and last of all what was refused."""
    shutil.rmtree(places.work, ignore_errors=True)
    source = places.work / "in"
    named = source / places.folder.parent.name
    named.mkdir(mode=0o700, parents=True)
    names = _link_files(places.folder, named)
    vault, key = vault_of(data)
    written = deidentify(
        source,
        places.work / "out",
        vault=vault,
        key_file=key,
        assignments=_SETTINGS,
    )
    report = written.report
    if not report.n_written:
        codes = sorted({one.code for one in report.quarantine})
        raise UnreadableScanError(
            f"no file of the study could be de-identified ({', '.join(codes)})"
        )
    refused = {names[one.number - 1]: one.code for one in report.quarantine}
    places.done.write_text(json.dumps(refused), encoding="utf-8")


def _link_files(folder: Path, into: Path) -> list[str]:
    """Give every real file of a folder a second name; return the names, sorted."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            link = into / path.relative_to(folder)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.hardlink_to(path)
    return [
        path.relative_to(into).as_posix()
        for path in sorted(into.rglob("*"))
        if path.is_file()
    ]


def _swap(places: _Places) -> None:
    """Put the clean files into the folder's place; the marker is the last step."""
    clean = places.work / "out" / "data"
    if clean.exists():
        if places.folder.exists():
            shutil.rmtree(places.raw, ignore_errors=True)
            places.folder.replace(places.raw)
        clean.replace(places.folder)
    places.done.replace(places.marker)
