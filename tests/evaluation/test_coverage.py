"""Coverage of sets of possible labels on tested patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.calibration import ConformalLevel, ConformalSets
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.coverage import fix_sets_across_folds, measure_sets

SPEC = EvaluateSpec(bootstrap_draws=100)


def _table(probability, label, group, *, fold="a", site=None):
    return pd.DataFrame(
        {
            "tumor_probability": np.array(probability, dtype=float),
            "label": label,
            "group": group,
            "fold": fold,
            "site": pd.Series([site] * len(label), dtype="str"),
        }
    )


def _sets(level, cuts, *, decides=True):
    one = ConformalLevel(level=level, largest_score=cuts)
    return ConformalSets(
        patients=(30, 30),
        slices=(30, 30),
        levels=(one,),
        deciding=one if decides else None,
    )


def test_one_slice_of_each_patient_counts():
    """Hand-computed: patient a is covered in 1 of 4 slices, patient b in its only one."""
    table = _table([0.1, 0.9, 0.9, 0.9, 0.1], [0] * 5, ["a"] * 4 + ["b"])

    (found,) = measure_sets(
        table, {"a": _sets(0.9, (0.5, 0.5))}, SPEC, grouping="patient"
    )

    assert found.is_deciding
    assert found.metrics["coverage_no_tumor"].value == pytest.approx((1 / 4 + 1) / 2)
    assert found.metrics["one_label"].value == 1
    assert found.metrics["coverage_tumor"].reason == "no tumor slice"
    assert found.by_site == ()


def test_sets_are_counted_by_their_size():
    """One, both and no label add up to one."""
    table = _table([0.1, 0.5, 0.5, 0.9], [0, 0, 1, 1], ["a", "b", "c", "d"])

    (wide,) = measure_sets(
        table, {"a": _sets(0.9, (0.6, 0.6))}, SPEC, grouping="patient"
    )
    (narrow,) = measure_sets(
        table, {"a": _sets(0.9, (0.2, 0.2))}, SPEC, grouping="patient"
    )

    sizes = ("one_label", "both_labels", "no_label")
    assert [wide.metrics[name].value for name in sizes] == [0.5, 0.5, 0]
    assert [narrow.metrics[name].value for name in sizes] == [0.5, 0, 0.5]


def test_each_fold_has_its_own_cuts():
    """The same score is in one fold's set and not in the other's."""
    table = pd.concat(
        [
            _table([0.4, 0.4], [0, 0], ["a", "b"], fold="one"),
            _table([0.4, 0.4], [0, 0], ["c", "d"], fold="two"),
        ],
        ignore_index=True,
    )
    sets = {"one": _sets(0.9, (0.5, 0.5)), "two": _sets(0.9, (0.3, 0.5))}

    (found,) = measure_sets(table, sets, SPEC, grouping="patient")

    assert found.metrics["coverage_no_tumor"].value == 0.5


def test_a_level_without_promise_is_not_measured():
    """It says what it would need instead of a figure."""
    table = _table([0.1, 0.9], [0, 1], ["a", "b"])
    few = _sets(0.95, (0.5, None), decides=False).model_copy(
        update={"patients": (19, 6)}
    )

    (found,) = measure_sets(table, {"a": few}, SPEC, grouping="patient")

    assert not found.is_deciding
    assert found.metrics["one_label"].reason == (
        "cannot be promised at 95 %: needs 19 tuning patients of each label, has 6"
    )


def test_sites_are_told_apart():
    """Each site has its figures and its n."""
    table = pd.concat(
        [
            _table([0.1, 0.2], [0, 0], ["a", "b"], site="north"),
            _table([0.9, 0.8], [0, 0], ["c", "d"], site="south"),
        ],
        ignore_index=True,
    )

    (found,) = measure_sets(
        table, {"a": _sets(0.9, (0.5, 0.5))}, SPEC, grouping="patient"
    )

    shares = {site: each["coverage_no_tumor"] for site, each in found.by_site}
    assert {site: each.value for site, each in shares.items()} == {
        "north": 1,
        "south": 0,
    }
    assert shares["north"].n_patients == 2


def test_folds_fix_each_others_cuts_on_other_patients(simulate):
    """Two folds of 12 patients: each promises what the other's patients allow."""
    table = simulate(patients=24).table

    sets = fix_sets_across_folds(table, (0.9, 0.95))

    assert sorted(sets) == ["fold-0", "fold-1"]
    for each in sets.values():
        assert each.patients == (12, 12)
        assert each.deciding.level == 0.9
    found = measure_sets(table, sets, SPEC, grouping="patient")
    assert [one.level for one in found] == [0.9, 0.95]
    assert found[0].metrics["coverage_tumor"].value > 0.75
    assert found[1].metrics["coverage_tumor"].reason.startswith("cannot be promised")


def test_one_fold_has_no_other(simulate):
    """Nothing is calibrated on the patients that are tested."""
    table = simulate(folds=1).table

    assert fix_sets_across_folds(table, (0.9,)) == {}
    assert measure_sets(table, {}, SPEC, grouping="patient") == ()
