"""Artifacts on a run: files, resuming, refusals."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.json_values import to_json_value
from tumorscope.io.artifacts import read_json
from tumorscope.io.whole_files import write_json
from tumorscope.workflows.robustness import (
    measure_run_robustness,
    read_robustness,
    read_robustness_section,
)

pytestmark = pytest.mark.xdist_group("trained-run")
FAST = ['robustness.artifacts=["ghost", "gamma"]', "robustness.severities=[3]"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory, evaluated):
    """Return a run whose slices were corrupted; nobody may write to it."""
    folder = tmp_path_factory.mktemp("robust") / "run"
    shutil.copytree(evaluated, folder)
    measure_run_robustness(folder, assignments=FAST)
    return folder


def test_figures_are_left_in_the_run(measured):
    """JSON, page, one file of scores for each corruption, and a stage in the record."""
    content = read_json(measured / "robustness.json")

    assert content["notice"] == "Research use only. Not a medical device."
    assert [one["name"] for one in content["report"]["results"]] == ["ghost", "gamma"]
    assert len(content["report"]["missing"]) == 4
    assert "By artifact and severity" in (measured / "robustness.html").read_text()
    assert len(list((measured / "robustness").glob("*.parquet"))) == 6
    stage = json.loads((measured / "run.json").read_text())["stages"][-1]
    assert stage["stage"] == "robustness"
    assert stage["details"]["robustness"]["severities"] == [3]


def test_the_report_is_read_back(measured, evaluated):
    """The report's page gets its part from the file; a run without has none."""
    report = read_robustness(measured)

    assert report is not None
    assert to_json_value(report) == read_json(measured / "robustness.json")["report"]
    assert read_robustness_section(measured).name == "robustness"
    assert read_robustness_section(evaluated) is None


def test_what_is_there_is_not_scored_again(measured, own):
    """After a stop only the missing corruption is scored, to the same numbers."""
    run = own(measured)
    before = read_json(run / "robustness.json")["report"]
    lost = next((run / "robustness").glob("gamma-3-*.parquet"))
    old = pd.read_parquet(lost)
    lost.unlink()
    totals = []

    def watched(items, *, total, label):
        totals.append((label, total))
        yield from items

    measure_run_robustness(run, assignments=FAST, progress=watched)

    assert ("corrupted slices", before["n_slices"]) in totals
    assert np.allclose(
        pd.read_parquet(lost)["tumor_probability"], old["tumor_probability"]
    )
    assert read_json(run / "robustness.json")["report"] == before


def test_a_run_can_be_the_reference_of_its_copy(measured, own, tmp_path):
    """A reference on the same slices is accepted; without all artifacts R2 says why."""
    run, other = own(measured), tmp_path / "other"
    shutil.copytree(measured, other)

    report = measure_run_robustness(run, reference=other, assignments=FAST).report

    assert report.relative.reference
    assert "not measured at all five severities" in report.relative.mean.reason


def test_the_run_itself_is_no_reference(measured):
    """Comparing a run with itself is a slip, not a result."""
    with pytest.raises(ConfigError, match="is the run itself"):
        measure_run_robustness(measured, reference=measured, assignments=FAST)


def test_a_run_that_was_not_evaluated_is_refused(trained):
    """The message names the command that is missing."""
    with pytest.raises(ConfigError, match="tumorscope evaluate"):
        measure_run_robustness(trained)


@pytest.mark.parametrize("setting", ["robustness.severities=[9]", "train.epochs=2"])
def test_settings_that_cannot_be_used_are_refused(measured, setting):
    """Neither an unknown severity nor another stage's setting passes."""
    with pytest.raises(ConfigError):
        measure_run_robustness(measured, assignments=[setting])


def test_a_file_of_another_version_is_not_guessed_at(measured, own):
    """The message says how to make it again."""
    run = own(measured)
    content = read_json(run / "robustness.json")
    write_json(run / "robustness.json", content | {"version": 99})

    with pytest.raises(DataError, match="tumorscope robustness"):
        read_robustness(run)
