"""Tests of results as DICOM objects: whose they are, what they say, and what they are for."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from highdicom.sr.utils import find_content_items
from pydicom.filereader import dcmread

from tumorscope.domain.errors import DataError
from tumorscope.io.dicom_results.folder import ResultFolder
from tumorscope.io.dicom_results.objects import make_objects

REPORT, MAP, PICTURE = range(3)


def uids_of(objects):
    return [(one.SeriesInstanceUID, one.SOPInstanceUID) for one in objects]


def numbers(report, code):
    """Return the values of a measurement, in the order of the report."""
    return [
        float(item.MeasuredValueSequence[0].NumericValue)
        for item in find_content_items(report, value_type="NUM", recursive=True)
        if item.ConceptNameCodeSequence[0].CodeValue == code
    ]


def texts(report):
    """Return all texts of a report."""
    found = find_content_items(report, value_type="TEXT", recursive=True)
    return {str(item.TextValue) for item in found}


def sagittal(scan_makers, head):
    """Return the files of the same head, taken as sagittal slices."""
    steps = np.arange(head.voxels.shape[2])[:, None] * head.column_step_mm
    turned = replace(
        head,
        voxels=head.voxels.transpose(2, 0, 1).copy(),
        origins_mm=head.origins_mm[0] + steps,
        row_step_mm=head.slice_step_mm,
        column_step_mm=head.row_step_mm,
    )
    return scan_makers.make_series(turned, PatientName="A^B")


def errors_of(path):
    """Return the lines in which dciodvfy finds a fault."""
    answer = subprocess.run(  # noqa: S603 - a validator on our own file
        [shutil.which("dciodvfy"), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (answer.stdout + answer.stderr).splitlines()
    return [line for line in lines if line.startswith("Error")]


def test_results_belong_to_the_study_and_the_patient(make_result, files):
    """Identity is the source's, letter by letter; series and instances are new."""
    objects = make_objects(make_result(files))

    source = files[0]
    for one in objects:
        assert one.StudyInstanceUID == source.StudyInstanceUID
        assert str(one.PatientName) == "Müller^Ünal"
        assert one.SpecificCharacterSet == "ISO_IR 192"
        for keyword in ("PatientID", "PatientBirthDate", "PatientSex", "PatientAge"):
            assert one[keyword].value == source[keyword].value
        assert one.AccessionNumber == "A77"
        assert one.StudyDate == "20260504"
    series = {one.SeriesInstanceUID for one in objects}
    assert len(series) == 3
    assert source.SeriesInstanceUID not in series
    assert [one.SeriesNumber for one in objects] == [401, 402, 403]
    assert objects[MAP].FrameOfReferenceUID == source.FrameOfReferenceUID


def test_every_object_says_that_it_is_for_research(make_result, files):
    """In the series, in the content qualification, and as unverified and preliminary."""
    report, found_map, picture = make_objects(make_result(files))

    for one in (report, found_map, picture):
        assert one.SeriesDescription.startswith("RESEARCH USE ONLY")
        assert len(one.SeriesDescription) <= 64
    assert found_map.ContentQualification == "RESEARCH"
    assert (report.VerificationFlag, report.PreliminaryFlag) == (
        "UNVERIFIED",
        "PRELIMINARY",
    )
    assert "Research use only. Not a medical device." in texts(report)
    assert picture.BurnedInAnnotation == "NO"


def test_the_report_holds_scores_threshold_and_decisions(make_result, files):
    """Highest, mean, each slice; counts; the model's digest; and the image of each slice."""
    result = make_result(files)

    report = make_objects(result)[REPORT]

    assert numbers(report, "TUMOR_PROB") == pytest.approx([0.9, 0.5, 0.1, 0.9, 0.5])
    assert numbers(report, "THRESHOLD") == pytest.approx([0.45] * 4)
    assert numbers(report, "SCORED_SLICES") == [3]
    assert numbers(report, "ABOVE_SLICES") == [2]
    assert numbers(report, "REFERRED_SLICES") == [1]
    decisions = [
        item.ConceptCodeSequence[0].CodeValue
        for item in find_content_items(report, value_type="CODE", recursive=True)
        if item.ConceptNameCodeSequence[0].CodeValue == "DECISION"
    ]
    assert decisions == ["NOT_ABOVE", "ABOVE", "REFER"]
    assert f"weights SHA-256: {result.model.weights_digest}" in texts(report)
    images = [
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for item in find_content_items(report, value_type="IMAGE", recursive=True)
    ]
    assert images == [files[index].SOPInstanceUID for index in (1, 2, 3)]
    (evidence,) = report.CurrentRequestedProcedureEvidenceSequence
    (series,) = evidence.ReferencedSeriesSequence
    assert len(series.ReferencedSOPSequence) == 5


def test_the_map_is_stored_as_computed_and_where_it_belongs(make_result, files):
    """float32 without rescale; each frame at the place of its slice."""
    result = make_result(files)

    found = make_objects(result)[MAP]

    frames = np.frombuffer(found.FloatPixelData, "<f4").reshape(3, 24, 28)
    for frame, group in zip(
        frames, found.PerFrameFunctionalGroupsSequence, strict=True
    ):
        place = [
            float(one) for one in group.PlanePositionSequence[0].ImagePositionPatient
        ]
        (slice_result,) = [
            one
            for one in result.slices
            if np.allclose(result.stack.origins_mm[one.index], place)
        ]
        assert np.array_equal(frame, slice_result.class_map)
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        assert (
            source.ReferencedSOPInstanceUID == files[slice_result.index].SOPInstanceUID
        )
    (mapping,) = found.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence
    (quantity,) = mapping.QuantityDefinitionSequence
    assert quantity.ConceptCodeSequence[0].CodeValue == "130402"


def test_the_picture_keeps_its_pixels_and_sides(make_result, files):
    """RGB as drawn; rows run to the patient's left, columns to the back."""
    result = make_result(files)

    picture = make_objects(result)[PICTURE]

    stored = np.frombuffer(picture.PixelData, np.uint8).reshape(40, 60, 3)
    assert np.array_equal(stored, result.overlays[0].picture)
    assert list(picture.PatientOrientation) == ["L", "P"]
    (source,) = picture.SourceImageSequence
    assert source.ReferencedSOPInstanceUID == files[2].SOPInstanceUID


def test_a_repetition_gives_the_same_objects_and_anything_else_gives_others(
    make_result, files
):
    """A re-send leaves one copy; another model, score or source overwrites nothing."""
    result = make_result(files)
    first = uids_of(make_objects(result))

    later = replace(result, made=result.made + timedelta(days=3))
    other_model = replace(result, model=replace(result.model, weights_digest="cd" * 32))
    other_score = replace(
        result,
        slices=(replace(result.slices[0], tumor_probability=0.2), *result.slices[1:]),
    )

    assert uids_of(make_objects(later)) == first
    for other in (other_model, other_score):
        assert not set(uids_of(make_objects(other))) & set(first)


def test_two_runs_at_one_time_are_identical_to_the_last_uid(make_result, files):
    """No random UID hides inside an object."""
    result = make_result(files)

    texts = [
        [
            line
            for line in str(one).splitlines()
            if "Contribution DateTime" not in line  # highdicom writes its own clock
        ]
        for objects in (make_objects(result), make_objects(result))
        for one in objects
    ]

    assert texts[:3] == texts[3:]


def test_slices_cut_across_a_sagittal_series_refer_to_no_single_image(
    make_result, scan_makers, head
):
    """A slice that no file shows has a position, and all files as evidence."""
    report, found_map, picture = make_objects(make_result(sagittal(scan_makers, head)))

    assert find_content_items(report, value_type="IMAGE", recursive=True) == []
    assert "SourceImageSequence" not in picture
    plane = found_map.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    assert list(plane.ImageOrientationPatient) == [1, 0, 0, 0, 1, 0]
    for group in found_map.PerFrameFunctionalGroupsSequence:
        assert not group.DerivationImageSequence


def test_all_series_that_channels_were_made_from_are_evidence(
    make_result, scan_makers, head
):
    """A score of three sequences does not hide two of them."""
    files = [
        file
        for number, name in enumerate(("t1", "flair", "t1c"))
        for file in scan_makers.make_series(head, name, SeriesNumber=number + 1)
    ]

    report, found_map, _ = make_objects(make_result(files))

    (evidence,) = report.CurrentRequestedProcedureEvidenceSequence
    named = {
        one.ReferencedSOPInstanceUID
        for series in evidence.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    }
    assert named == {file.SOPInstanceUID for file in files}
    assert {
        one.ReferencedSOPInstanceUID for one in found_map.SourceImageSequence
    } == named
    assert report.SeriesNumber == 201


def test_a_frame_of_a_multi_frame_file_is_named_by_its_number(
    make_result, scan_makers, head
):
    """The file's frames stand in reverse order: slice 1 is frame 4."""
    enhanced = scan_makers.make_enhanced(head, SeriesNumber=7)

    report = make_objects(make_result([enhanced]))[REPORT]

    found = [
        int(item.ReferencedSOPSequence[0].ReferencedFrameNumber)
        for item in find_content_items(report, value_type="IMAGE", recursive=True)
    ]
    assert found == [4, 3, 2]


def test_a_date_that_is_none_is_left_empty(make_result, scan_makers, head):
    """A result does not repeat an error of its source, and names the same patient."""
    files = scan_makers.make_series(head, PatientID="X1", PatientSex="F")
    contents = [
        scan_makers.to_bytes(file).replace(b"CS\x02\x00F ", b"CS\x02\x00q ")
        for file in files
    ]

    objects = make_objects(make_result(contents))

    assert [one.PatientID for one in objects] == ["X1"] * 3
    assert all(not one.PatientSex for one in objects)


def test_without_a_frame_of_reference_there_is_no_result(
    make_result, scan_makers, head
):
    """A map that lies nowhere would mislead; the message has no value of the header."""
    files = scan_makers.make_series(
        head, FrameOfReferenceUID=None, PatientName="Secret^One"
    )

    with pytest.raises(DataError, match="frame of reference") as caught:
        make_objects(make_result(files))

    assert "Secret" not in str(caught.value)


@pytest.mark.debian("dicom3tools")
@pytest.mark.parametrize("kind", ["axial", "sagittal", "multi-frame", "channels"])
def test_dciodvfy_finds_no_error(make_result, scan_makers, head, tmp_path, *, kind):
    """An independent validator accepts every object."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is absent: apt-get install dicom3tools")
    makers = {
        "axial": lambda: scan_makers.make_series(head),
        "sagittal": lambda: sagittal(scan_makers, head),
        "multi-frame": lambda: [scan_makers.make_enhanced(head)],
        "channels": lambda: [
            file
            for name in ("t1", "flair", "t1c")
            for file in scan_makers.make_series(head, name)
        ],
    }
    with ResultFolder(tmp_path / "out") as folder:
        for one in make_objects(make_result(makers[kind]())):
            folder.add(one)
        folder.commit()

    found = {dcmread(path).SOPClassUID.name: errors_of(path) for path in folder.files}

    assert len(found) == 3
    assert [line for lines in found.values() for line in lines] == []
