"""Exported engines inside a bundle: a folder each, `engines/NAME/`, whole or not there."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tumorscope.domain.engine import EngineRecord
from tumorscope.domain.errors import BundleError

ENGINES, RECORD, PARITY = "engines", "engine.json", "parity.json"
ENGINE_FORMAT = 1


def file_digests(files: Mapping[str, bytes | memoryview]) -> dict[str, str]:
    """Return the SHA-256 of each file, by name."""
    return {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }


def write_engine(
    bundle: Path, record: EngineRecord, files: Mapping[str, bytes]
) -> Path:
    """Write an engine beside its place, then rename it; replaces an older one.

    Args:
        bundle: The bundle's folder.
        record: Its record; `files` must hold the digest of each file.
        files: Content by name, `parity.json` among them.

    Returns:
        The engine's folder.

    Raises:
        BundleError: If a digest in the record is not the one of its file.
    """
    if record.files != file_digests(files):
        raise BundleError(f"{bundle}: the record does not belong to these engine files")
    folder = bundle / ENGINES / record.name
    folder.parent.mkdir(exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name, content in files.items():
        (partial / name).write_bytes(content)
    text = record.model_dump_json(indent=1) + "\n"
    (partial / RECORD).write_text(text, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    refused_parity(bundle, record.name).unlink(missing_ok=True)
    return folder


def refused_parity(bundle: Path, name: str) -> Path:
    """Return where the comparison of an engine that was refused is kept."""
    return bundle / ENGINES / f"{name}.refused.json"


def write_refused(bundle: Path, name: str, parity: Any) -> Path:
    """Keep the comparison of an engine that was refused; the engine itself is not kept.

    Args:
        bundle: The bundle's folder.
        name: Name of the engine.
        parity: JSON value of the comparison.

    Returns:
        The file.
    """
    path = refused_parity(bundle, name)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_bytes(json_bytes(parity))
    partial.replace(path)
    return path


def json_bytes(value: Any) -> bytes:
    """Return a JSON value as the content of a file; what is not a number is null."""
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()


def list_engines(bundle: Path) -> list[EngineRecord]:
    """Return the records of a bundle's engines, by name.

    Raises:
        BundleError: If a record is damaged, foreign, or from a newer version.
    """
    found = sorted((bundle / ENGINES).glob(f"[!.]*/{RECORD}"))
    return [_read_record(path) for path in found]


def read_engine(bundle: Path, record: EngineRecord) -> dict[str, memoryview]:
    """Read the files of an engine and check every digest.

    Args:
        bundle: The bundle's folder.
        record: One of `list_engines`.

    Returns:
        Content by name, mapped into memory: nothing of 90 MB is copied.

    Raises:
        BundleError: If a file is missing, damaged or exchanged.
    """
    folder = bundle / ENGINES / record.name
    try:
        files = {name: _map(folder / name) for name in record.files}
    except OSError as error:
        raise BundleError(
            f"{folder}: unreadable: {error.strerror}; run `tumorscope export` again"
        ) from error
    digests = file_digests(files)
    changed = [name for name in files if digests[name] != record.files[name]]
    if changed:
        raise BundleError(
            f"{folder / changed[0]}: damaged or exchanged: its SHA-256 is not the "
            "record's; run `tumorscope export` again"
        )
    return files


def _map(path: Path) -> memoryview:
    with path.open("rb") as stream:
        if not os.fstat(stream.fileno()).st_size:
            return memoryview(b"")
        # A private copy on write: some runtimes insist on memory that could be written.
        return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY))


def _read_record(path: Path) -> EngineRecord:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: damaged record: {error}") from error
    found = content.get("format") if isinstance(content, dict) else None
    if isinstance(found, int) and found > ENGINE_FORMAT:
        raise BundleError(
            f"{path}: format {found} is newer than this version reads "
            f"({ENGINE_FORMAT}); update tumorscope"
        )
    try:
        record = EngineRecord.model_validate(content)
    except ValidationError as error:
        raise BundleError(f"{path}: damaged or foreign record: {error}") from error
    if record.name != path.parent.name or any(
        Path(name).name != name for name in record.files
    ):
        raise BundleError(f"{path}: the record of another folder")
    return record
