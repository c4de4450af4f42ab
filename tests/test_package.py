"""Tests of `tumorscope` itself: the names that users import."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib

import pytest

import tumorscope


@pytest.mark.parametrize("name", tumorscope.__all__)
def test_every_public_name_can_be_loaded(name):
    """The lazy table never names what does not exist."""
    assert getattr(tumorscope, name)


def test_an_unknown_name_is_an_attribute_error():
    """A typing error fails as it does in any module."""
    with pytest.raises(AttributeError, match="no attribute 'diagnosis'"):
        _ = tumorscope.diagnosis


def test_editors_and_type_checkers_see_the_same_names(repository):
    """The stub names what the package loads, from the same modules."""
    text = (repository / "src" / "tumorscope" / "__init__.pyi").read_text()
    typed = {
        alias.asname: node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert typed == dict(tumorscope._HOME_OF)


def test_public_names_are_listed():
    """Tab completion offers the names before they are loaded."""
    assert set(tumorscope.__all__) <= set(dir(tumorscope))


def test_the_version_is_the_package_version(repository):
    """There is one place for the version."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]

    assert tumorscope.__version__ == project["version"]


def test_importing_the_package_brings_nothing_heavy():
    """`import tumorscope` costs milliseconds; stages load with their first use."""
    program = (
        "import sys, tumorscope; print([m for m in ('torch', 'monai', 'lightning',"
        " 'pandas', 'numpy', 'pydantic') if m in sys.modules])"
    )

    answer = subprocess.run(  # noqa: S603 - the program above
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "[]"
