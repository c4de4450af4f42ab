"""Tests of DICOM studies: order by geometry, sides, and a reason for all else."""

from __future__ import annotations

import zipfile
from itertools import permutations, product

import numpy as np
import pytest
from pydicom.uid import generate_uid

from tumorscope.domain.errors import DataError
from tumorscope.domain.orientation import side_of, to_radiological
from tumorscope.domain.volume import volume_from_affine
from tumorscope.importers.dicom import age_in_years, find_dicom

CANONICAL = np.array([[0, 0, 1.0, -10], [0, 1.5, 0, -20], [3.0, 0, 0, 5], [0, 0, 0, 1]])


@pytest.fixture
def head(scan_makers):
    """Return a head in the radiological order, lesion on the left."""
    return volume_from_affine(scan_makers.make_head(), CANONICAL)


@pytest.fixture
def write(scan_makers, tmp_path):
    """Return a function that writes files under names in no useful order."""

    def run(*files, folder="study"):
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        shuffled = np.random.default_rng(1).permutation(len(files))
        for number, index in enumerate(shuffled):
            (place / f"{number:03d}").write_bytes(scan_makers.to_bytes(files[index]))
        return place

    return run


def only_series(found):
    """Return the one series of the one study."""
    ((series,),) = (study.series for study in found.studies)
    return series


@pytest.mark.parametrize("axes", list(permutations(range(3))))
@pytest.mark.parametrize("flips", list(product((False, True), repeat=3)))
def test_left_is_left_for_each_of_48_orders(
    head, scan_makers, write, sandbox, *, axes, flips
):
    """However a scanner stores the axes, the lesion is on the labelled left."""
    voxels, affine = head.voxels.transpose(axes), CANONICAL[:, [*axes, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            affine[:, 3] += (voxels.shape[axis] - 1) * affine[:, axis]
            affine[:, axis] *= -1
            voxels = np.flip(voxels, axis)
    place = write(*scan_makers.make_series(volume_from_affine(voxels, affine)))

    found = only_series(find_dicom(place, sandbox)).load().volume

    shown = to_radiological(found)
    np.testing.assert_array_equal(shown.voxels, head.voxels)
    brightest = np.unravel_index(shown.voxels.argmax(), shown.voxels.shape)[0]
    assert side_of(shown.voxels[brightest] > 900) == "left"
    np.testing.assert_allclose(shown.origins_mm, head.origins_mm, atol=1e-6)


def test_an_enhanced_file_is_the_same_series(head, scan_makers, write, sandbox):
    """Frames are ordered by their position, and rescaled one by one."""
    series = only_series(find_dicom(write(scan_makers.make_enhanced(head)), sandbox))

    assert series.facts.sequence.name == "flair"
    volume = series.load().volume
    np.testing.assert_array_equal(volume.voxels, head.voxels * 2.0 + 1)


def test_the_facts_of_a_series(head, scan_makers, write, sandbox):
    """Patient, site, scanner, sex and age come from the tags; strange ones are null."""
    tags = {
        "PatientAge": "047Y",
        "PatientSex": "F",
        "InstitutionName": "Clinic",
        "Manufacturer": "Maker",
        "ManufacturerModelName": "One",
        "MagneticFieldStrength": 3,
    }
    facts = only_series(
        find_dicom(write(*scan_makers.make_series(head, **tags)), sandbox)
    ).facts

    assert (facts.patient_id, facts.site, facts.sex) == ("P1", "Clinic", "F")
    assert (facts.scanner, facts.age_years) == ("Maker One 3 T", 47.0)
    assert facts.sequence.certainty == "certain"
    assert facts.label == "series 1"
    assert facts.notes == ()


@pytest.mark.parametrize(
    ("text", "years"),
    [("047Y", 47.0), ("006M", 0.5), ("026W", 0.5), ("47", None), (None, None)],
)
def test_ages_are_read_as_the_standard_writes_them(text, years):
    """Months and weeks count; anything else is unknown."""
    assert age_in_years(text) == years


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"Modality": "CT"}, "CT, not MR"),
        ({"Modality": "XX"}, "another modality than MR"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "not an MR image object"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, "a mosaic"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "a localizer"),
        ({"ImageType": ["DERIVED", "SECONDARY", "M"]}, "derived from other"),
        ({"ImageType": ["DERIVED", "PRIMARY", "MPR"]}, "derived from other"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "P"]}, "a phase, real or"),
        ({"BodyPartExamined": "KNEE"}, "another body part than the head"),
        (
            {"BodyPartExamined": None, "SeriesDescription": "T2 C-Spine"},
            "named like another body part",
        ),
        ({"BurnedInAnnotation": "YES"}, "text is burned into the pixels"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "color pictures"),
        ({"PixelData": None}, "no pixels"),
        ({"SeriesInstanceUID": None}, "which study and series"),
        ({"ImagePositionPatient": None}, "position in the patient is not stated"),
        ({"SeriesDescription": "Survey"}, "a localizer"),
        ({"SeriesDescription": "ADC map", "EchoTime": None}, "sequence adc, likely"),
        (
            {"SeriesDescription": None, "EchoTime": None},
            "its sequence is unknown: no name and no timing",
        ),
        (
            {"SeriesDescription": "T1 ax"},
            "uncertain: the name says t1, the timing flair",
        ),
    ],
    ids=str,
)
def test_what_is_no_use_is_listed_with_its_reason(
    head, scan_makers, write, sandbox, *, tags, reason
):
    """One reason each, and no text of the file in it."""
    found = find_dicom(write(*scan_makers.make_series(head, **tags)), sandbox)

    assert found.studies == ()
    assert sum(one.files for one in found.left_out) == 6
    assert all(reason in one.reason for one in found.left_out)
    assert not any(one.damaged for one in found.left_out)


def test_a_file_without_a_body_part_is_taken_for_a_head_and_told(
    head, scan_makers, write, sandbox
):
    """A guess is never silent."""
    place = write(*scan_makers.make_series(head, BodyPartExamined=None))

    assert (
        "do not state the body part"
        in only_series(find_dicom(place, sandbox)).facts.notes[0]
    )


def test_a_missing_slice_is_told(head, scan_makers, write, sandbox):
    """A gap is counted, and all other slices keep their places."""
    files = scan_makers.make_series(head)
    series = only_series(find_dicom(write(*files[:2], *files[3:]), sandbox))

    assert "1 gaps: about 1 slices are missing" in series.facts.notes[0]
    assert series.load().volume.positions_mm.tolist() == [5, 8, 14, 17, 20]


def test_a_file_that_is_there_twice_counts_once(head, scan_makers, write, sandbox):
    """Copies under other names are passed over and told."""
    files = scan_makers.make_series(head)
    series = only_series(find_dicom(write(*files, files[0]), sandbox))

    assert len(series.load().volume.voxels) == 6
    assert series.facts.notes == ("1 copies of its pictures were passed over",)


def test_several_echoes_become_several_volumes(head, scan_makers, write, sandbox):
    """Each position holds two echoes: each volume has one of them."""
    uid = {"SeriesInstanceUID": generate_uid()}
    files = [
        *scan_makers.make_series(head, "t2", **uid),
        *scan_makers.make_series(head, "t2", EchoTime=120, **uid),
    ]

    found = find_dicom(write(*files), sandbox)
    (study,) = found.studies

    assert sorted(one.facts.label for one in study.series) == [
        "series 1, echo 1 of 2",
        "series 1, echo 2 of 2",
    ]
    assert {one.load().volume.voxels.shape for one in study.series} == {(6, 24, 28)}


def test_slices_that_nothing_tells_apart_are_left_out(
    head, scan_makers, write, sandbox
):
    """Two different pictures at one position cannot both be right."""
    uid = {"SeriesInstanceUID": generate_uid()}
    files = [
        *scan_makers.make_series(head, **uid),
        *scan_makers.make_series(head, **uid),
    ]

    found = find_dicom(write(*files), sandbox)

    assert found.studies == ()
    assert "several slices at one position" in found.left_out[0].reason


def test_three_orientations_in_one_series_are_a_localizer(
    head, scan_makers, write, sandbox
):
    """Whatever it is called, and never mixed into one volume."""
    uid = {"SeriesInstanceUID": generate_uid()}
    files = []
    for axes in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
        turned = volume_from_affine(
            head.voxels.transpose(axes)[:3], CANONICAL[:, [*axes, 3]]
        )
        files += scan_makers.make_series(turned, **uid)

    (left,) = find_dicom(write(*files), sandbox).left_out

    assert left.files == 9
    assert "few slices in each of several orientations" in left.reason


def test_a_damaged_file_leaves_a_gap_and_is_listed(head, scan_makers, write, sandbox):
    """No part of a study is lost in silence."""
    place = write(*scan_makers.make_series(head))
    victim = place / "002"
    victim.write_bytes(victim.read_bytes()[:-100])
    (place / "readme.txt").write_text("words")

    found = find_dicom(place, sandbox)

    assert len(only_series(found).load().volume.voxels) == 5
    assert {(one.label, one.damaged) for one in found.left_out} == {
        ("002", True),
        ("readme.txt", False),
    }


def test_pixels_that_cannot_be_decoded_are_listed_at_loading(
    head, scan_makers, write, sandbox
):
    """A header may be whole where the pixels are not."""
    files = scan_makers.make_series(head)
    files[3].PixelData = files[3].PixelData[:-200]
    loaded = only_series(find_dicom(write(*files), sandbox)).load()

    assert len(loaded.volume.voxels) == 5
    assert loaded.left_out[0].damaged
    assert "truncated" in loaded.left_out[0].reason
    assert loaded.notes == ("1 files cannot be decoded",)


def test_a_zip_is_the_same_study(head, scan_makers, write, sandbox, *, tmp_path):
    """Two ways to hand over a study, one result."""
    from_folder = write(*scan_makers.make_series(head))
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in from_folder.iterdir():
            packed.write(file, f"a/{file.name}")

    one = only_series(find_dicom(from_folder, sandbox))
    other = only_series(find_dicom(archive, sandbox))

    assert one.facts.series_id == other.facts.series_id
    np.testing.assert_array_equal(one.load().volume.voxels, other.load().volume.voxels)


def test_a_dicomdir_lists_what_is_missing(head, scan_makers, tmp_path, sandbox):
    """References are followed inside the folder only, and missing files are told."""
    folder = tmp_path / "disc"
    scan_makers.write_directory(folder, scan_makers.make_series(head))
    next(path for path in folder.rglob("*") if path.name.endswith("2")).unlink()

    found = find_dicom(folder / "DICOMDIR", sandbox)

    assert len(only_series(found).load().volume.voxels) == 5
    assert found.left_out[0].damaged
    assert "the DICOMDIR refers to it" in found.left_out[0].reason


def test_a_source_that_is_not_there_is_an_error(tmp_path, sandbox):
    """A typing error is not an empty study."""
    with pytest.raises(DataError, match="no such file or folder"):
        find_dicom(tmp_path / "absent", sandbox)
