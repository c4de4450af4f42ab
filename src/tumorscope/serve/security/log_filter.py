"""Takes secrets out of every line before it is written to the service's log."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

HIDDEN = "[hidden]"
_SECRETS = (
    re.compile(r"(?<=tsk_)[0-9a-f]{12}_[A-Za-z0-9_-]+"),
    re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/=-]+"),
    re.compile(r"(?i)(?<=basic )[A-Za-z0-9+/=]{6,}"),
    re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
    re.compile(r"(?i)(?:(?<=__host-tumorscope=)|(?<=tumorscope=))[A-Za-z0-9_-]{16,}"),
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),
    re.compile(
        r"(?i)(?<![a-z])(?:password|passwd|secret|csrf_token|client_secret|code)"
        r"['\"]?\s*[=:]\s*['\"]?[^\s'\",;&}]+"
    ),
    re.compile(r"\$argon2id\$[^\s'\"]+"),
)
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def without_secrets(text: str) -> str:
    """Return a text in which each secret that has a known form is hidden."""
    for pattern in _SECRETS:
        text = pattern.sub(HIDDEN, text)
    return text


class HideSecrets(logging.Filter):
    """Rewrites message, extras and traceback of a record; belongs on each handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without secrets."""
        record.msg = without_secrets(record.getMessage())
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = without_secrets(record.exc_text)
        for name in _extras(record):
            value = getattr(record, name)
            if isinstance(value, str):
                setattr(record, name, without_secrets(value))
        return True


def _extras(record: logging.LogRecord) -> Iterator[str]:
    yield from sorted(set(vars(record)) - _OWN)
