"""Tests of one DICOM file from end to end: what goes, what stays, what is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence

from tumorscope.deid.dicom_file import deidentify_dicom, read_subject
from tumorscope.deid.elements import MalformedFileError

BASIC = {"dates": "remove", "keep_characteristics": False, "clean_descriptors": False}


def item(**values):
    data = Dataset()
    for keyword, value in values.items():
        setattr(data, keyword, value)
    return Sequence([data])


def refusal(content, job):
    with pytest.raises(MalformedFileError) as caught:
        deidentify_dicom(content, job)
    return caught.value.code


def test_the_patient_becomes_a_pseudonym(process, file_of):
    """Name and ID are one word that follows from the secret, birth date is empty."""
    done = process(file_of())

    assert str(done.PatientName) == done.PatientID
    assert len(done.PatientID) == 17
    assert done.PatientBirthDate == ""
    assert done.AccessionNumber == ""


def test_what_fairness_needs_stays(process, file_of):
    """Sex and weight stay, and the age is computed before the dates move."""
    done = process(file_of())

    assert done.PatientSex == "F"
    assert done.PatientWeight == 61.5
    assert done.PatientAge == "061Y"


def test_the_basic_profile_keeps_no_characteristics(process, file_of):
    """Without options sex is empty, age and weight are gone, and so are descriptions."""
    done = process(file_of(PatientAge="061Y"), **BASIC)

    assert done.PatientSex == ""
    assert "PatientAge" not in done
    assert "PatientWeight" not in done
    assert "SeriesDescription" not in done
    assert done.StudyDate == ""


def test_dates_keep_their_interval_and_times_their_midnight(process, file_of):
    """Two days that meet at midnight still do, further in the past."""
    done = process(file_of())

    first, second = (
        date.fromisoformat(text) for text in (done.StudyDate, done.AcquisitionDate)
    )
    assert (second - first).days == 1
    assert done.StudyDate < "20190214"
    assert (done.StudyTime, done.AcquisitionTime) == ("235930", "000130")
    assert done["LongitudinalTemporalInformationModified"].value == "MODIFIED"


def test_safe_harbor_keeps_years_only(process, file_of):
    """Day, month and time of day are gone; above 89 the year as well."""
    settings = {"mode": "safe-harbor", "face_free": "skull-stripped"}

    done = process(file_of(), **settings)
    old = process(file_of(PatientAge="093Y"), hides_years=True, **settings)

    assert done.StudyDate == "20190101"
    assert done.StudyTime == ""
    assert old.StudyDate == ""
    assert old.PatientAge == "090Y"


def test_safe_harbor_refuses_heads_without_a_word_on_faces(file_of, job_for):
    """Full-face and comparable images are a class of their own."""
    content = file_of()

    code = refusal(content, job_for(content, mode="safe-harbor"))

    assert code == "face-not-removed"


def test_descriptions_keep_listed_words_only(process, file_of):
    """The sequence stays readable, the name in it does not."""
    assert process(file_of()).SeriesDescription == "t1 tse sag"


def test_identity_goes_from_text_that_the_table_does_not_name(process, file_of):
    """The sweep is the second line: a name in the model of the scanner."""
    done = process(file_of(ManufacturerModelName="Avanto of W. VANDERMOLEN"))

    assert done.ManufacturerModelName == "REMOVED"
    assert done.Manufacturer == "SIEMENS"


def test_every_depth_is_walked(process, file_of):
    """Names, unlisted texts and identifiers eight sequences deep."""
    inner = {"PatientName": "Vandermolen^W", "ReferencedSOPInstanceUID": "1.2.3.4.1"}
    inner |= {"ManufacturerModelName": "Vandermolen"}
    nested = item(**inner)
    for _ in range(7):
        nested = item(ReferencedSeriesSequence=nested)

    done = process(file_of(ReferencedSeriesSequence=nested))

    deep = done
    for _ in range(8):
        deep = deep.ReferencedSeriesSequence[0]
    assert str(deep.PatientName) == done.PatientID
    assert deep.ManufacturerModelName == "REMOVED"
    assert deep.ReferencedSOPInstanceUID == done.SOPInstanceUID


def test_the_registry_of_the_standard_is_not_touched(process, file_of):
    """Classes are kinds, and a private class stays what it was."""
    reference = item(
        ReferencedSOPClassUID="1.3.12.2.1107.5.9.1", ReferencedSOPInstanceUID="1.2.9"
    )

    done = process(file_of(ReferencedImageSequence=reference))

    assert done.SOPClassUID == "1.2.840.10008.5.1.4.1.1.4"
    referenced = done.ReferencedImageSequence[0]
    assert referenced.ReferencedSOPClassUID == "1.3.12.2.1107.5.9.1"
    assert referenced.ReferencedSOPInstanceUID.startswith("2.25.")


def test_whatever_is_private_or_unknown_goes(process, image, file_of):
    """Private groups at every depth, curves, overlays, icons and unknown tags."""
    data = image(IconImageSequence=item(Rows=1))
    for tag, kind, value in (
        (0x00290010, "LO", "MADE UP"),
        (0x00291010, "OB", b"x y "),
        (0x60003000, "OW", b"ab"),
        (0x60021500, "LO", "label"),
        (0x50003000, "OW", b"ab"),
        (0x00089999, "LO", "what"),
        (0x00104000, "LT", "comment"),
    ):
        data.add(DataElement(tag, kind, value))

    done = process(file_of(data))

    left = {element.tag.group for element in done.iterall()}
    assert left.isdisjoint({0x29, 0x6000, 0x6002, 0x5000})
    assert 0x00089999 not in done
    assert "IconImageSequence" not in done
    assert "PatientComments" not in done


def test_preamble_meta_and_trailing_bytes_are_made_anew(image, file_of, job_for):
    """Nothing outside the data set is carried over."""
    data = image()
    data.file_meta.SourceApplicationEntityTitle = "VANDERMOLEN"
    content = b"MZ executable".ljust(128, b"!") + file_of(data)[128:] + b"Vandermolen"

    done = deidentify_dicom(content, job_for(content))

    assert done.content[:128] == bytes(128)
    assert b"vandermolen" not in done.content.lower()
    assert done.name.startswith("2.25.")


def test_bits_above_the_stored_ones_are_cleared(process, image, file_of):
    """An overlay of old scanners hides there."""
    pixels = np.arange(16, dtype="<u2")
    data = image(PixelData=(pixels | 0xF000).astype("<u2").tobytes())

    done = process(file_of(data))

    assert done.pixel_array.ravel().tolist() == pixels.tolist()


def test_the_file_says_what_was_done_to_it(process, file_of):
    """Codes of options whose work was done, and of no other."""
    done = process(file_of())

    codes = [one.CodeValue for one in done.DeidentificationMethodCodeSequence]
    assert done.PatientIdentityRemoved == "YES"
    assert codes == ["113100", "113105", "113107", "113108"]
    assert [
        one.CodeValue
        for one in process(file_of(), **BASIC)[
            "DeidentificationMethodCodeSequence"
        ].value
    ] == ["113100"]


def test_compound_actions_follow_the_type_in_the_object(process, file_of):
    """Contrast agent (type 2) is emptied, station name (type 3) is removed."""
    done = process(
        file_of(ContrastBolusAgent="Gd for X", StationName="MR1", ContentDate=""),
        **BASIC,
    )

    assert done.ContrastBolusAgent == ""
    assert "StationName" not in done


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PatientIdentityRemoved": "YES"}, "already-deidentified"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "sop-class"),
        ({"SeriesInstanceUID": None}, "no-uid"),
        ({"BurnedInAnnotation": "YES"}, "burned-in-text"),
        ({"ImageType": ["DERIVED", "SECONDARY"]}, "secondary-capture"),
        ({"ConversionType": "WSD"}, "secondary-capture"),
        ({"PhotometricInterpretation": "RGB"}, "colored-pixels"),
        ({"Rows": 400}, "pixel-length"),
        ({"Rows": None}, "pixel-length"),
    ],
)
def test_what_is_not_understood_stays_in_quarantine(file_of, job_for, changes, code):
    """Each with a code that says why."""
    content = file_of(**changes)

    assert refusal(content, job_for(content)) == code


def test_a_known_text_in_binary_data_is_refused(image, file_of, job_for):
    """Bytes cannot be cleaned word by word."""
    data = image()
    data.add(DataElement(0x00282000, "OB", b"profile of Vandermolen"))
    content = file_of(data)

    assert refusal(content, job_for(content)) == "identifier-in-binary"


def test_a_name_in_the_pixels_is_refused(image, file_of, job_for):
    """The last look is at the bytes of the finished file."""
    text = b"Vandermolen".ljust(32, b"\0")
    data = image(PixelData=text, BitsAllocated=16, BitsStored=16, HighBit=15)
    content = file_of(data)

    assert refusal(content, job_for(content)) == "identifier-left"


def test_a_sequence_under_the_name_of_a_text_is_refused(image, file_of, job_for):
    """A nested data set in the place of a kept value would pass the sweep by."""
    data = image(PatientSex=None)
    data.add(DataElement(0x00100040, "SQ", item(PatientName="Vandermolen")))
    content = file_of(data)

    assert refusal(content, job_for(content)) == "wrong-representation"


def test_a_file_without_patient_id_has_no_owner(file_of):
    """The caller keeps it in quarantine: nothing holds its files together."""
    subject = read_subject(file_of(PatientID=None, PatientBirthDate=None))

    assert subject.patient_id == ""
    assert subject.values["names"]


def test_retained_uids_are_said_to_be_retained(process, file_of):
    """Option 113110 is written where identifiers stayed."""
    done = process(file_of(), retain_uids=True)

    codes = [one.CodeValue for one in done.DeidentificationMethodCodeSequence]
    assert done.StudyInstanceUID == "1.2.3.4.2"
    assert "113110" in codes
