"""Run the Python blocks of a page in order, and write what they print below each.

    python docs/scripts/execute_page.py docs/python_api.md

A block is a fence marked `python`; a fence marked `text` right after it holds what it
printed. All blocks share one namespace and run in an empty temporary folder.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import tempfile
from pathlib import Path

_BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<printed>.*?)^```\n)?",
    flags=re.MULTILINE | re.DOTALL,
)


def executed(page: str) -> str:
    """Return the page with what its blocks print now.

    Args:
        page: MyST text.

    Returns:
        The same text, each block followed by a `text` fence if it printed anything.
    """
    namespace: dict[str, object] = {}

    def run(block: re.Match[str]) -> str:
        code = block["code"]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "page", "exec"), namespace)  # noqa: S102 - our own page
        lines = [line.rstrip() for line in printed.getvalue().splitlines()]
        shown = "\n".join(lines).strip("\n")
        result = f"\n```text\n{shown}\n```\n" if shown else ""
        return f"```python\n{code}```\n{result}"

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return _BLOCK.sub(run, page)


if __name__ == "__main__":
    path = Path(sys.argv[1]).resolve()
    path.write_text(executed(path.read_text(encoding="utf-8")), encoding="utf-8")
