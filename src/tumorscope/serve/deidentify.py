"""The files of a study -> the same without identifiers, before anything else reads them.

The vault and its key are in the data folder. Where the service is stopped in between, the
next call begins anew; the clean folder appears when it is whole.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.workflows.clean_upload import CleanUpload, clean_upload
from tumorscope.workflows.reidentify import make_key

VAULT_FILE = "deid-vault.sqlite"
VAULT_KEY = "deid-vault.key"
CLEAN = "clean"
"""Folder of a study that holds its files without identifiers."""
_FACTS = "facts.json"


def deidentify_study(
    study: Path, *, data: Path, owner: str, lay_out: Callable[[Path], None]
) -> CleanUpload:
    """De-identify the files of a study once; later calls return what is there.

    Args:
        study: Folder of the study; its name stands for files that name nobody.
        data: Data folder of the service, which holds the vault and its key.
        owner: Names who works here, so that two workers do not meet.
        lay_out: Puts the files as they were sent into a folder.

    Raises:
        UnreadableScanError: If no file could be de-identified; nothing of the study may
            be used then.
        ConfigError: If the vault or its key cannot be used.
    """
    clean = study / CLEAN
    if not clean.exists():
        work = study / f"deid-{owner}"
        try:
            _make(work, study.name, data, lay_out)
            (work / "out").replace(clean)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    facts = json.loads((clean / _FACTS).read_text(encoding="utf-8"))
    return CleanUpload(
        folder=clean / "data",
        pseudonyms=tuple(facts["pseudonyms"]),
        left_out=tuple(LeftOutScan(**one) for one in facts["left_out"]),
    )


def vault_of(data: Path) -> tuple[Path, Path]:
    """Return the vault's file and its key's file, the key made on first use."""
    keys = data / "keys"
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = keys / VAULT_KEY
    if not key.exists():
        make_key(key, in_keyring=False)
    return data / VAULT_FILE, key


def _make(
    work: Path, study_name: str, data: Path, lay_out: Callable[[Path], None]
) -> None:
    files = work / "in" / study_name
    files.mkdir(parents=True, mode=0o700)
    lay_out(files)
    vault, key = vault_of(data)
    made = clean_upload(work / "in", work / "out", vault=vault, key_file=key)
    facts = {
        "pseudonyms": made.pseudonyms,
        "left_out": [asdict(one) for one in made.left_out],
    }
    text = json.dumps(facts)
    (work / "out" / _FACTS).write_text(text, encoding="utf-8")
