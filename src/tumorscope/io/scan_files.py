"""Files of a study: in a folder, or as members of a zip archive that is never unpacked.

`list_zip` and `read_content` run in a sandbox: the directory of an archive is as foreign as
its members. A member is found by its offset and inflated in memory under a cap; its stored
name is shown and never used as a path.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

from tumorscope.domain.errors import UnreadableScanError, UnsafeArchiveError
from tumorscope.io.sandbox import Sandbox

MAX_FILE_BYTES = 300 * 2**20
"""Of one file or one inflated member; an enhanced multi-frame head has about 100 MiB."""
NO_ZIP = "not a readable zip archive"
MAX_MEMBERS = 100_000
MAX_ARCHIVE_BYTES = 32 * 2**30
"""Declared size of all members together."""
MAX_RATIO = 200
"""Inflated to packed bytes of one member, beyond the first MiB; deflate reaches 1,030, MRI
pixels about 10."""
_FREE_BYTES = 2**20
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED = 0x1
_LIST_ZIP = "tumorscope.io.scan_files:list_zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipMember:
    """Where a member lies in its archive.

    Attributes:
        offset: Of its local header, in bytes.
        packed_bytes: Size in the archive.
        size_bytes: Declared size.
        checksum: Declared CRC-32.
        deflated: Whether it is deflated; stored as it is otherwise.
    """

    offset: int
    packed_bytes: int
    size_bytes: int
    checksum: int
    deflated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFile:
    """A file, or a member of an archive.

    Attributes:
        path: The file, or the archive.
        name: What messages call it, relative to the study.
        member: Where it lies in the archive; None for a file.
    """

    path: Path
    name: str
    member: ZipMember | None = None


def files_of_folder(folder: Path, files: Sequence[Path]) -> list[ScanFile]:
    """Return files with their names relative to a folder."""
    return [
        ScanFile(path=file, name=file.relative_to(folder).as_posix()) for file in files
    ]


def files_of_zip(archive: Path, sandbox: Sandbox) -> list[ScanFile]:
    """Return the members of an archive, folders left out.

    Args:
        archive: A zip file.
        sandbox: Reads its directory.

    Raises:
        UnreadableScanError: If it is damaged.
        UnsafeArchiveError: If it has what an exported study never has: links,
            names that leave the folder, two members of one name or at one place,
            encryption, or sizes beyond the caps.
    """
    try:
        found = sandbox.call(_LIST_ZIP, str(archive))
    except UnreadableScanError as error:
        kind = UnreadableScanError if str(error) == NO_ZIP else UnsafeArchiveError
        raise kind(f"{archive.name}: {error}") from error
    return [
        ScanFile(path=archive, name=str(entry.pop("name")), member=ZipMember(**entry))
        for entry in found
    ]


def read_content(file: ScanFile) -> bytes:
    """Return the bytes of a file or member. Runs in a sandbox.

    Raises:
        UnreadableScanError: If it is no regular file, too large, or damaged.
    """
    try:
        with file.path.open("rb") as stream:
            facts = os.fstat(stream.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise UnreadableScanError("not a regular file")
            if file.member is not None:
                return _inflate(stream, file.member)
            if facts.st_size > MAX_FILE_BYTES:
                raise UnreadableScanError(
                    f"too large: {facts.st_size} bytes; the limit is {MAX_FILE_BYTES}"
                )
            return stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableScanError(f"cannot be opened: {error.strerror}") from error


def list_zip(path: str) -> list[dict[str, Any]]:
    """Return name and place of each member of an archive. Runs in a sandbox.

    Raises:
        UnreadableScanError: If the archive is damaged or not to be trusted.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableScanError(NO_ZIP) from error
    if len(members) > MAX_MEMBERS:
        raise UnreadableScanError(f"{len(members)} members; the limit is {MAX_MEMBERS}")
    if sum(one.file_size for one in members) > MAX_ARCHIVE_BYTES:
        raise UnreadableScanError(
            f"unpacks to more than {MAX_ARCHIVE_BYTES // 2**30} GiB"
        )
    for one in members:
        _refuse_member(one)
    _refuse_shared(members)
    return [
        {
            "name": one.filename,
            "offset": one.header_offset,
            "packed_bytes": one.compress_size,
            "size_bytes": one.file_size,
            "checksum": one.CRC,
            "deflated": one.compress_type == zipfile.ZIP_DEFLATED,
        }
        for one in members
    ]


def _refuse_member(member: zipfile.ZipInfo) -> None:
    name = PurePosixPath(member.filename.replace("\\", "/"))
    reasons = {
        "a name that leads outside the archive": name.is_absolute()
        or ".." in name.parts
        or ":" in name.parts[0],
        "a link": stat.S_ISLNK(member.external_attr >> 16),
        "encrypted": bool(member.flag_bits & _ENCRYPTED),
        "a packing other than deflate": member.compress_type
        not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED),
        f"larger than {MAX_FILE_BYTES} bytes": member.file_size > MAX_FILE_BYTES,
        f"packed more than {MAX_RATIO} times": member.file_size
        > _FREE_BYTES + MAX_RATIO * member.compress_size,
    }
    for reason, holds in reasons.items():
        if holds:
            raise UnreadableScanError(f"not a safe archive: it has a member: {reason}")


def _refuse_shared(members: Sequence[zipfile.ZipInfo]) -> None:
    names = Counter(one.filename.casefold() for one in members)
    if any(count > 1 for count in names.values()):
        raise UnreadableScanError("not a safe archive: two members have one name")
    places = sorted((one.header_offset, one.compress_size) for one in members)
    for (offset, size), (following, _) in pairwise(places):
        if offset + _LOCAL_HEADER.size + size > following:
            raise UnreadableScanError("not a safe archive: its members overlap")


def _inflate(stream: Any, member: ZipMember) -> bytes:
    stream.seek(member.offset)
    head = stream.read(_LOCAL_HEADER.size)
    if len(head) < _LOCAL_HEADER.size or not head.startswith(_LOCAL_SIGNATURE):
        raise UnreadableScanError("the archive is damaged")
    *_, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(head)
    stream.seek(name_bytes + extra_bytes, os.SEEK_CUR)
    packed = stream.read(member.packed_bytes)
    content = packed
    if member.deflated:
        content = inflate_raw(packed, limit=member.size_bytes)
    if len(content) != member.size_bytes or zlib.crc32(content) != member.checksum:
        raise UnreadableScanError("the archive is damaged: a member's checksum differs")
    return content


def inflate_raw(packed: bytes, *, limit: int) -> bytes:
    """Return the inflated bytes of a raw deflate stream.

    Args:
        packed: The stream; bytes behind its end are ignored.
        limit: Bytes that it may inflate to.

    Raises:
        UnreadableScanError: If it is damaged, cut off, or larger.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, limit + 1)
    except zlib.error as error:
        raise UnreadableScanError("damaged deflate stream") from error
    if len(content) > limit:
        raise UnreadableScanError(f"inflates to more than {limit} bytes")
    if not inflater.eof:
        raise UnreadableScanError("truncated deflate stream")
    return content
