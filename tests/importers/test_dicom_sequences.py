"""Tests of the recognition of sequences: name and timing, each for itself."""

from __future__ import annotations

import pytest

from tumorscope.importers.dicom_sequences import guess_sequence
from tumorscope.io.dicom_files import DicomFrame, DicomHeader


def guess(name=None, echo=None, repetition=None, inversion=None, **header):
    """Return the guess for a series of this name and timing, in ms."""
    frame = DicomFrame(
        echo_ms=echo,
        repetition_ms=repetition,
        inversion_ms=inversion,
        b_value=header.pop("b_value", None),
    )
    made = DicomHeader(
        has_pixels=True, frames=(frame,), series_description=name, **header
    )
    return guess_sequence(made, frame)


@pytest.mark.parametrize(
    ("name", "timing", "sequence", "certainty"),
    [
        ("sT2W/FLAIR", (100, 9000, 2500), "flair", "certain"),
        ("t2_tirm_tra_dark-fluid", (81, 9000, 2500), "flair", "certain"),
        ("T1/SE/extrp", (10, 450), "t1", "certain"),
        ("Ax T1 FLAIR", (10, 2000, 860), "t1", "certain"),
        ("t1_mprage_sag", (3, 2300, 900), "t1", "certain"),
        ("T2W_TSE", (100, 4000), "t2", "certain"),
        ("AX T2*GRE", (20, 600), "t2*", "likely"),
        ("ep2d_diff_3scan_trace", (90, 6000), "dwi", "likely"),
        ("ADC", (90, 6000), "adc", "likely"),
        ("SWI_Images", (20, 30), "swi", "likely"),
        ("tof_3d", (5, 25), "angiography", "likely"),
        ("3-plane localizer", (5, 10), "localizer", "likely"),
        ("ASL perfusion", (), "perfusion", "likely"),
        (None, (110, 9000, 2500), "flair", "likely"),
        (None, (100, 4000), "t2", "likely"),
        (None, (12, 500), "t1", "likely"),
        (None, (20, 3000), "pd", "likely"),
        ("T1 ax", (100, 4000), None, "uncertain"),
        ("FLAIR", (100, 4000), None, "uncertain"),
        ("Doe Jane", (), None, "unknown"),
        (None, (50, 1500), None, "unknown"),
    ],
)
def test_name_and_timing_decide_together(name, timing, sequence, certainty):
    """Agreement is certain, one alone is likely, contradiction is no answer."""
    found = guess(name, *timing)

    assert (found.name, found.certainty) == (sequence, certainty)


@pytest.mark.parametrize(
    ("name", "header", "sequence"),
    [
        ("T1 ax", {}, "t1"),
        ("T1 ax +C", {}, "t1c"),
        ("t1_se_tra_KM", {}, "t1c"),
        ("T1 post Gd", {}, "t1c"),
        ("T1 post GAD", {}, "t1c"),
        ("T1 pre contrast", {}, "t1"),
        ("T1 w/o contrast", {}, "t1"),
        ("T1 ax", {"contrast_agent": "Gadovist"}, "t1c"),
        ("T1 ax", {"contrast_agent": "NONE"}, "t1"),
        ("T1W CLEAR", {}, "t1"),
    ],
)
def test_contrast_is_told_from_the_agent_or_the_name(name, header, sequence):
    """A T1 without a stated agent stays a T1, and the evidence says so."""
    found = guess(name, 12, 500, **header)

    assert found.name == sequence
    assert any("agent" in one or "contrast" in one for one in found.evidence)


def test_diffusion_is_told_by_its_weighting():
    """A b value wins over everything that timing says."""
    assert guess(None, 90, 6000, b_value=1000).name == "dwi"


def test_gradient_echoes_are_told_apart_by_echo_time():
    """Short echoes are T1, long ones T2*."""
    assert guess(None, 3, 8, scanning_sequence=("GR",)).name == "t1"
    assert guess(None, 25, 600, scanning_sequence=("GR",)).name == "t2*"


def test_the_evidence_holds_no_text_of_the_file():
    """A description may hold a name; only our own words are repeated."""
    found = guess("FLAIR Doe Jane 1970", 110, 9000, 2500)

    assert "Doe" not in found.as_words()
    assert found.as_words() == (
        "flair, certain (named like flair, TE 110 ms, TR 9000 ms, TI 2500 ms)"
    )
