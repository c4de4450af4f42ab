"""Tests of pseudo-patients on a page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.audit.pseudo_patients.agreement import compare_with_patients
from tumorscope.audit.pseudo_patients.judging import (
    PseudoPatientReport,
    TornPseudoPatients,
)
from tumorscope.audit.pseudo_patients.section import (
    common_lags,
    pseudo_patients_section,
)
from tumorscope.domain.json_values import to_json_value
from tumorscope.pages.picture import Picture

GROUPS = [0] * 10 + [1] * 10 + [-1] * 2


def _torn(count):
    return TornPseudoPatients(
        fold="holdout",
        torn=count,
        groups=2,
        test_slices=5,
        seen_test_slices=count,
        torn_groups=tuple(range(count)),
    )


@pytest.mark.parametrize(("torn", "status"), [(0, "passed"), (1, "failed")])
def test_the_status_is_that_of_the_gate(make_found, torn, status):
    """A reader sees at once whether the split holds."""
    report = PseudoPatientReport(found=make_found(GROUPS), torn=_torn(torn))

    assert pseudo_patients_section(report).status == status


def test_the_page_says_what_was_found_and_what_cannot_be_known(make_found):
    """Counts stand in sentences, and no group is called a patient."""
    found = make_found(GROUPS, is_capped=np.array([True] * 10 + [False] * 12))

    section = pseudo_patients_section(PseudoPatientReport(found=found, torn=_torn(0)))

    text = " ".join(section.sentences)
    assert "2 groups of 22 slices" in text
    assert "2 slices (9.1\u202f%) could belong to any head" in text
    assert "was not used" in text
    (limit,) = section.limits
    assert "10 slices stand in groups that were kept from growing" in limit.text
    assert section.tables[0].rows[0] == (2, 10, "10", "10", "10", 10, 2)


def test_an_order_that_was_used_is_said_to_be(make_found, order):
    """The reader learns that file names took part."""
    found = make_found(GROUPS, order=replace(order, is_informative=True))

    text = " ".join(pseudo_patients_section(PseudoPatientReport(found=found)).sentences)

    assert "tells heads apart and was used" in text


def test_known_patients_add_a_table_and_fold_the_rest(make_found):
    """With ids the groups are a test of the method, not a verdict."""
    found = make_found([0] * 6 + [1] * 6 + [2] * 6)
    patient = np.repeat(np.arange(3), 6)
    report = PseudoPatientReport(
        found=found,
        has_patients=True,
        agreement=compare_with_patients(found.group, patient, dealings=10),
    )

    section = pseudo_patients_section(report)

    assert section.status == "cannot be assessed"
    assert section.is_folded
    assert section.limits == ()
    assert ("Groups", 3) in section.tables[1].rows


def test_the_plot_carries_its_numbers(make_found):
    """Nine links one file apart and three of a second pass, in ranges of two files."""
    links = [(k, k + 1) for k in range(9)] + [(k, k + 10) for k in range(3)]
    found = make_found(GROUPS, links=links)

    (plot,) = pseudo_patients_section(PseudoPatientReport(found=found)).plots

    assert plot.svg.startswith("<svg")
    assert plot.rows == ((0, 2, 9, "75\u202f%"), (10, 12, 3, "25\u202f%"))
    assert common_lags(found) == (((0, 2), (10, 12)), (9, 3))


def test_without_groups_there_is_no_table_and_no_plot(make_found):
    """An empty finding is said, not drawn."""
    section = pseudo_patients_section(
        PseudoPatientReport(found=make_found([-1, -1, -1], links=()))
    )

    assert section.status == "cannot be assessed"
    assert section.tables == section.plots == ()


def test_pictures_are_shown(make_found, png):
    """Contact sheets reach the page."""
    picture = Picture(caption="pseudo-patient 1", content=png)

    section = pseudo_patients_section(
        PseudoPatientReport(found=make_found(GROUPS)), [picture]
    )

    assert section.pictures == (picture,)


def test_the_report_is_written_as_json(make_found):
    """audit.json holds the groups and the verdict."""
    report = PseudoPatientReport(found=make_found(GROUPS), torn=_torn(1))

    content = to_json_value(report)

    assert content["torn"]["torn_groups"] == [0]
    assert content["found"]["group"][:3] == [0, 0, 0]
