"""Patients in groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.evaluation.fairness.attributes import GroupAttribute, assign_patients


def test_each_patient_is_in_one_group(hand, make_scored, by_patient):
    """Four patients, two of each sex, by the order of their names."""
    scored = make_scored(hand, columns={"sex": by_patient(hand, ["F", "F", "M", "M"])})

    found = assign_patients("sex", scored.known, scored.draws)

    assert found.groups == ("F", "M")
    assert found.group_of_patient.tolist() == [0, 0, 1, 1]
    assert found.sizes.tolist() == [2, 2]
    assert (found.n_unknown, found.n_mixed, found.reason) == (0, 0, "")


def test_unknown_and_contradicting_patients_are_in_no_group(hand, make_scored):
    """A blank is not guessed, and a patient on two scanners is not split."""
    scanner = ["A"] * 4 + [None] * 4 + ["A", "A", "B", "B"] + ["B"] * 4
    scored = make_scored(hand, columns={"scanner": scanner})

    found = assign_patients("scanner", scored.known, scored.draws)

    assert found.group_of_patient.tolist() == [0, -1, -1, 1]
    assert (found.n_unknown, found.n_mixed) == (1, 1)


@pytest.mark.parametrize(
    ("text", "columns", "reason"),
    [
        ("sex", {}, "no `sex`"),
        ("sex-x-scanner", {"sex": ["F"] * 16}, "no `scanner`"),
        ("sex", {"sex": ["F"] * 16}, "all known patients are 'F'"),
        ("series_id", {"series_id": [str(n) for n in range(16)]}, "differ within"),
    ],
)
def test_what_cannot_be_grouped_says_why(hand, make_scored, *, text, columns, reason):
    """Silence would read as "fine"."""
    scored = make_scored(hand, columns=columns)

    assert reason in assign_patients(text, scored.known, scored.draws).reason


def test_many_values_are_a_measurement_and_no_grouping(
    simulate, make_scored, by_patient
):
    """Ages without bands are refused with the way to write bands."""
    table = simulate(patients=14, slices=3).table
    ages = by_patient(table, [float(20 + number) for number in range(14)])
    scored = make_scored(table, columns={"age_years": ages})

    plain = assign_patients("age_years", scored.known, scored.draws)
    banded = assign_patients("age_years:25,100", scored.known, scored.draws)

    assert "14 values among 14 patients: cut numbers into bands" in plain.reason
    assert banded.groups == ("up to 25", "above 25 to 100")


def test_bands_stand_in_their_order(simulate, make_scored, by_patient):
    """From young to old, also where the alphabet says otherwise."""
    table = simulate(patients=8, slices=3).table
    ages = by_patient(table, [5.0, 15.0, 50.0, 120.0])
    sexes = by_patient(table, ["M", "M", "M", "M", "F", "F", "F", "F"])
    scored = make_scored(table, columns={"age_years": ages, "sex": sexes})

    found = assign_patients("age_years:10,40,100", scored.known, scored.draws)
    crossed = assign_patients("sex-x-age_years:40", scored.known, scored.draws)

    bands = ("up to 10", "above 10 to 40", "above 40 to 100", "above 100")
    assert found.groups == bands
    assert crossed.groups == (
        "F, up to 40",
        "F, above 40",
        "M, up to 40",
        "M, above 40",
    )
    assert crossed.is_crossed


def test_rows_of_another_set_are_refused(hand, make_scored):
    """Groups are never laid beside the slices of someone else."""
    scored = make_scored(hand)

    with pytest.raises(DataError, match="3 rows of the manifest for 16 slices"):
        assign_patients("site", scored.known.iloc[:3], scored.draws)


def test_a_group_without_name_cannot_exist():
    """A code beyond the names is a mistake of the program."""
    with pytest.raises(DataError, match="without a name"):
        GroupAttribute(
            text="sex", name="sex", groups=("F",), group_of_patient=np.array([0, 1])
        )


def test_scores_and_facts_belong_to_the_same_slices(hand, make_scored):
    """A column of another length is refused with its name."""
    with pytest.raises(DataError, match="3 lesion areas for 16 slices"):
        make_scored(hand, areas_px=np.zeros(3))


def test_patients_of_a_site_share_a_number(hand, make_scored):
    """Patients without a site are a site of their own."""
    sites = pd.Series(np.repeat(["b", None, "a", "b"], 4), dtype="str")

    found = make_scored(hand.assign(site=sites)).site_of_patient

    assert found[0] == found[3]
    assert len({int(found[0]), int(found[1]), int(found[2])}) == 3
