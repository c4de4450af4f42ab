"""Tests of what is audited: a run with its split, or a source with all its faults."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.io.images import read_image, write_png
from tumorscope.workflows.audit_target import open_target


def test_a_run_is_audited_with_its_own_split(prepared):
    """Its settings too, with the changes of the command line."""
    target = open_target(prepared, assignments=["audit.max_p=0.001"])

    assert target.run is not None
    assert target.split.fold_names == ("holdout",)
    assert len(target.split_digest) == 64
    assert target.spec.max_p == 0.001
    assert target.notes[0].startswith("Phantom scans")


def test_a_source_gets_the_split_that_prepare_would_make(cohort):
    """Patients stay on one side; nothing is stored."""
    target = open_target(cohort)

    assert target.run is None
    assert target.split.grouping == "patient"
    assert target.split_digest == ""
    assert target.name == "ph"


def test_a_source_with_faults_is_read_all_the_same(classes):
    """A broken file is left out, contradicting labels are kept for the audit to tell."""
    (classes / "yes" / "3.png").write_bytes(b"no picture")
    write_png(classes / "no" / "copy.png", read_image(classes / "yes" / "1.png"))

    target = open_target(classes)

    assert [each.image for each in target.left_out] == ["yes/3.png"]
    assert len(target.manifest) == 24
    labels = target.manifest.table.groupby("pixel_digest")["label"].nunique()
    assert labels.max() == 2
    assert target.split.grouping != "patient"


def test_settings_of_other_stages_are_refused(cohort):
    """An audit looks at a split and does not choose it."""
    with pytest.raises(ConfigError, match="section 'audit'"):
        open_target(cohort, assignments=["split.folds=3"])


def test_an_absent_source_is_named(tmp_path):
    """A wrong path is the commonest error of all."""
    with pytest.raises(DataError, match="absent: no such file"):
        open_target(tmp_path / "absent")
