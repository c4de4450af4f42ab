"""The leak test in small: every attribute of the table, every place, no network."""

from __future__ import annotations

import importlib
import io
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from tumorscope.deid.dicom_file import PatientJob, deidentify_dicom, read_subject
from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys
from tumorscope.domain.deid_spec import DeidSpec

BASIC = DeidSpec(dates="remove", keep_characteristics=False, clean_descriptors=False)


@pytest.fixture
def load(repository: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that imports a script as Python would when it runs it."""
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    return importlib.import_module


def deidentified(content, spec):
    tokens = IdentityTokens.from_values(read_subject(content).values)
    job = PatientJob(spec=spec, keys=PatientKeys(secret=bytes(32)), tokens=tokens)
    return deidentify_dicom(content, job).content


@pytest.mark.parametrize("depth", [0, 2, 8])
def test_no_attribute_of_the_table_leaks_at_any_depth(load, depth):
    """649 attributes: none of the planted values is left, and no action is missing."""
    leak, plant = load("deid_leak"), load("deid_plant")

    data = dcmread(io.BytesIO(deidentified(plant.plant_table(depth), BASIC)))

    assert len(plant.table_tags()) == 649
    assert leak.judge_table(plant.find_planted(data, depth)) == ([], [])


def test_the_judge_finds_what_was_not_done(load):
    """The planted file itself leaks everywhere: the test above can fail.

    Of 649 attributes, 411 must go; the file has them all.
    """
    leak, plant = load("deid_leak"), load("deid_plant")

    data = dcmread(io.BytesIO(plant.plant_table(2)))

    leaks, violations = leak.judge_table(plant.find_planted(data, 2))
    assert len(leaks) == 649
    assert len(violations) == 411


def test_no_place_keeps_an_identifier(load, tmp_path):
    """Each planted place of a DICOM file is clean in the output, or the file refused."""
    leak, plant = load("deid_leak"), load("deid_plant")
    places = [place for place in plant.plant_places() if place.kind == "dicom"]
    refused, survived = [], []

    for place in places:
        try:
            content = deidentified(place.content, DeidSpec())
        except MalformedFileError:
            refused.append(place.name)
            continue
        (tmp_path / "x.dcm").write_bytes(content)
        if leak.count_tokens(tmp_path / "x.dcm", tmp_path):
            survived.append(place.name)

    assert len(places) == 56
    assert refused == ["color profile"]
    assert survived == []


@pytest.mark.debian("dicom3tools")
def test_no_new_error_of_a_validator(load):
    """An MR file and a structured report have no error that their source had not."""
    conformance = load("deid_conformance")
    paths = [
        Path(get_testdata_file(name, download=False))
        for name in ("MR_small.dcm", "MR_small_implicit.dcm", "test-SR.dcm")
    ]

    found = conformance.measure(paths)

    assert found["files"] == 3
    assert found["new_errors"] == 0


@pytest.mark.slow
def test_speed_is_measured_on_whole_output(load):
    """Both ways of running write every file."""
    found = load("deid_speed").measure(None, 0.004)

    rates = [case["files_per_processor_second"] for case in found.values()]
    assert all(rate > 0 for one in rates for rate in one.values())


@pytest.mark.slow
def test_whole_patients_keep_what_they_must_and_lose_the_rest(load):
    """Two visits in two processes: one pseudonym, one offset, one graph, no identifier."""
    study = load("deid_study")

    found = study.measure(2)

    assert found["failed"] == dict.fromkeys(found["checked"], 0)
    assert set(found["identifiers_found"].values()) == {0}
    assert set(found["checked"]) == {
        *("date_shifted", "file_there", "patid_consistent", "pixels_hidden"),
        *("pixels_retained", "tag_retained", "text_notnull", "text_removed"),
        *("text_retained", "uid_changed", "uid_consistent", "uid_of_registry_kept"),
    }
