"""Tests of results for a PACS: made for every series, and whole or not at all."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from pydicom.filereader import dcmread

from tumorscope.cli import main
from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.volume import volume_from_affine
from tumorscope.io.images import read_image
from tumorscope.workflows.dicom_results import predict_for_pacs
from tumorscope.workflows.predict import predict

AFFINE = np.array([[0, 0, 1.0, -10], [0, 1.0, 0, -20], [3.0, 0, 0, 5], [0, 0, 0, 1]])


@pytest.fixture(scope="module")
def head(cohort):
    """Return the FLAIR of a phantom head, with an empty slice at its lower end."""
    files = [cohort / "P0001" / f"P0001_{number}.png" for number in range(6)]
    slices = np.stack([read_image(file)[..., 1] for file in files])
    voxels = np.concatenate([np.zeros_like(slices[:1]), slices]).astype(np.uint16)
    return volume_from_affine(voxels, AFFINE)


@pytest.fixture
def write_study(scan_makers, head, tmp_path):
    """Return a function that writes a FLAIR study with more attributes."""

    def write(**values):
        folder = tmp_path / "study"
        folder.mkdir()
        made = scan_makers.make_series(head, "flair", SeriesNumber=4, **values)
        for number, file in enumerate(made):
            (folder / f"{number}.dcm").write_bytes(scan_makers.to_bytes(file))
        return folder

    return write


def test_a_study_gets_report_map_and_overlays(trained, write_study, tmp_path):
    """Scores are those of `predict`; the empty slice has none and is in no object."""
    study = write_study(PatientID="H-1")

    found, filed = predict_for_pacs(trained, [study], out=tmp_path / "out")

    assert found == predict(trained, [study])
    objects = [dcmread(path) for path in (tmp_path / "out").iterdir()]
    assert filed.files == len(objects) == 5
    by_kind = {one.SOPClassUID.name: one for one in objects}
    assert int(by_kind["Parametric Map Storage"].NumberOfFrames) == 6
    picture = by_kind["Secondary Capture Image Storage"]
    assert (picture.PatientID, picture.Columns) == ("H-1", 896)
    assert filed.without_result == ()
    assert filed.as_words() == f"5 objects: {tmp_path / 'out'}"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out", "study"]


def test_overlays_show_the_slices_with_the_highest_scores(
    trained, write_study, tmp_path
):
    """Three pictures, from the lowest slice upwards."""
    found, _ = predict_for_pacs(trained, [write_study()], out=tmp_path / "out")

    scores = {
        one.slice_index: one.tumor_probability
        for one in found.slices
        if one.tumor_probability is not None
    }
    objects = [dcmread(path) for path in (tmp_path / "out").iterdir()]
    pictures = [one for one in objects if "ImageComments" in one]
    pictures.sort(key=lambda one: int(one.InstanceNumber))
    shown = [int(str(one.ImageComments).split()[1].strip(",")) for one in pictures]
    assert shown == sorted(sorted(scores, key=scores.get)[-3:])


def test_a_repetition_names_its_files_alike(trained, write_study, tmp_path):
    """The same study and model give the same UIDs, on any day."""
    study = write_study()

    names = []
    for place in ("one", "two"):
        predict_for_pacs(trained, [study], out=tmp_path / place)
        names.append({path.name for path in (tmp_path / place).iterdir()})

    assert names[0] == names[1]


def test_a_source_without_coordinates_leaves_nothing(trained, write_study, tmp_path):
    """The reason is told, without a value of the header, and no folder appears."""
    study = write_study(FrameOfReferenceUID=None, PatientName="Secret^One")

    with pytest.raises(DataError, match="frame of reference") as caught:
        predict_for_pacs(trained, [study], out=tmp_path / "out")

    assert "Secret" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_pictures_without_a_study_are_refused_at_once(trained, cohort, tmp_path):
    """Results belong into a DICOM study; nothing is scored before that is known."""
    with pytest.raises(ConfigError, match="leave --dicom-out, --stow and --cstore out"):
        predict_for_pacs(trained, [cohort / "P0001"], out=tmp_path / "out")


def test_results_stay_when_the_pacs_cannot_be_reached(trained, write_study, tmp_path):
    """The files are whole by then, and can be sent another way."""
    with pytest.raises(DataError, match="0 of 5 objects are stored"):
        predict_for_pacs(
            *(trained, [write_study()]),
            out=tmp_path / "out",
            send_to="http://127.0.0.1:9/",
        )

    assert len(list((tmp_path / "out").iterdir())) == 5


def test_the_command_says_what_was_written(
    trained, write_study, tmp_path, *, monkeypatch, capsys
):
    """The table of scores is followed by what became of the results."""
    words = ["predict", str(trained), str(write_study())]
    options = ["--dicom-out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["tumorscope", *words, *options])

    with pytest.raises(SystemExit) as stopped:
        main()

    assert not stopped.value.code
    assert capsys.readouterr().out.endswith(f"5 objects: {tmp_path / 'out'}\n")
