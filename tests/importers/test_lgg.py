"""The LGG layout: patients, sites, slice positions, masks and coded demographics."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.importers.inspection import Inspection
from tumorscope.importers.lgg import import_lgg, is_lgg

PATIENTS = ("TCGA_CS_4941_19960909", "TCGA_DU_5849_19950405")


@pytest.fixture
def source(tmp_path):
    """Write two patients of eleven slices; slices 5 to 7 show a lesion."""
    generator = np.random.default_rng(0)
    for patient in PATIENTS:
        (tmp_path / patient).mkdir()
        for number in range(1, 12):
            pixels = generator.integers(0, 256, (16, 16, 3)).astype(np.uint8)
            mask = np.zeros((16, 16), np.uint8)
            mask[4:8, 4:8] = 255 * (5 <= number <= 7)
            stem = tmp_path / patient / f"{patient}_{number}"
            cv2.imwrite(f"{stem}.tif", pixels)
            cv2.imwrite(f"{stem}_mask.tif", mask)
    (tmp_path / "data.csv").write_text(
        "Patient,gender,age_at_initial_pathologic,race\n"
        "TCGA_CS_4941,2,67,3\nTCGA_DU_5849,,45.5,2\nTCGA_XX_0000,1,30,1\n"
    )
    return tmp_path


def test_every_slice_is_a_row_with_all_that_the_set_knows(source):
    """Labels come from the masks, positions from the numbers, sites from the names."""
    imported = import_lgg(source, Inspection())

    rows = imported.manifest.table
    first = rows[rows["patient_id"] == PATIENTS[0]]
    assert len(rows) == 22
    assert first["slice_index"].tolist() == list(range(11))
    assert set(first["slice_count"]) == {11}
    assert first["label"].tolist() == [0] * 4 + [1] * 3 + [0] * 4
    assert first["image"].iat[9] == f"{PATIENTS[0]}/{PATIENTS[0]}_10.tif"
    assert first["mask"].iat[9] == f"{PATIENTS[0]}/{PATIENTS[0]}_10_mask.tif"
    assert set(rows["site"]) == {"CS", "DU"}
    assert set(rows["sequences"]) == {"t1,flair,t1c"}
    assert any("never specificity" in note for note in imported.notes)


def test_sex_stays_a_documented_code_and_unknown_stays_null(source):
    """The integer codes are not translated, and a missing one is not guessed."""
    rows = import_lgg(source, Inspection()).manifest.table

    by_patient = rows.groupby("patient_id")[["sex", "age_years"]].first()
    assert by_patient.loc[PATIENTS[0]].tolist() == ["code 2", 67.0]
    assert rows.loc[rows["patient_id"] == PATIENTS[1], "sex"].isna().all()
    assert by_patient.loc[PATIENTS[1], "age_years"] == 45.5


def test_demographics_are_optional(source):
    """Without data.csv sex and age are null."""
    (source / "data.csv").unlink()

    rows = import_lgg(source, Inspection()).manifest.table

    assert rows[["sex", "age_years"]].isna().all(axis=None)


def test_demographics_without_their_columns_are_an_error(source):
    """A data.csv of another kind is named, and so are the missing columns."""
    (source / "data.csv").write_text("Patient,age\nTCGA_CS_4941,3\n")

    with pytest.raises(DataError, match="gender"):
        import_lgg(source, Inspection())


def test_the_layout_is_recognized_by_its_folders(source, tmp_path_factory):
    """Other folders are not taken for this set, and importing them is an error."""
    other = tmp_path_factory.mktemp("other")
    (other / "yes").mkdir()

    assert is_lgg(source)
    assert not is_lgg(other)
    with pytest.raises(DataError, match="no folder is named TCGA_"):
        import_lgg(other, Inspection())


@pytest.mark.parametrize(
    ("name", "message"),
    [("_11_mask.tif", "_11_mask.tif is missing"), ("_4.tif", "without a gap")],
)
def test_a_missing_file_is_an_error(source, name, message):
    """A slice without its mask has no label, and a gap would shift positions."""
    (source / PATIENTS[0] / f"{PATIENTS[0]}{name}").unlink()

    with pytest.raises(DataError, match=message):
        import_lgg(source, Inspection())


def test_a_patient_without_slices_is_an_error(source):
    """An empty patient folder is named."""
    (source / "TCGA_HT_1234_20000101").mkdir()

    with pytest.raises(DataError, match="TCGA_HT_1234_20000101: holds no slices"):
        import_lgg(source, Inspection())


def test_a_damaged_mask_is_listed_or_left_out(source):
    """A slice whose mask cannot be read has no label and is never taken as healthy."""
    mask = source / PATIENTS[0] / f"{PATIENTS[0]}_6_mask.tif"
    mask.write_bytes(mask.read_bytes()[:100])

    with pytest.raises(DataError, match=r"_6.tif: .*_6_mask.tif: truncated"):
        import_lgg(source, Inspection())
    imported = import_lgg(source, Inspection(skip_unreadable=True))

    assert len(imported.manifest) == 21
    assert [entry.image for entry in imported.left_out] == [
        f"{PATIENTS[0]}/{PATIENTS[0]}_6.tif"
    ]
    assert imported.manifest.table["label"].notna().all()
