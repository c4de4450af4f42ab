"""Who looked behind a pseudonym, or erased one, when and why: lines that only grow.

Each line carries the digest of the one before it, so that a line taken out or changed
shows. The log holds pseudonyms, never what stands behind them.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from tumorscope.domain.errors import DataError

AuditAction = Literal["reidentify", "forget", "rotate-key", "escrow"]
_START = hashlib.sha256(b"tumorscope audit log").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One access.

    Attributes:
        when: ISO 8601 time with zone.
        who: Login of the user.
        action: What was done.
        pseudonym: For whom; "*" for the whole vault.
        why: Reason as given.
        before: SHA-256 of the line before, as hexadecimal digits.
    """

    when: str
    who: str
    action: AuditAction
    pseudonym: str
    why: str
    before: str = ""


def audit_log_of(vault: Path) -> Path:
    """Return where the log of a vault stands: beside it."""
    return vault.with_name(f"{vault.name}.audit.jsonl")


def append_line(log: Path, line: AuditLine) -> None:
    """Add a line at the end; it is on the disk when this returns.

    Args:
        log: File of the log; made on first use.
        line: Its `before` is filled in.

    Raises:
        DataError: If the log was altered.
    """
    lines = read_log(log)
    before = _digest(lines[-1]) if lines else _START
    text = json.dumps(asdict(line) | {"before": before}, sort_keys=True) + "\n"
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())


def read_log(log: Path) -> tuple[AuditLine, ...]:
    """Return all lines, the oldest first.

    Raises:
        DataError: If a line is damaged, missing or altered.
    """
    if not log.exists():
        return ()
    lines: list[AuditLine] = []
    before = _START
    for number, text in enumerate(log.read_text(encoding="utf-8").splitlines(), 1):
        try:
            line = AuditLine(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise DataError(f"{log}: line {number} is damaged") from error
        if line.before != before:
            raise DataError(
                f"{log}: line {number} does not follow the line before it: the log was "
                "altered"
            )
        lines.append(line)
        before = _digest(line)
    return tuple(lines)


def _digest(line: AuditLine) -> str:
    return hashlib.sha256(json.dumps(asdict(line), sort_keys=True).encode()).hexdigest()
