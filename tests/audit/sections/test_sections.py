"""Tests of the checks as sections: words and tables say what the values say."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.cohort_table import describe_cohort
from tumorscope.audit.integrity import check_integrity
from tumorscope.audit.sections.cohort import cohort_section
from tumorscope.audit.sections.integrity import integrity_section
from tumorscope.audit.sections.sequences import sequences_section
from tumorscope.audit.sections.sources import sources_section
from tumorscope.audit.sequences import check_sequences
from tumorscope.audit.source_class import check_sources
from tumorscope.domain.audit_spec import AuditSpec
from tumorscope.domain.run_record import LeftOut
from tumorscope.pages.page import PageHead, render_page

SPEC = AuditSpec(permutations=999, bootstrap_draws=100)
HEAD = PageHead(title="t", lede="l", created="2026-11-23T10:12:00+00:00", version="0")


def by_patient(values, slices=6):
    return [value for value in values for _ in range(slices)]


def table_of(section, start):
    (found,) = [each for each in section.tables if each.caption.startswith(start)]
    return found


@pytest.fixture
def areas():
    """Return lesion areas of 24 slices of which half show a lesion."""
    return np.where(np.arange(24) % 2, np.linspace(10, 4000, 24), 0)


def test_the_cohort_says_what_cannot_be_assessed(cohort, patients, areas):
    """A null column has a line of its own, and a limit."""
    made = cohort(patients(4).assign(site=by_patient("AABB")))
    table = describe_cohort(made.manifest, made.owners, areas, SPEC, grouping="patient")

    section = cohort_section(table)

    assert (
        section.sentences[0]
        == "24 slices of 4 patients; 12 slices (50\u202f%) and 4 patients with tumor."
    )
    rows = {row[0]: row for row in table_of(section, "Patients").rows}
    assert rows["scanner"][1] == "cannot be assessed: no `scanner`"
    assert rows["site: A"][2:6] == (2, 2, 12, 6)
    leads = {limit.lead: limit.text for limit in section.limits}
    assert "never specificity" in leads["No patient without a tumor"]
    assert "`scanner`" in leads["Not known"]
    assert section.plots[0].rows[0] == ("up to 200", 1)
    assert "<svg" in render_page(HEAD, [section])


def test_a_cohort_without_masks_or_ids_says_both(cohort):
    """No lesion size is invented, and groups are not called patients."""
    made = cohort({"label": [0, 1] * 6}, grouping="near-duplicates")
    table = describe_cohort(
        made.manifest,
        made.owners,
        np.full(12, np.nan),
        SPEC,
        grouping="near-duplicates",
    )

    section = cohort_section(table)

    assert "cannot be assessed: no lesion masks" in section.sentences[1]
    assert section.plots == ()
    assert section.limits[0].lead == "No patient ids"


def test_files_are_listed_with_their_kind_and_reason(cohort, patients, facts, png):
    """Whoever has to repair a set finds names, and pictures of what was found."""
    looks = [facts(has_bright_edge=True)] * 3 + [facts()] * 21
    left_out = (LeftOut(image="bad.png", reason="truncated"),)
    report = check_integrity(cohort(patients(4), facts=looks, left_out=left_out), SPEC)

    section = integrity_section(report, status="passed", pictures={1: png, 9: png})

    assert "bright edge (3 slices, 1 patients)" in section.sentences[0]
    assert table_of(section, "Files that could not").rows == (("bad.png", "truncated"),)
    assert table_of(section, "Files unlike").rows[0] == ("0.png", "bright edge")
    assert [picture.caption for picture in section.pictures] == ["bright edge: 1.png"]
    assert "bright edge" in render_page(HEAD, [section])


def test_a_clean_set_says_what_was_looked_for(cohort, patients):
    """ "Nothing found" means something only beside what was sought."""
    section = integrity_section(
        check_integrity(cohort(patients(4)), SPEC), status="passed", pictures={}
    )

    assert "No file looks unlike the others" in section.sentences[0]
    assert "burned-in marks" in section.sentences[1]


def test_sizes_that_differ_are_listed_by_label(cohort, patients, traits):
    """Each value with its slices and patients, so that a reader can count himself."""
    files = [traits(width_px=512)] * 6 + [traits()] * 18
    report = check_integrity(cohort(patients(4), traits=files), SPEC)

    section = integrity_section(report, status="passed", pictures={})

    rows = table_of(section, "Picture size and label").rows
    assert rows == (
        ("128 x 128", 18, 9, "50\u202f%", 3, 3),
        ("512 x 128", 6, 3, "50\u202f%", 1, 1),
    )


def test_missing_sequences_are_told_with_n(cohort, patients, facts):
    """Who lacks what, of how many, and what could not be compared."""
    looks = [facts(equal_pairs=(False, False, True))] * 6 + [facts()] * 18
    table = patients(4).assign(sequences="t1,flair,t1c")
    report = check_sequences(cohort(table, facts=looks), SPEC)

    section = sequences_section(report, status="passed")

    assert (
        "t1c is missing in 1 of 4 patients (copy of flair; 6 slices)."
        in section.sentences
    )
    assert any("site cannot be assessed: no `site`" in one for one in section.sentences)
    assert section.limits[0].text.startswith("1 of 4 patients lack a sequence")
    assert table_of(section, "Sequences that").rows[0][-1] == "p0"


def test_sequences_that_are_all_there_need_no_table(cohort, patients):
    """Nothing to fold away."""
    section = sequences_section(
        check_sequences(cohort(patients(4)), SPEC), status="passed"
    )

    assert section.tables == ()
    assert not section.is_folded
    assert section.sentences[0] == "What the channels show is not told by the source."


def test_sources_are_listed_with_both_separations(cohort, patients):
    """A site with its patients, and the columns that nobody knows."""
    table = patients(20, tumor=lambda patient, place: patient < 10 and place % 2)
    table["site"] = by_patient(["A"] * 10 + ["B"] * 10)
    report = check_sources(cohort(table), SPEC)

    section = sources_section(report, status="failed", sentence="Site is class.")

    (row,) = table_of(section, "Where slices").rows
    assert (row[0], row[1], row[3], row[-1]) == (
        "site",
        2,
        "1.00",
        "between 20 patients",
    )
    assert ("scanner", "no `scanner`") in table_of(section, "Cannot be").rows
    assert table_of(section, "Site and label").rows[0][0] in {"A", "B"}
