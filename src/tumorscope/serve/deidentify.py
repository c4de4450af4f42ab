"""The files of a study -> the same without identifiers, before anything else reads them.

The vault and its key are in the data folder. Where the service is stopped in between, the
next call goes on; at no time does a folder that passes for de-identified hold anything
else.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.workflows.deid import deidentify
from tumorscope.workflows.reidentify import make_key

VAULT_FILE, VAULT_KEY = "deid-vault.sqlite", "deid-vault.key"
MARKER = "deidentified"
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
    if places.marker.exists():
        shutil.rmtree(places.raw, ignore_errors=True)
        return _result(places, {})
    refused: Mapping[str, str] = MappingProxyType({})
    if not (places.work / "done").exists():
        refused = _write_clean(places, data)
    _swap(places)
    return _result(places, refused)


def vault_of(data: Path) -> tuple[Path, Path]:
    """Return the vault's file and its key's file, the key made on first use."""
    keys = data / "keys"
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = keys / VAULT_KEY
    if not key.exists():
        make_key(key, in_keyring=False)
    return data / VAULT_FILE, key


def _write_clean(places: _Places, data: Path) -> Mapping[str, str]:
    """Write the clean files into the work folder and say that it is complete."""
    shutil.rmtree(places.work, ignore_errors=True)
    places.work.mkdir(mode=0o700)
    source = places.work / "in"
    source.mkdir()
    (source / places.folder.parent.name).symlink_to(places.folder.resolve())
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
    (places.work / "done").touch()
    return {}


def _swap(places: _Places) -> None:
    """Put the clean files into the folder's place, and remove those that were sent."""
    clean = places.work / "out" / "data"
    if clean.exists():
        if places.folder.exists():
            shutil.rmtree(places.raw, ignore_errors=True)
            places.folder.replace(places.raw)
        clean.replace(places.folder)
    places.marker.touch()
    shutil.rmtree(places.raw, ignore_errors=True)
    shutil.rmtree(places.work, ignore_errors=True)


def _result(places: _Places, refused: Mapping[str, str]) -> DeidentifiedUpload:
    names = sorted(one.name for one in places.folder.iterdir() if one.is_dir())
    return DeidentifiedUpload(
        folder=places.folder, pseudonyms=tuple(names), refused=refused
    )
