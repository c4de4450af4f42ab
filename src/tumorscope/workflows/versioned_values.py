"""Values that a command left in a run, read back by another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from tumorscope.domain.errors import DataError
from tumorscope.domain.json_reading import from_json_value
from tumorscope.io.artifacts import read_json

Value = TypeVar("Value")


def read_versioned(
    path: Path, kind: type[Value], *, version: int, command: str
) -> Value | None:
    """Read the values of a JSON file that a command wrote.

    Args:
        path: The file.
        kind: What stands in it.
        version: Of the layout that this version reads.
        command: What writes it, for the message: "fairness".

    Returns:
        The values; None where the file is not there.

    Raises:
        DataError: If the file is damaged or of another version.
    """
    if not path.is_file():
        return None
    content: Any = read_json(path)
    found = content.get("version") if isinstance(content, dict) else None
    if found != version:
        raise DataError(
            f"{path}: version {found} is not {version}; run `tumorscope {command}` again"
        )
    return from_json_value(kind, content.get("report"))
