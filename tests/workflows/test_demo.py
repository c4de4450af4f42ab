"""Tests of what the demo needs and may replace; the flow: `tests/test_end_to_end.py`."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.workflows.demo import PHANTOM, SPEC, _clear, run_demo


def test_the_demo_needs_no_network():
    """Neither data nor weights are downloaded."""
    assert SPEC.train.initial_weights == "scratch"


def test_the_demo_has_enough_patients_for_intervals():
    """A test part of a handful of patients would show nothing."""
    assert PHANTOM.patients * SPEC.split.test_share >= 8


@pytest.mark.parametrize(
    "names", [["thesis.txt"], ["run"], ["phantom", "run", "notes"]]
)
def test_a_folder_that_is_no_demo_is_never_replaced(tmp_path, names):
    """The user's files stay, whatever they are called."""
    for name in names:
        (tmp_path / name).mkdir()

    with pytest.raises(ConfigError, match="no earlier demo"):
        run_demo(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_a_file_in_the_way_is_named(tmp_path):
    """A file is not a place for a demo."""
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="is a file"):
        run_demo(tmp_path / "file")


def test_an_earlier_demo_makes_way(tmp_path):
    """`make demo` can be called again, also after a demo that was stopped."""
    (tmp_path / "demo" / "phantom").mkdir(parents=True)
    (tmp_path / "demo" / "phantom" / "phantom.json").touch()

    _clear(tmp_path / "demo")

    assert not (tmp_path / "demo").exists()
    _clear(tmp_path / "demo")
