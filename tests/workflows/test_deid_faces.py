"""Tests of faces in whole runs: held back, or removed with a proof in the file."""

from __future__ import annotations

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.uid import RLELossless
from tests.deid.pixels.conftest import make_head

from tumorscope.workflows.deid import deidentify

pytestmark = pytest.mark.slow
ONE_WAY = ["deid.mode=one-way"]


@pytest.fixture(scope="module")
def study(tmp_path_factory, scan_makers):
    """Return a folder with a head as a plain and as a compressed series."""
    folder = tmp_path_factory.mktemp("study")
    head = make_head()
    for number, voxels in enumerate(head.voxels):
        for series, syntax in (("1.2.9.1", None), ("1.2.9.2", RLELossless)):
            data = scan_makers.make_file(
                voxels,
                PatientID="P7",
                SeriesInstanceUID=series,
                SOPInstanceUID=f"{series}.{number + 1}",
                FrameOfReferenceUID="1.2.9",
                ImagePositionPatient=[0, 0, 3 * number],
                ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
                PixelSpacing=[2, 2],
                RecognizableVisualFeatures="NO",
            )
            if syntax is not None:
                data = scan_makers.compress(data, syntax)
            content = scan_makers.to_bytes(data)
            (folder / f"{series}-{number}.dcm").write_bytes(content)
    return folder


def run(source, out, *assignments):
    return deidentify(source, out, assignments=[*ONE_WAY, *assignments])


def read(out):
    return [pydicom.dcmread(path) for path in sorted((out / "data").rglob("*.dcm"))]


def codes_of(data):
    return {one.CodeValue for one in data.DeidentificationMethodCodeSequence}


def test_a_head_is_held_back_unless_its_face_is_settled(study, tmp_path):
    """The terminal says what to do; the report says which series, and why."""
    held = run(study, tmp_path / "a")
    passed = run(study, tmp_path / "b", "deid.faces=flag")

    assert held.report.n_written == 0
    assert {one.code for one in held.report.quarantine} == {"face-held"}
    assert "deid.faces=remove" in held.summary
    assert [(one.n_slices, one.outcome) for one in held.report.faces] == [
        (56, "held back"),
        (56, "held back"),
    ]
    assert passed.report.n_written == 112
    assert {one.outcome for one in passed.report.faces} == {"let through"}
    # What the source claimed of faces was not proven here.
    assert all("RecognizableVisualFeatures" not in one for one in read(tmp_path / "b"))
    assert "may show a face" in passed.html.read_text()


def test_removing_leaves_the_brain_and_says_so(study, tmp_path):
    """Plain and compressed series alike; the file carries the code and the statement."""
    done = run(study, tmp_path / "out", "deid.faces=remove")

    files = read(tmp_path / "out")
    voxels = np.stack([one.pixel_array for one in files])
    whole = make_head().voxels
    assert done.report.n_written == 112
    assert done.report.check.n_withdrawn == 0
    assert {one.outcome for one in done.report.faces} == {"stripped"}
    assert all("113102" in codes_of(one) for one in files)
    assert {one.RecognizableVisualFeatures for one in files} == {"NO"}
    # The brain has 500, scalp and nose 300, bone 20.
    assert (voxels == 500).sum() == 2 * (whole == 500).sum()
    assert (voxels == 300).sum() < 0.02 * 2 * (whole == 300).sum()


def test_defacing_earns_no_code(study, tmp_path):
    """The face is cut off, and much of the scalp stays."""
    done = run(study, tmp_path / "out", "deid.faces=deface")

    files = read(tmp_path / "out")
    assert {one.outcome for one in done.report.faces} == {"defaced"}
    assert all("113102" not in codes_of(one) for one in files)
    assert all("RecognizableVisualFeatures" not in one for one in files)


def test_safe_harbor_takes_what_was_stripped(study, tmp_path):
    """No statement of a person is needed where nothing but brain is left."""
    chosen = ["deid.mode=safe-harbor", "deid.faces=remove"]

    done = deidentify(study, tmp_path / "out", assignments=chosen)

    assert done.report.n_written == 112


@pytest.mark.parametrize("repeats", [1, 2])
def test_a_volume_with_a_face_is_stripped_as_well(tmp_path, repeats):
    """NIfTI, and each volume of a 4-D file, by one mask."""
    head = make_head().voxels.transpose(2, 1, 0)
    voxels = np.stack([head] * repeats, axis=3) if repeats > 1 else head
    affine = np.diag([-2.0, -2.0, 3.0, 1.0])
    (tmp_path / "in" / "P7").mkdir(parents=True)
    path = tmp_path / "in" / "P7" / "t1.nii.gz"
    nibabel.save(nibabel.Nifti1Image(voxels.astype(np.int16), affine), path)
    chosen = ("deid.patient_from=folder",)

    held = run(tmp_path / "in", tmp_path / "a", *chosen)
    done = run(tmp_path / "in", tmp_path / "b", *chosen, "deid.faces=remove")

    assert [one.code for one in held.report.quarantine] == ["face-held"]
    (written,) = (tmp_path / "b" / "data").rglob("*.nii.gz")
    left = np.asarray(nibabel.load(written).dataobj)
    assert done.report.check.n_withdrawn == 0
    assert left.shape == voxels.shape
    assert (left == 500).sum() == (voxels == 500).sum()
    assert (left == 300).sum() < 0.02 * (voxels == 300).sum()
