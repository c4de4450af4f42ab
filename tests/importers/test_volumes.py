"""Tests of volumes as slices: files, labels and places, and nothing lost in silence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.orientation import side_of
from tumorscope.domain.volume import volume_from_affine
from tumorscope.importers.inspection import Inspection
from tumorscope.importers.nifti import find_nifti
from tumorscope.importers.volumes import WHOLE_SCAN_NOTE, VolumeOptions, import_volumes
from tumorscope.io.images import read_image, read_mask

AFFINE = np.array([[0, 0, 1.0, -10], [0, 1.0, 0, -20], [3.0, 0, 0, 5], [0, 0, 0, 1]])


@pytest.fixture
def cohort(scan_makers, tmp_path):
    """Return a folder with two cases: FLAIR for both, T1 and a mask for the first."""
    root = tmp_path / "source"
    root.mkdir()
    for number, case in enumerate(("a", "b")):
        voxels = scan_makers.make_head(seed=number)
        voxels[0] = 0  # an empty slice
        head = volume_from_affine(voxels, AFFINE)
        (root / f"{case}_flair.nii.gz").write_bytes(scan_makers.make_nifti(head))
        if case == "a":
            (root / "a_t1.nii.gz").write_bytes(scan_makers.make_nifti(head))
            lesion = replace(head, voxels=(voxels >= 1000).astype(np.uint8))
            (root / "a_seg.nii.gz").write_bytes(scan_makers.make_nifti(lesion))
    return root


@pytest.fixture
def read(cohort, tmp_path, sandbox):
    """Return a function that imports the cohort."""

    def run(skip_unreadable=False, **options):
        found = find_nifti(cohort, sandbox)
        slices = tmp_path / "slices"
        made = VolumeOptions(slices=slices, **options)
        return import_volumes(
            found, made, Inspection(skip_unreadable=skip_unreadable, workers=1)
        )

    return run


def test_slices_and_masks_are_files_of_one_place(read):
    """Each slice with content is a row; its lesion is on the labelled left."""
    table = read().manifest.table

    first = table[table["study_id"] == "a"]
    assert first["slice_index"].tolist() == [1, 2, 3, 4, 5]
    assert set(first["slice_count"]) == {6}
    assert first["slice_position_mm"].tolist() == [8, 11, 14, 17, 20]
    assert set(table["orientation"]) == {"LPS"}
    assert set(table["spacing_mm"]) == {"1.000x1.000"}
    assert set(table["sequences"]) == {"flair"}


def test_labels_come_from_the_mask_and_stay_unknown_without(read):
    """A slice of a case with a mask is labeled by it; no other one is."""
    manifest = read().manifest
    table = manifest.table

    masked = [row for row in range(len(manifest)) if manifest.mask_path(row)]
    for row in masked:
        lesion = read_mask(manifest.mask_path(row))
        assert table["label"].iat[row] == int(lesion.any())
        assert side_of(lesion) in {"left", None}
        bright = read_image(manifest.image_path(row)) > 60_000
        assert side_of(bright & lesion) in {"left", None}
    assert len(masked) == 5
    assert table.loc[table["study_id"] == "b", "label"].isna().all()
    assert table["label"].sum() > 0


def test_what_is_not_used_is_listed(read):
    """A sequence that only some studies have is no channel of the cohort."""
    imported = read()

    assert [(one.image, one.reason) for one in imported.left_out] == [
        ("a_t1.nii.gz (6 files)", "t1 is not among the channels flair")
    ]
    assert any("radiological convention" in note for note in imported.notes)


def test_a_study_without_the_wanted_sequence_is_listed(read):
    """T1 was asked for, and one study has none."""
    imported = read(sequences=("t1",))

    assert set(imported.manifest.table["study_id"]) == {"a"}
    assert ("b_flair.nii.gz", "has none of the sequences t1") in [
        (one.image, one.reason) for one in imported.left_out
    ]


def test_three_channels_can_be_asked_for(read):
    """A missing sequence is told, with the number of studies."""
    imported = read(sequences=("t1", "flair", "t1c"))

    assert read_image(imported.manifest.image_path(0)).shape == (24, 28, 3)
    assert "t1 is missing: its channel holds a copy of flair (1 of 2 studies)" in (
        imported.notes
    )


def test_labels_of_patients_hold_for_all_their_slices(read, cohort, tmp_path):
    """And a note says that they are no labels of slices."""
    (cohort / "a_seg.nii.gz").unlink()
    table = tmp_path / "labels.csv"
    table.write_text("patient_id,label\na,1\nb,no\n")

    imported = read(labels=table)

    labels = imported.manifest.table.groupby("patient_id")["label"].unique()
    assert {key: value.tolist() for key, value in labels.items()} == {
        "a": [1],
        "b": [0],
    }
    assert WHOLE_SCAN_NOTE in imported.notes


def test_labels_that_fit_nothing_are_an_error(read, cohort, tmp_path):
    """A typing error in an id is not a missing label."""
    (cohort / "a_seg.nii.gz").unlink()
    table = tmp_path / "labels.csv"
    table.write_text("patient_id,label\nA,1\n")

    with pytest.raises(DataError, match="1 rows of the table of labels fit no slice"):
        read(labels=table)


def test_masks_and_a_table_are_one_too_many(read, tmp_path):
    """Two reference standards cannot both label a slice."""
    with pytest.raises(ConfigError, match="leave one of both out"):
        read(labels=tmp_path / "labels.csv")


def test_a_damaged_file_stops_or_is_listed(read, cohort):
    """Without a word of the user, nothing goes on over damage."""
    path = cohort / "b_flair.nii.gz"
    path.write_bytes(path.read_bytes()[:-50])

    with pytest.raises(DataError, match="cannot be used") as caught:
        read()
    assert "b_flair.nii.gz" in str(caught.value)
    imported = read(skip_unreadable=True)
    assert set(imported.manifest.table["study_id"]) == {"a"}
    assert "b_flair.nii.gz" in [one.image for one in imported.left_out]


@pytest.mark.parametrize("names", [("t1", "t2"), ("t1", "flair", "dwi"), ("x",)])
def test_channels_that_cannot_be_are_refused(names):
    """One or three, of four names."""
    with pytest.raises(ConfigError, match="name one or three of t1, t1c, t2, flair"):
        VolumeOptions(sequences=names)


def test_slices_need_a_folder(cohort, sandbox):
    """A source of volumes is written as slices before anything is done with it."""
    with pytest.raises(ConfigError, match="tumorscope convert SOURCE"):
        import_volumes(find_nifti(cohort, sandbox), VolumeOptions(), Inspection())
