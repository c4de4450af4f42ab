"""Tests that a phantom cohort becomes a manifest."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.importers.inspection import Inspection
from tumorscope.importers.phantom import import_phantom, is_phantom
from tumorscope.phantom import PhantomSpec
from tumorscope.workflows.phantom import make_phantom


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Return a cohort with copied slices."""
    spec = PhantomSpec(
        patients=3, slices_per_patient=2, size_px=64, near_duplicates=0.3, tumor_share=1
    )
    return make_phantom(tmp_path_factory.mktemp("phantom") / "out", spec, workers=1)


def test_every_row_of_the_table_becomes_a_row_of_the_manifest(cohort):
    """Labels, patients, sites, demographics and masks arrive as they were written."""
    table = pd.read_csv(cohort / "phantom.csv")

    imported = import_phantom(cohort, Inspection())

    manifest = imported.manifest
    assert is_phantom(cohort)
    assert manifest.sequences == ("t1", "flair", "t1c")
    assert manifest.table["image"].tolist() == table["image"].tolist()
    assert manifest.labels.tolist() == table["label"].tolist()
    assert (manifest.table["patient_id"] == "seed0-" + table["patient_id"]).all()
    assert manifest.table["age_years"].tolist() == table["age_years"].tolist()
    assert manifest.mask_path(0).is_file()
    assert set(manifest.table["height_px"]) == {64}
    assert imported.left_out == ()
    assert "real patients" in imported.notes[0]


def test_a_folder_without_table_is_no_phantom(tmp_path):
    """The error names what is missing."""
    assert not is_phantom(tmp_path)

    with pytest.raises(DataError, match=r"phantom.csv is missing"):
        import_phantom(tmp_path, Inspection())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not a readable table"),
        ("image,label\na.png,1\n", "columns .* are missing"),
    ],
)
def test_a_damaged_table_is_an_error(tmp_path, content, message):
    """An empty or foreign table is refused."""
    (tmp_path / "phantom.csv").write_text(content)

    with pytest.raises(DataError, match=message):
        import_phantom(tmp_path, Inspection())


def test_a_lost_file_is_named(cohort, tmp_path):
    """A slice that is in the table and not on disk stops the import."""
    table = pd.read_csv(cohort / "phantom.csv").head(1)
    table.to_csv(tmp_path / "phantom.csv", index=False)
    shutil.copy(cohort / "phantom.json", tmp_path)

    with pytest.raises(DataError, match=table["image"].iat[0]):
        import_phantom(tmp_path, Inspection())


def test_a_cohort_without_its_seed_is_refused(cohort, tmp_path):
    """Two cohorts both count from P0001; without the seed they would be confused."""
    shutil.copy(cohort / "phantom.csv", tmp_path)

    with pytest.raises(DataError, match=r"phantom.json: the cohort's seed"):
        import_phantom(tmp_path, Inspection())
