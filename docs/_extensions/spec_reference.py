"""Write `reference/specs.md` from the specs, so that the page cannot fall behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import BaseMetadata
from pydantic.fields import FieldInfo
from sphinx.application import Sphinx

from tumorscope.domain.field_meanings import field_meanings
from tumorscope.domain.spec import Spec
from tumorscope.domain.specs import RunSpec

INTRODUCTION = """# Settings

Every stage reads its settings from one section below. A TOML file holds them under the same
names, and `--set section.key=value` changes one on the command line. An unknown key is an
error, and each run records the settings that it used in `run.json`.

"""
SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "multiple_of": "a multiple of"}


def render_specs() -> str:
    """Return the page: one table for each section of `RunSpec` and its sub-sections."""
    sections = (_section(name, spec) for name, spec in _walk("", RunSpec))
    return INTRODUCTION + "\n".join(sections)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension: the page is written before Sphinx looks for sources."""
    app.connect("config-inited", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(app: Sphinx, _config: object) -> None:
    page = Path(app.srcdir) / "reference" / "specs.md"
    page.parent.mkdir(exist_ok=True)
    text = render_specs()
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def _walk(prefix: str, spec: type[Spec]) -> Iterator[tuple[str, type[Spec]]]:
    for name, field in spec.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Spec):
            yield prefix + name, kind
            yield from _walk(f"{prefix}{name}.", kind)


def _section(name: str, spec: type[Spec]) -> str:
    summary = (spec.__doc__ or "").strip()
    meanings = field_meanings(spec)
    rows = [
        f"| `{name}.{key}` | {_kind(field)} | {_default(field)} | {meanings[key]} |"
        for key, field in spec.model_fields.items()
        if not _is_spec(field)
    ]
    head = [f"## {name}", "", summary, "", "| key | values | default | meaning |"]
    return "\n".join([*head, "|---|---|---|---|", *rows, ""])


def _is_spec(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, Spec)


def _kind(field: FieldInfo) -> str:
    bounds = [
        f"{SIGNS[attribute]} {getattr(constraint, attribute):g}"
        for constraint in field.metadata
        if isinstance(constraint, BaseMetadata)
        for attribute in SIGNS
        if hasattr(constraint, attribute)
    ]
    return ", ".join([_type_words(field.annotation), *bounds])


def _type_words(kind: Any) -> str:
    if get_origin(kind) is Annotated:
        return _type_words(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value!r}`".replace("'", '"') for value in get_args(kind))
    if get_origin(kind) is tuple:
        return f"list of {_type_words(get_args(kind)[0])}"
    words = {int: "whole number", float: "number", str: "text", bool: "true or false"}
    return words.get(kind, "none" if kind is NoneType else str(kind))


def _default(field: FieldInfo) -> str:
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    shown = str(value).lower() if isinstance(value, bool) else repr(value)
    return f"`{shown}`".replace("'", '"')
