"""Signed statements of how far the log had come, kept outside the database.

Who holds the log's key could write a new log, and who holds the database could cut its
end off. Neither can take back a checkpoint that somebody else keeps.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from tumorscope.domain.errors import DataError

CHECKPOINT_FILE = "audit-checkpoints.jsonl"
EVERY_RECORDS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How far the log had come.

    Attributes:
        number: Number of its last record.
        seal: Seal of that record.
        when: ISO 8601 time in UTC.
        signature: Ed25519 over the other three, as hexadecimal digits.
    """

    number: int
    seal: str
    when: str
    signature: str

    def as_line(self) -> str:
        """Return one line of JSON."""
        fields = {
            "number": self.number,
            "seal": self.seal,
            "signature": self.signature,
            "when": self.when,
        }
        return json.dumps(fields, sort_keys=True) + "\n"


def public_key(seed: bytes) -> str:
    """Return what checks the signatures, as hexadecimal digits; it may be published.

    Args:
        seed: 32 bytes of `ServiceKeys.checkpoint`.
    """
    return (
        Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()
    )


def sign_checkpoint(seed: bytes, number: int, seal: str) -> Checkpoint:
    """Return a signed checkpoint of now."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    signed = Ed25519PrivateKey.from_private_bytes(seed).sign(_text(number, seal, when))
    return Checkpoint(number=number, seal=seal, when=when, signature=signed.hex())


def is_genuine(checkpoint: Checkpoint, public: str) -> bool:
    """Return whether a checkpoint was signed with the log's key.

    Args:
        checkpoint: As read.
        public: From `public_key`.
    """
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    text = _text(checkpoint.number, checkpoint.seal, checkpoint.when)
    try:
        key.verify(bytes.fromhex(checkpoint.signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def append_checkpoint(file: Path, checkpoint: Checkpoint) -> None:
    """Add a line; it is on the disk when this returns."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="ascii") as opened:
        opened.write(checkpoint.as_line())
        opened.flush()
        os.fsync(opened.fileno())


def read_checkpoints(file: Path) -> tuple[Checkpoint, ...]:
    """Return all checkpoints of a file.

    Raises:
        DataError: If the file cannot be read or a line is damaged.
    """
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: the checkpoints cannot be read") from error
    return tuple(_parse(file, number, line) for number, line in enumerate(lines, 1))


class CheckpointWriter:
    """Writes a checkpoint whenever the log has grown far enough.

    It fits `AuditLog`'s `after`.
    """

    def __init__(
        self,
        seed: bytes,
        file: Path,
        *,
        tell: Callable[[Checkpoint], None],
        every: int = EVERY_RECORDS,
    ) -> None:
        """Write to a file.

        Args:
            seed: Signs.
            file: Grows by a line each time.
            tell: Hears of each checkpoint too, for a log that leaves the machine.
            every: Records between two checkpoints.
        """
        self._seed = seed
        self._file = file
        self._tell = tell
        self._every = every
        self._last: int | None = None

    def __call__(self, number: int, seal: str) -> None:
        """Hear that the log ends with a record now; the first one is always kept."""
        if self._last is None or number - self._last >= self._every:
            self.write(number, seal)

    def write(self, number: int, seal: str) -> None:
        """Write a checkpoint, unless this record has one."""
        if number in (0, self._last):
            return
        checkpoint = sign_checkpoint(self._seed, number, seal)
        append_checkpoint(self._file, checkpoint)
        self._last = number
        self._tell(checkpoint)


def _text(number: int, seal: str, when: str) -> bytes:
    return f"tumorscope audit checkpoint\n{number}\n{seal}\n{when}".encode()


def _parse(file: Path, number: int, line: str) -> Checkpoint:
    try:
        fields: dict[str, Any] = json.loads(line)
        return Checkpoint(
            number=int(fields["number"]),
            seal=str(fields["seal"]),
            when=str(fields["when"]),
            signature=str(fields["signature"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}: line {number} is no checkpoint") from error
