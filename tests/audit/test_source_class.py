"""Tests of source = class: a place that tells the class leaves nothing to learn."""

from __future__ import annotations

import pytest

from tumorscope.audit.source_class import check_sources, source_gate
from tumorscope.domain.audit_spec import AuditSpec

SPEC = AuditSpec(permutations=999)


def by_patient(values, slices=6):
    return [value for value in values for _ in range(slices)]


def healthy_half(patient, place):
    """Ten patients have tumors in some slices, the others have none."""
    return patient < 10 and place % 2


@pytest.mark.parametrize("column", ["site", "scanner", "source", "source_part"])
def test_a_source_that_tells_who_has_a_tumor_fails(cohort, patients, column):
    """Tumor patients come from A, others from B: the planted tie of site and label."""
    table = patients(20, tumor=healthy_half)
    table[column] = by_patient(["A"] * 10 + ["B"] * 10)

    report = check_sources(cohort(table), SPEC)

    gate = source_gate(report, SPEC)
    assert gate.has_failed
    assert "balanced accuracy of 1.00" in gate.sentence
    assert "20 patients" in gate.sentence


def test_a_site_with_both_classes_passes(cohort, patients):
    """Each site sees the same share of tumors."""
    table = patients(20, tumor=healthy_half)
    table["site"] = by_patient(["A", "B"] * 10)

    report = check_sources(cohort(table), SPEC)

    (tie,) = report.ties
    assert tie.patient_separation == pytest.approx(0.5)
    gate = source_gate(report, SPEC)
    assert not gate.has_failed
    assert gate.sentence.endswith("class of a slice or patient: site.")


def test_two_patients_per_source_are_no_evidence(cohort, patients):
    """Four patients can be divided by chance: the p-value decides."""
    table = patients(4, tumor=lambda patient, place: patient < 2 and place % 2)
    table["site"] = by_patient(["A", "A", "B", "B"])

    report = check_sources(cohort(table), SPEC)

    assert report.ties[0].patient_separation == 1
    assert not source_gate(report, SPEC).has_failed


def test_folders_that_repeat_class_or_patient_are_not_looked_at(cohort, patients):
    """A set stored as train/yes/p1/x.png has one folder that could tell: train."""
    table = patients(20, tumor=lambda patient, place: patient < 10)
    table["class_name"] = by_patient(["yes"] * 10 + ["no"] * 10)
    table["image"] = [
        f"train/{row.class_name}/{row.patient_id}/{place}.png"
        for place, row in enumerate(table.itertuples())
    ]

    report = check_sources(cohort(table), SPEC)

    assert ("folder", "one folder only") in report.not_assessed
    assert report.ties == ()


def test_a_folder_of_another_download_that_is_the_class_fails(cohort, patients):
    """Healthy slices were added from another download: its folder tells the class."""
    table = patients(20, tumor=lambda patient, place: patient < 10)
    table["image"] = [
        f"{'new' if row // 6 >= 10 else 'old'}/{row}.png" for row in range(120)
    ]

    gate = source_gate(check_sources(cohort(table), SPEC), SPEC)

    assert gate.has_failed
    assert "folder gives" in gate.sentence


def test_a_file_format_that_is_the_class_fails(cohort, patients, traits):
    """All tumor slices are JPEG, all others PNG."""
    table = patients(20)
    files = [traits(format="JPEG" if label else "PNG") for label in table["label"]]

    gate = source_gate(check_sources(cohort(table, traits=files), SPEC), SPEC)

    assert gate.has_failed
    assert "file format gives the label of slices" in gate.sentence


def test_unknown_columns_are_said_to_be_unknown(cohort, patients):
    """No site and no scanner: that is no pass, and no value for each patient either."""
    table = patients(6)
    table["scanner"] = by_patient([f"scanner {number}" for number in range(6)])

    report = check_sources(cohort(table), SPEC)

    reasons = dict(report.not_assessed)
    assert reasons["site"] == "no `site`"
    assert "about one for each patient" in reasons["scanner"]
    gate = source_gate(report, SPEC)
    assert not gate.is_assessed
    assert not gate.has_failed


def test_a_site_known_for_some_only_counts_as_two_values(cohort, patients):
    """Tumor patients have a site, others have none: silence tells the class too."""
    table = patients(20, tumor=lambda patient, place: patient < 10)
    table["site"] = by_patient(["A"] * 10 + [None] * 10)

    assert source_gate(check_sources(cohort(table), SPEC), SPEC).has_failed
