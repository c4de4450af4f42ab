"""Tests of `convert` and of runs made from volumes: whole or not at all, and movable."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.specs import RunSpec
from tumorscope.domain.volume import volume_from_affine
from tumorscope.io.artifacts import read_manifest
from tumorscope.workflows.convert import convert
from tumorscope.workflows.prepare import prepare, read_source
from tumorscope.workflows.run_folder import open_run

AFFINE = np.array([[0, 0, 1.0, -10], [0, 1.0, 0, -20], [3.0, 0, 0, 5], [0, 0, 0, 1]])


def write_cases(scan_makers, root, count):
    """Write cases of FLAIR and mask, each another head."""
    root.mkdir()
    for number in range(count):
        head = volume_from_affine(scan_makers.make_head(seed=number), AFFINE)
        lesion = volume_from_affine((head.voxels >= 1000).astype(np.uint8), AFFINE)
        for word, volume in (("flair", head), ("seg", lesion)):
            path = root / f"BraTS20_Training_{number:03d}_{word}.nii.gz"
            path.write_bytes(scan_makers.make_nifti(volume))
    return root


@pytest.fixture
def source(scan_makers, tmp_path):
    """Return a folder with one case."""
    return write_cases(scan_makers, tmp_path / "source", 1)


def test_one_patient_is_enough(source, tmp_path):
    """Slices, manifest and a list of what was left out; nothing is split."""
    (source / "readme.md").touch()

    made = convert(source, tmp_path / "out")

    manifest = read_manifest(tmp_path / "out" / "manifest.parquet")
    assert manifest.digest == made.imported.manifest.digest
    assert manifest.image_path(0).is_file()
    listed = json.loads((tmp_path / "out" / "left_out.json").read_text())
    assert listed["left_out"] == [{"scan": "readme.md", "reason": "not a NIfTI file"}]
    assert "6 slices of 1 patients, channels flair" in made.describe()
    assert "left out: readme.md: not a NIfTI file" in made.describe()


def test_slices_move_with_their_folder(source, tmp_path):
    """The table finds them wherever the folder is."""
    convert(source, tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "moved")

    manifest = read_manifest(tmp_path / "moved" / "manifest.parquet")

    assert manifest.image_path(0).is_file()


def test_nothing_is_left_of_a_failure(source, tmp_path):
    """A damaged file stops before anything appears."""
    path = next(source.glob("*flair*"))
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(DataError):
        convert(source, tmp_path / "out")

    assert [one.name for one in tmp_path.iterdir() if "out" in one.name] == []


def test_a_place_in_use_is_not_touched(source, tmp_path):
    """Nothing is overwritten."""
    with pytest.raises(ConfigError, match="is in use"):
        convert(source, source)


def test_a_source_of_volumes_points_to_convert(source):
    """Without a folder for slices there is a way to go on."""
    with pytest.raises(ConfigError, match="tumorscope convert SOURCE"):
        read_source(source)


@pytest.mark.slow
def test_a_run_of_volumes_is_a_run_like_any_other(scan_makers, tmp_path):
    """Split by patient, stored, and its slices lie inside the run."""
    source = write_cases(scan_makers, tmp_path / "source", 9)
    shares = {"split": {"test_share": 0.3, "tune_share": 0.3}}
    spec = RunSpec.model_validate({"preprocess": {"size_px": 32}} | shares)

    prepare(source, tmp_path / "run", spec)

    run = open_run(tmp_path / "run")
    assert run.manifest.root == tmp_path / "run" / "slices"
    assert run.record.root == str(tmp_path / "run" / "slices")
    assert run.record.importer == "nifti"
    assert run.split.grouping == "patient"
    assert len(run.store().pixels) == len(run.manifest) == 54
