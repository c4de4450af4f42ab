"""Tests of k-anonymity: counted by hand."""

from __future__ import annotations

from tumorscope.deid.anonymity import Cell, measure_anonymity


def test_groups_are_counted_by_age_and_sex():
    """Three of one kind, one alone, one of whom nothing is known."""
    released = {
        "A": ("061Y", "F"),
        "B": ("061Y", "F"),
        "C": ("061Y", "F"),
        "D": ("061Y", "M"),
        "E": ("", ""),
    }

    found = measure_anonymity(released, limit=3)

    assert (found.n_patients, found.smallest, found.n_alone) == (5, 1, 2)
    assert found.small_cells == (
        Cell(age="61", sex="M", n_patients=1),
        Cell(age="unknown", sex="unknown", n_patients=1),
    )


def test_months_are_completed_years():
    """Whoever is 18 months old is one year old."""
    (cell,) = measure_anonymity({"A": ("018M", "F")}, limit=2).small_cells

    assert cell.age == "01"


def test_nobody_has_no_groups():
    """An empty output has no smallest group."""
    assert measure_anonymity({}, limit=5).smallest == 0
