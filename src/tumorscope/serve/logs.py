"""Logs as JSON lines, without a patient's data: only named facts of the program's own."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

from tumorscope.serve.security.log_filter import HideSecrets

FIELDS = (
    *("method", "route", "status", "ms", "request", "account", "code", "kind"),
    *("job", "study", "worker", "attempt", "pid", "seconds", "revision", "address"),
    *("number", "seal", "signature"),
)
"""What a record may carry; anything else is dropped, so that nobody adds a name."""


class JsonLines(logging.Formatter):
    """One JSON object for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger, message and the allowed fields.

        Of an exception its type and the places in the code are kept, not its text: a
        library's message may repeat what stood in a file.
        """
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= {
            name: getattr(record, name) for name in FIELDS if hasattr(record, name)
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])
            line["at"] = [f"{one.name}:{one.lineno}" for one in frames[-6:]]
        return json.dumps(line, default=str)


def install_logs(level: int = logging.INFO) -> None:
    """Send all logs of this process to the standard error output as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(HideSecrets())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "alembic", "PIL", "matplotlib", "highdicom"):
        logging.getLogger(name).setLevel(logging.WARNING)
