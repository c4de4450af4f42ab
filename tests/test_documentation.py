"""Tests that what is documented exists, and what exists is documented."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

import tumorscope
from tumorscope.domain import specs
from tumorscope.domain.field_meanings import field_meanings
from tumorscope.domain.spec import Spec

SPECS = [
    item
    for item in vars(specs).values()
    if isinstance(item, type) and issubclass(item, Spec) and item is not Spec
]


def extension(repository: Path, name: str):
    pytest.importorskip("sphinx", reason="the extra 'docs' is not installed")
    path = repository / "docs" / "_extensions" / f"{name}.py"
    module_spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module


def set_keys(spec: type[Spec], prefix: str = ""):
    for name, field in spec.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Spec):
            yield from set_keys(kind, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_specs_are_found():
    """The tests below look at something."""
    assert specs.RunSpec in SPECS
    assert len(SPECS) > 5


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.__name__)
def test_every_spec_field_says_what_it_is(spec):
    """The docstring under a field is its only documentation: none may be empty."""
    meanings = field_meanings(spec)
    silent = [name for name in spec.model_fields if not meanings.get(name)]

    assert silent == []
    assert spec.__doc__


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.__name__)
def test_a_misspelled_setting_is_an_error(spec):
    """An unknown key never passes in silence, in any spec of the tree."""
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        spec(epoch_=3)


def test_every_setting_stands_in_the_reference_page(repository):
    """The page that Sphinx writes has each key that `--set` takes."""
    page = extension(repository, "spec_reference").render_specs()

    keys = list(set_keys(specs.RunSpec))
    assert "train.optimizer.learning_rate" in keys
    assert [key for key in keys if f"| `{key}` |" not in page] == []


def test_a_setting_is_shown_with_its_range_and_default(repository):
    """A reader sees what is allowed without reading code."""
    page = extension(repository, "spec_reference").render_specs()

    assert "| `train.epochs` | whole number, >= 1, <= 10000 | `50` |" in page
    assert '| `train.precision` | `"auto"`, `"32"`, `"bf16"` | `"auto"` |' in page
    assert "| `evaluate.baselines` | true or false | `false` |" in page


def test_every_public_name_stands_in_the_reference_page(repository):
    """What can be imported is described."""
    page = extension(repository, "api_reference").render_api()

    names = [name for name in tumorscope.__all__ if name != "__version__"]
    assert [name for name in names if f".{name}\n" not in page] == []


def test_every_test_says_its_promise(repository):
    """A test without a docstring leaves the reader to guess what broke."""
    silent = [
        f"{path.name}: {node.name}"
        for path in sorted((repository / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]

    assert silent == []


def test_every_module_says_what_it_is_for(repository):
    """A file can be placed by its first line."""
    silent = [
        str(path.relative_to(repository))
        for path in sorted((repository / "src").rglob("*.py"))
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert silent == []
