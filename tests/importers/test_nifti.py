"""Tests of NIfTI cohorts: names of BraTS 2018 to 2023, and one patient on one side."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.importers.nifti import find_nifti, patient_and_site, split_name


@pytest.mark.parametrize(
    ("stem", "case", "sequence"),
    [
        ("Brats18_2013_21_1_flair", "Brats18_2013_21_1", "flair"),
        ("Brats18_CBICA_AAB_1_t1ce", "Brats18_CBICA_AAB_1", "t1c"),
        ("BraTS20_Training_001_t2", "BraTS20_Training_001", "t2"),
        ("BraTS2021_00000_t1", "BraTS2021_00000", "t1"),
        ("BraTS-GLI-00000-000-t1c", "BraTS-GLI-00000-000", "t1c"),
        ("BraTS-GLI-00000-000-t1n", "BraTS-GLI-00000-000", "t1"),
        ("BraTS-MEN-00004-000-t2f", "BraTS-MEN-00004-000", "flair"),
        ("BraTS-GLI-00000-001-seg", "BraTS-GLI-00000-001", "seg"),
        ("flair", "", "flair"),
        ("sub-01_ses-2_FLAIR", "sub-01_ses-2", "flair"),
        ("brain", "brain", None),
        ("sub-01_bold", "sub-01_bold", None),
    ],
)
def test_a_name_tells_case_and_sequence(stem, case, sequence):
    """All layouts are read alike; an unknown ending is no guess."""
    assert split_name(stem) == (case, sequence)


@pytest.mark.parametrize(
    ("case", "patient", "site"),
    [
        ("Brats18_2013_21_1", "Brats18_2013_21", "2013"),
        ("BraTS19_TCIA08_167_1", "BraTS19_TCIA08_167", "TCIA08"),
        ("BraTS20_Training_001", "BraTS20_Training_001", None),
        ("BraTS-GLI-00005-101", "BraTS-GLI-00005", None),
        ("sub-01", "sub-01", None),
    ],
)
def test_time_points_are_one_patient(case, patient, site):
    """A follow-up must not stand on the other side of a split."""
    assert patient_and_site(case) == (patient, site)


@pytest.fixture
def cohort(tmp_path):
    """Return a function that makes empty files."""

    def run(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return run


def test_cases_become_studies_with_their_mask(cohort, sandbox):
    """Files of a case are one study; everything else is listed with its reason."""
    root = cohort(
        "a/BraTS-GLI-1-000/BraTS-GLI-1-000-t1c.nii.gz",
        "a/BraTS-GLI-1-000/BraTS-GLI-1-000-seg.nii.gz",
        "a/BraTS-GLI-1-001/BraTS-GLI-1-001-t2f.nii.gz",
        "b/case_seg.nii",
        "b/brain.nii",
        "readme.txt",
    )

    found = find_nifti(root, sandbox)

    first, second = found.studies
    assert {first.patient_id, second.patient_id} == {"BraTS-GLI-1"}
    assert first.study_id != second.study_id
    assert first.segmentation is not None
    assert second.segmentation is None
    reasons = {one.label: one.reason for one in found.left_out}
    assert "does not end with a sequence" in reasons["b/brain.nii"]
    assert reasons["readme.txt"] == "not a NIfTI file"
    assert reasons["case_seg.nii"] == "a lesion mask without a scan"


def test_two_files_of_one_sequence_are_an_error(cohort, sandbox):
    """Which one is meant cannot be known."""
    root = cohort("a_t1ce.nii.gz", "a_t1c.nii.gz")

    with pytest.raises(DataError, match="is the t1c of this case too"):
        find_nifti(root, sandbox)


def test_a_single_file_and_a_missing_one(cohort, sandbox, tmp_path):
    """A file is a study of one series."""
    cohort("x_flair.nii")

    (study,) = find_nifti(tmp_path / "x_flair.nii", sandbox).studies

    assert [one.facts.sequence.name for one in study.series] == ["flair"]
    with pytest.raises(DataError, match="no such file or folder"):
        find_nifti(tmp_path / "absent", sandbox)
