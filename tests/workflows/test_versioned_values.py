"""Tests of values that one command leaves for another."""

import json
from dataclasses import dataclass

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.workflows.versioned_values import read_versioned


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    n_slices: int


def _read(path):
    return read_versioned(path, _Count, version=2, command="count")


def test_values_come_back(tmp_path):
    """What stands under "report" is read as the value that it was."""
    path = tmp_path / "count.json"
    path.write_text(json.dumps({"version": 2, "report": {"n_slices": 3}}))

    assert _read(path) == _Count(n_slices=3)


def test_a_file_that_is_not_there_is_no_error(tmp_path):
    """A command that did not run has left nothing."""
    assert _read(tmp_path / "count.json") is None


@pytest.mark.parametrize("content", [{"version": 1}, {}, []])
def test_another_version_names_the_command(tmp_path, content):
    """A file of another layout is never guessed at."""
    path = tmp_path / "count.json"
    path.write_text(json.dumps(content))

    with pytest.raises(DataError, match="run `tumorscope count` again"):
        _read(path)
