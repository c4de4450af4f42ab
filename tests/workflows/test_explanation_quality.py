"""Tests of the quality of a run's maps: second runs, and what is read back."""

from __future__ import annotations

import json

import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.specs import ExplainSpec
from tumorscope.workflows.explain import explain
from tumorscope.workflows.explanation_quality import (
    read_quality,
    read_quality_section,
)

pytestmark = pytest.mark.xdist_group("trained-run")
SPEC = ExplainSpec(
    methods=("cam",), overlays=0, tumor_free_slices=0, check_slices=2, deletion_slices=0
)


def test_a_second_run_on_the_same_split_is_compared(trained, own, tmp_path):
    """Its name and both seeds stand in the report."""
    run = own(trained)
    second = tmp_path / "second"
    second.symlink_to(trained)

    found = explain(run, spec=SPEC, against=second)

    cam = found.quality.of_method("cam")
    assert cam.figure("seed_ssim").value == pytest.approx(1)
    assert "trained with seed 0 (this run: seed 0)" in found.quality.against
    assert read_quality(run) is not None
    assert "second run" in " ".join(read_quality_section(run).sentences)


def test_a_run_is_not_its_own_second_run(trained, own):
    """Perfect agreement with itself would say nothing."""
    run = own(trained)

    with pytest.raises(ConfigError, match="is the run itself"):
        explain(run, spec=SPEC, against=run)


def test_a_run_with_another_split_is_refused(trained, without_patients, own):
    """Its model may have been trained on the slices that are compared."""
    run = own(trained)

    with pytest.raises(ConfigError, match="another split"):
        explain(run, spec=SPEC, against=without_patients)

    assert not (run / "explanations").exists()


def test_what_was_not_measured_is_none_and_another_version_is_refused(tmp_path):
    """An old file is not shown as if it were of today."""
    assert read_quality(tmp_path) is None
    assert read_quality_section(tmp_path) is None

    (tmp_path / "explanations").mkdir()
    path = tmp_path / "explanations" / "quality.json"
    path.write_text(json.dumps({"version": 0}))

    with pytest.raises(DataError, match="version 0 is not 1"):
        read_quality(tmp_path)
