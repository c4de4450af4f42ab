"""Tests of a folder of results that appears whole or not at all."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from tumorscope.domain.errors import ConfigError
from tumorscope.io.dicom_results.folder import ResultFolder


def made_object():
    data_set = Dataset()
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data_set.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    data_set.SOPInstanceUID = generate_uid()
    data_set.PatientID = "P1"
    return data_set


def test_files_appear_with_the_commit_only(tmp_path):
    """Until then the place that was asked for is empty."""
    place = tmp_path / "new" / "out"
    with ResultFolder(place) as folder:
        folder.add(made_object())
        assert not place.exists()
        folder.commit()

    assert list(place.iterdir()) == folder.files
    assert list(place.parent.iterdir()) == [place]


def test_an_error_leaves_nothing(tmp_path):
    """No half-written folder, and no hidden one beside it."""

    def fail():
        with ResultFolder(tmp_path / "out") as folder:
            folder.add(made_object())
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()

    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_refused(tmp_path):
    """Results of two runs are never mixed; an empty folder is fine."""
    (tmp_path / "out").mkdir()
    with ResultFolder(tmp_path / "out") as folder:
        folder.commit()
    (tmp_path / "out" / "x").touch()

    with pytest.raises(ConfigError, match="new or empty folder"):
        ResultFolder(tmp_path / "out")


def test_without_a_place_files_live_until_the_end():
    """Results that are only sent leave no copy."""
    with ResultFolder(None) as folder:
        folder.add(made_object())
        folder.commit()
        (path,) = folder.files
        assert path.is_file()

    assert not path.parent.exists()
