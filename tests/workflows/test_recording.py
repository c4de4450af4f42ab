"""Tests of the record of a run."""

from __future__ import annotations

import shutil

import pytest

from tumorscope.io.artifacts import read_record
from tumorscope.workflows.recording import (
    RECORD,
    describe_host,
    library_versions,
    recorded_stage,
)


@pytest.fixture
def run(prepared, tmp_path):
    """Return a folder that holds the record of a prepared run, and nothing else."""
    shutil.copy(prepared / RECORD, tmp_path)
    return tmp_path


def test_a_stage_is_added_when_it_ends(run):
    """Stages stand in the order in which they ran, with what they have to tell."""
    with recorded_stage(run, "train") as stage:
        stage.details["epochs"] = 3

    record = read_record(run / RECORD)
    assert [one.stage for one in record.stages] == ["prepare", "train"]
    assert record.stages[-1].details == {"epochs": 3}


def test_a_failed_stage_leaves_the_record_as_it_was(run):
    """The record never claims what did not happen, nor settings that had no effect."""
    before = (run / RECORD).read_bytes()
    other = read_record(run / RECORD).spec.model_copy(update={"train": None})

    def fail():
        with recorded_stage(run, "train") as stage:
            stage.spec = other
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert (run / RECORD).read_bytes() == before


def test_neither_host_nor_user_name_is_recorded(monkeypatch):
    """A run folder can be handed on."""
    monkeypatch.setattr("platform.node", lambda: "dr-miller-laptop")

    assert "miller" not in str(describe_host())


def test_versions_name_what_a_result_depends_on():
    """The libraries that compute are listed with their versions."""
    versions = library_versions()

    assert {"python", "tumorscope", "torch", "monai", "numpy"} <= set(versions)
    assert all(versions.values())
