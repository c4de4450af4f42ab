"""Tests of the cohort table: counts by hand, and nulls that are said to be unknown."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.cohort_table import describe_cohort
from tumorscope.domain.audit_spec import AuditSpec

SPEC = AuditSpec(bootstrap_draws=100)


def describe(cohort, areas=None, spec=SPEC):
    slices = len(cohort.manifest)
    return describe_cohort(
        cohort.manifest,
        cohort.owners,
        np.full(slices, np.nan) if areas is None else np.array(areas, dtype=float),
        spec,
        grouping=cohort.grouping,
    )


def rows(table, column):
    (group,) = [each for each in table.groups if each.column == column]
    return {row.value: row for row in group.rows}


def test_counts_are_by_hand(cohort):
    """Three patients, seven slices, three with tumor; slices of each patient 2, 2, 3."""
    table = describe(
        cohort(
            {
                "patient_id": ["p", "p", "q", "q", "r", "r", "r"],
                "label": [1, 0, 0, 0, 1, 1, 0],
            }
        )
    )

    row = table.everyone
    assert (row.n_patients, row.n_tumor_patients) == (3, 2)
    assert (row.n_slices, row.n_tumor_slices) == (7, 3)
    assert row.prevalence.value == pytest.approx(3 / 7)
    assert row.prevalence.n_patients == 3
    assert row.slices_per_patient == (2, 2.0, 3)
    assert row.lesions.reason == "no lesion masks"


def test_groups_follow_their_columns(cohort, patients):
    """Sites by name, age bands by age, each closed above; unknown values come last."""
    table = patients(4).assign(
        site=["B"] * 6 + ["A"] * 12 + [None] * 6,
        age_years=[70.0] * 6 + [40.0] * 6 + [41.0] * 6 + [60.0] * 6,
    )

    found = describe(cohort(table))

    assert list(rows(found, "site")) == ["A", "B", "not known"]
    assert list(rows(found, "age_years")) == [
        "up to 40",
        "above 40 to 60",
        "above 60",
    ]
    assert rows(found, "age_years")["above 40 to 60"].n_patients == 2
    assert rows(found, "site")["not known"].n_slices == 6
    assert rows(found, "site")["B"].prevalence.reason


def test_a_column_that_is_null_cannot_be_assessed(cohort, patients):
    """Silence would read as "balanced"."""
    found = describe(cohort(patients(3)))

    reasons = {group.column: group.reason for group in found.groups}
    assert reasons["scanner"] == "no `scanner`"
    assert not any(group.rows for group in found.groups)


def test_lesion_sizes_fall_into_strata_that_are_closed_above(cohort, patients):
    """200 belongs to the first stratum, 201 to the second; empty masks are no lesions."""
    areas = [0, 200, 201, 735, 736, 3000]

    row = describe(cohort(patients(1)), areas).everyone

    assert row.lesions.n_slices == 5
    assert row.lesions.n_by_stratum == (1, 2, 1, 0, 1)
    assert row.lesions.quantiles_px == (200, 201, 735, 736, 3000)
    assert row.lesions.n_patients == 1


def test_a_group_without_lesions_says_so(cohort, patients):
    """Masks that are all empty are not the same as no masks."""
    row = describe(cohort(patients(2)), np.zeros(12)).everyone

    assert row.lesions.reason == "no lesions"


def test_groups_can_be_chosen(cohort, patients):
    """Any column of the manifest can be a group, with bands of the user's own."""
    table = patients(4).assign(age_years=[30.0] * 12 + [50.0] * 12, sex="F")
    spec = AuditSpec(bootstrap_draws=100, groups=("sex", "age_years:45"))

    found = describe(cohort(table), spec=spec)

    assert [group.column for group in found.groups] == ["sex", "age_years"]
    assert list(rows(found, "age_years")) == ["up to 45", "above 45"]


def test_groups_that_stand_for_patients_are_named(cohort):
    """Without ids the table counts groups and says so."""
    found = describe(cohort({"label": [0, 1, 0, 1]}, grouping="near-duplicates"))

    assert found.unit == "near-duplicate groups"
    assert found.everyone.n_patients == 4
