"""What copies mean for a cohort, and the gates."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tumorscope.audit.copies.copy_gates import copy_gates, overlap_gate
from tumorscope.audit.copies.report import (
    CopyCohort,
    link_copies,
    report_copies,
    report_overlap,
)
from tumorscope.audit.copies.search import find_copies, find_overlap
from tumorscope.audit.copies.section import copies_section, overlap_section
from tumorscope.domain.copy_spec import CopySpec
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.manifest import Manifest

NAN = float("nan")


def _cohort(labels, patients=None, part=None):
    count = len(labels)
    return CopyCohort(
        images=tuple(f"{row}.png" for row in range(count)),
        labels=np.array(labels, dtype=np.float64),
        patients=np.array(patients or [None] * count, dtype=object),
        part=np.array(part, dtype=object)[:, None]
        if part
        else np.empty((count, 0), object),
        fold_names=("split",) if part else (),
    )


@pytest.fixture
def prints(head, take):
    """Return five slices: 1 equals 0, 3 is 2 mirrored, 4 is alone."""
    pictures = [head(0), head(0), head(2), np.fliplr(head(2)), head(4)]
    return take(pictures, ["a", "a", "c", "d", "e"])


@pytest.fixture
def pairs(prints):
    return find_copies(prints, CopySpec())


def test_groups_join_equal_and_changed_copies(prints, pairs):
    """Equal pixels and changed copies are groups; the lonely slice is its own."""
    group = link_copies(prints, pairs)

    assert group[0] == group[1]
    assert group[2] == group[3]
    assert len(set(group)) == 3


def test_counts_of_a_report(prints, pairs):
    """Repeated and changed slices are counted, and named by group."""
    report = report_copies(prints, pairs, _cohort([0] * 5))

    assert (report.n_slices, report.n_repeated, report.n_changed_pairs) == (5, 1, 1)
    assert report.n_changed_slices == 2
    assert report.groups == (("0.png", "1.png"), ("2.png", "3.png"))
    assert report.kinds == (("mirrored left-right", 1),)
    assert not report.contradictions


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ([0, 1, 0, 0, 0], (1, 0)),
        ([0, 0, 0, 1, 0], (0, 1)),
        ([NAN, 1, 0, NAN, 0], (0, 0)),
    ],
)
def test_contradicting_labels_are_found(prints, pairs, labels, wanted):
    """A known label contradicts another known label, and no unknown one."""
    report = report_copies(prints, pairs, _cohort(labels))

    found = (len(report.contradictions), len(report.changed_contradictions))
    assert found == wanted
    gate, _ = copy_gates(report)
    assert gate.has_failed == (wanted[0] > 0)


def test_unknown_label_between_two_hides_no_contradiction(head, take):
    """Of three equal slices the first has no label, the others contradict each other."""
    prints = take([head(0)] * 3, ["a"] * 3)

    report = report_copies(
        prints, find_copies(prints, CopySpec()), _cohort([NAN, 0, 1])
    )

    assert [each.rows for each in report.contradictions] == [(1, 2)]
    assert report.contradictions[0].conflict == "labels 0 and 1"


def test_copies_across_parts_fail_the_gate(prints, pairs):
    """A changed copy in the test part is a leak; copies within a part are none."""
    torn = report_copies(
        prints,
        pairs,
        _cohort([0] * 5, part=["train", "train", "train", "test", "tune"]),
    )
    whole = report_copies(
        prints, pairs, _cohort([0] * 5, part=["train"] * 4 + ["test"])
    )

    assert [each.rows for each in torn.across_parts] in ([(2, 3)], [(3, 2)])
    assert copy_gates(torn)[1].has_failed
    assert whole.across_parts == ()
    assert not copy_gates(whole)[1].has_failed


def test_without_labels_and_split_gates_are_not_assessed(prints, pairs):
    """A gate that cannot look says so."""
    gates = copy_gates(report_copies(prints, pairs, _cohort([NAN] * 5)))

    assert [each.is_assessed for each in gates] == [False, False]
    assert all("cannot be assessed" in each.sentence for each in gates)


def test_copies_across_patients_are_named(prints, pairs):
    """Both patients stand in the finding; an unknown one is no other patient."""
    cohort = _cohort([0] * 5, patients=["A", "B", "C", None, "D"])

    (found,) = report_copies(prints, pairs, cohort).across_patients

    assert found.conflict == "patients A and B"
    assert found.changes == ("pixels are equal",)


def test_section_shows_the_worst_and_is_json(prints, pairs, head):
    """Failed gates, tables and pictures stand on the page, and the report is JSON."""
    report = report_copies(prints, pairs, _cohort([0, 1, 0, 1, 0], list("ABCDE")))

    section = copies_section(report, load=head, pictures=1)

    assert section.status == "failed"
    assert not section.is_folded
    assert len(section.pictures) == 3
    assert any("different labels" in each.caption for each in section.tables)
    json.dumps(to_json_value(report), allow_nan=False)


def test_section_of_a_clean_cohort_has_passed(head, take):
    """Without copies nothing is shown and nothing failed."""
    prints = take([head(0), head(1)])
    report = report_copies(
        prints, find_copies(prints, CopySpec()), _cohort([0, 1], ["A", "B"])
    )

    section = copies_section(report, load=head, pictures=3)

    assert section.status == "passed"
    assert section.tables == ()
    assert section.pictures == ()


def test_overlap_names_patients_of_the_other_set(head, take):
    """Which patients of the other set were seen is told, with how many it has."""
    known = take([head(0), head(1)], ["a", "b"])
    other = take([head(0), head(9), head(1)[:, ::-1]], ["a", "x", "y"])

    report = report_overlap(
        find_overlap(known, other, CopySpec()),
        _cohort([0, 0]),
        _cohort([0, 0, 0], ["P", "Q", "R"]),
    )
    section = overlap_section(report, load=head, load_other=head, pictures=1)

    assert (report.n_other_slices, report.other_patients) == (2, ("P", "R"))
    assert report.n_other_patients == 3
    assert overlap_gate(report).has_failed
    assert len(section.pictures) == 2


def test_no_overlap_passes(head, take):
    """Sets that share nothing pass."""
    known, other = take([head(0)], ["a"]), take([head(1)], ["b"])

    report = report_overlap(
        find_overlap(known, other, CopySpec()), _cohort([0]), _cohort([0])
    )

    assert not overlap_gate(report).has_failed
    assert report.n_other_slices == 0


def test_cohort_takes_nulls_of_a_manifest():
    """Null labels become NaN and null patients None."""
    table = pd.DataFrame(
        {
            "image": ["a.png", "b.png"],
            "source": "x",
            "label": [1, None],
            "patient_id": ["P", None],
        }
    )

    cohort = CopyCohort.from_manifest(Manifest(table=table, root=Path()))

    assert cohort.labels[0] == 1
    assert np.isnan(cohort.labels[1])
    assert cohort.patients.tolist() == ["P", None]
    assert cohort.part.shape == (2, 0)
