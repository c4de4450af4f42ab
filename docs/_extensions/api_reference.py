"""Write `reference/api.md`: every public name of the package with its docstring."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import tumorscope

INTRODUCTION = """# Python API

Everything here is a name of the package: `import tumorscope as ts`, then `ts.Manifest`.
A stage is a function from a frozen value and a frozen spec to a value; values never change
after they are made.

"""


def render_api() -> str:
    """Return the page: functions first, then values and specs, then errors."""
    names = [name for name in tumorscope.__all__ if name != "__version__"]
    objects = {name: getattr(tumorscope, name) for name in names}
    groups = {
        "Functions": [n for n, item in objects.items() if not inspect.isclass(item)],
        "Values and settings": [n for n, item in objects.items() if _is_value(item)],
        "Errors": [n for n, item in objects.items() if _is_error(item)],
    }
    parts = [
        f"## {title}\n\n" + "\n".join(_entry(objects[name]) for name in members)
        for title, members in groups.items()
    ]
    return INTRODUCTION + "\n".join(parts)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension: the page is written before Sphinx looks for sources."""
    app.connect("config-inited", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(app: Sphinx, _config: object) -> None:
    page = Path(app.srcdir) / "reference" / "api.md"
    page.parent.mkdir(exist_ok=True)
    text = render_api()
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def _is_error(item: Any) -> bool:
    return inspect.isclass(item) and issubclass(item, Exception)


def _is_value(item: Any) -> bool:
    return inspect.isclass(item) and not issubclass(item, Exception)


def _entry(item: Any) -> str:
    directive = "autofunction"
    members = ""
    if inspect.isclass(item):
        directive = "autoexception" if _is_error(item) else "autoclass"
        members = (
            ""
            if _is_error(item)
            else "   :members:\n   :exclude-members: model_config\n"
        )
    target = f"{item.__module__}.{item.__qualname__}"
    return f"```{{eval-rst}}\n.. {directive}:: {target}\n{members}```\n"
