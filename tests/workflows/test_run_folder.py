"""Tests of a run's folder, read back and checked."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import ConfigError, DataError, LeakageError
from tumorscope.workflows.run_folder import open_run


def test_a_run_is_read_back(prepared, spec):
    """What `prepare` wrote is what later stages see."""
    run = open_run(prepared)

    assert run.record.spec == spec
    assert len(run.manifest) == len(run.split.group) == 84
    assert run.split.fold_names == ("holdout",)
    assert run.bundle_folder(0) == prepared / "bundle"
    assert run.training_folder(0) == prepared / "training" / "holdout"


def test_the_description_counts_every_part(prepared):
    """A user sees sizes and label shares before training."""
    lines = open_run(prepared).describe().splitlines()

    assert "84 slices, 14 patients, split by patient" in lines[0]
    assert "synthetic" in lines[1]
    assert [line.split()[1] for line in lines[-3:]] == ["train", "tune", "test"]
    assert all("% with tumor" in line for line in lines[-3:])


def test_a_folder_that_is_no_run_is_a_setting_error(tmp_path):
    """The message says how a run is made."""
    with pytest.raises(ConfigError, match="tumorscope prepare"):
        open_run(tmp_path)


def test_a_missing_file_is_named(prepared, own):
    """A damaged run says which file it lacks."""
    run = own(prepared)
    (run / "manifest.parquet").unlink()

    with pytest.raises(DataError, match=r"manifest\.parquet"):
        open_run(run)


def test_a_leaking_split_cannot_be_opened(prepared, own, leak):
    """No stage works on a split that leaks, whoever edited it."""
    run = own(prepared)
    leak(run)

    with pytest.raises(LeakageError, match="two parts of fold 'holdout'"):
        open_run(run)


def test_a_missing_store_is_built_anew(prepared, own):
    """The store can be deleted to save space."""
    run = open_run(own(prepared))
    before = run.store().pixels.copy()
    for store in (run.folder / "store").iterdir():
        for file in store.iterdir():
            file.unlink()

    assert (run.store().pixels == before).all()
