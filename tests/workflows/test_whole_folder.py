"""Tests of folders that are complete or absent."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.workflows.whole_folder import refuse_in_use, whole_folder


def test_a_folder_appears_when_it_is_complete(tmp_path):
    """Nobody sees a half-written folder under its name."""
    place = tmp_path / "new" / "out"

    with whole_folder(place) as folder:
        (folder / "file").write_text("x")
        assert not place.exists()

    assert (place / "file").read_text() == "x"
    assert [path.name for path in place.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_nothing_behind(tmp_path, failure):
    """What stops the work takes its partial folder along."""

    def fail():
        with whole_folder(tmp_path / "new" / "out") as folder:
            (folder / "file").write_text("x")
            raise failure

    with pytest.raises(failure):
        fail()

    assert list(tmp_path.iterdir()) == []


def test_an_earlier_folder_is_replaced_on_request_and_kept_on_failure(tmp_path):
    """The old result stands until the new one is complete."""
    place = tmp_path / "out"
    place.mkdir()
    (place / "old").touch()

    with pytest.raises(RuntimeError), whole_folder(place, replaces=True):
        raise RuntimeError
    assert (place / "old").exists()

    with whole_folder(place, replaces=True) as folder:
        (folder / "new").touch()
    assert [path.name for path in place.iterdir()] == ["new"]


def test_a_folder_that_was_filled_meanwhile_is_not_overwritten(tmp_path):
    """Two commands with one target do not destroy each other's work."""
    place = tmp_path / "out"

    def race():
        with whole_folder(place):
            place.mkdir()
            (place / "theirs").touch()

    with pytest.raises(ConfigError, match="in use"):
        race()

    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (place / "theirs").exists()


def test_an_absent_or_empty_place_is_free(tmp_path):
    """A folder that the user made for the purpose is accepted."""
    refuse_in_use(tmp_path / "absent")
    refuse_in_use(tmp_path)

    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file"):
        with pytest.raises(ConfigError, match="never overwritten"):
            refuse_in_use(place)


def test_the_current_folder_can_be_filled(tmp_path, monkeypatch):
    """A relative place without a name of its own works as any other."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    refuse_in_use(here.relative_to(here))
    with whole_folder(here.relative_to(here)) as folder:
        (folder / "file").touch()

    assert (here / "file").exists()


def test_what_a_killed_process_left_is_removed(tmp_path):
    """A partial folder stays while its process is at work, and goes with the next."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    abandoned = tmp_path / f".out.{dead.pid}.partial"
    at_work = tmp_path / f".out.{os.getppid()}.partial"
    other = tmp_path / ".out.notes.partial"
    for folder in (abandoned, at_work, other):
        folder.mkdir()

    with whole_folder(tmp_path / "out"):
        pass

    assert not abandoned.exists()
    assert at_work.exists()
    assert other.exists()
