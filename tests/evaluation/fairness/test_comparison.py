"""All groups beside each other."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.domain.json_reading import from_json_value
from tumorscope.domain.json_values import to_json_value
from tumorscope.estimation.bootstrap import sample_ranking
from tumorscope.estimation.metrics import rank_slices
from tumorscope.evaluation.fairness.comparison import measure_fairness
from tumorscope.evaluation.fairness.report import FairnessReport
from tumorscope.evaluation.fairness.shuffling import shuffle_groups

RULES = FairnessSpec(permutations=1000)
SIGNIFICANT = 0.05


def _cohort(*, patients=24, harm=0.0, seed=0):
    """Return scores of patients whose odd members' tumor slices score lower by `harm`."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), 10)
    labels = np.tile([1] * 5 + [0] * 5, patients)
    logit = rng.normal(size=len(labels)) + 3 * labels - 1.5
    logit -= harm * labels * (patient % 2)
    name = np.array([f"p{number:03d}" for number in patient])
    return pd.DataFrame(
        {
            "image": [f"{number}.png" for number in range(len(labels))],
            "frame": pd.array([None] * len(labels), dtype="Int64"),
            "label": labels,
            "patient_id": name,
            "group": name,
            "site": np.where(patient % 4 < 2, "a", "b"),
            "slice_index": 0,
            "slice_count": 1,
            "fold": "holdout",
            "part": "test",
            "logit": logit,
            "tumor_probability": 1 / (1 + np.exp(-logit)),
            "threshold_probability": 0.5,
        }
    )


@pytest.fixture
def measured(make_scored, by_patient, spec):
    """Return a function that measures a simulated cohort of women and men in turn."""

    def measure(*, rules=spec, sexes=("F", "M"), **cohort):
        table = _cohort(**cohort)
        columns = {"sex": by_patient(table, list(sexes))}
        areas = np.where(table["label"] == 1, 900.0, np.nan)
        scored = make_scored(table, columns=columns, areas_px=areas)
        return measure_fairness(scored, rules, grouping="patient")

    return measure


def test_a_planted_gap_is_found_beyond_chance(measured):
    """Men whose tumors score three logits lower are missed, and that is no chance."""
    report = measured(harm=3.0)

    sex, site = report.attributes
    gap = sex.gap("sensitivity_at_t95")
    assert (gap.highest, gap.lowest) == ("F", "M")
    assert gap.estimate.value > 0.4
    assert gap.estimate.low > gap.null_high
    assert not gap.inside_null
    assert gap.p_holm < SIGNIFICANT
    assert sex.shuffled_within == "the patients of each site"
    assert site.shuffled_within == "the whole cohort"
    assert site.gap("sensitivity_at_t95").p_holm > SIGNIFICANT


@pytest.mark.slow
def test_groups_that_mean_nothing_are_rarely_called_unfair(make_scored):
    """Of sixty cohorts without a gap, about one in twenty has p below 0.05."""
    codes = np.arange(12) % 2
    p_values = []
    for seed in range(60):
        table = _cohort(patients=12, seed=seed)
        scored = make_scored(table)
        shuffled = shuffle_groups(codes, np.zeros(12, dtype=int), RULES).codes
        ranking = rank_slices(scored.labels, scored.scores)
        rows = np.vstack([codes, shuffled])
        women, men = (
            sample_ranking(
                ranking, replace(scored.draws, counts=(rows == code).astype(float))
            )[0]
            for code in (0, 1)
        )
        gaps = np.abs(women - men)
        p_values.append((1 + (gaps[1:] >= gaps[0] - 1e-9).sum()) / len(gaps))

    assert 0.35 < np.mean(p_values) < 0.65
    assert sum(p < SIGNIFICANT for p in p_values) <= 8


def test_holm_counts_every_test_that_was_listed(measured):
    """Two attributes and two figures: the smallest p is multiplied by four."""
    report = measured(harm=3.0)

    found = [gap.p for one in report.attributes for gap in one.gaps]
    tested = sorted(p for p in found if not math.isnan(p))
    corrected = [gap.p_holm for one in report.attributes for gap in one.gaps]
    assert report.n_tests == len(tested) == 4
    assert np.nanmin(corrected) == pytest.approx(4 * tested[0])


def test_figures_of_a_group_stand_with_their_n(measured):
    """Twelve women and twelve men, half of each person's slices with tumor."""
    (sex, _) = measured().attributes

    for group in sex.groups:
        assert (group.n_patients, group.n_slices, group.n_tumor_slices) == (12, 120, 60)
        assert group.prevalence == 0.5
        assert (group.median_area_px, group.n_sized) == (900.0, 60)
        assert "not known" in group.lacks_sequence.reason
        assert group.figures["auroc"].n_patients == 12
        assert group.is_compared


def test_small_groups_are_listed_and_not_compared(measured, spec):
    """Two patients of a third kind have their figures, and enter no gap."""
    sexes = ["F", "M"] * 11 + ["X", "X"]

    report = measured(sexes=sexes)

    (sex, _) = report.attributes
    assert [group.is_compared for group in sex.groups] == [True, True, False]
    gap = sex.gap("auroc")
    assert gap.estimate.n_patients == 22
    assert "X" not in {gap.highest, gap.lowest}
    assert report.worst.name in {"sex: F", "sex: M", "site: a", "site: b"}
    assert report.worst.n_groups == 4


def test_crossed_groups_need_ten_patients(measured):
    """Six women of a site are too few to be crossed, twelve are not."""
    rules = FairnessSpec(groups=("sex-x-site",), permutations=1000)

    few = measured(rules=rules).attributes[0]
    enough = measured(rules=rules, patients=48).attributes[0]

    assert few.reason == "less than two groups with at least 10 patients"
    assert len(few.groups) == 4
    assert not any(group.is_compared for group in few.groups)
    assert math.isnan(few.gap("auroc").estimate.value)
    assert enough.reason == ""
    assert all(group.is_compared for group in enough.groups)


def test_missing_columns_are_said_and_not_guessed(make_scored):
    """Without sex, age and scanner, nothing is said of them."""
    scored = make_scored(_cohort())

    report = measure_fairness(
        scored, FairnessSpec(permutations=1000), grouping="patient"
    )

    reasons = {one.text: one.reason for one in report.attributes}
    assert reasons["sex"] == "no `sex`"
    assert reasons["scanner"] == "no `scanner`"
    assert reasons["sex-x-age_years:40,60"] == "no `sex` and no `age_years`"
    assert reasons["site"] == ""
    assert report.sizes.reason == "no lesion masks"
    assert report.n_tests == 2


def test_one_class_leaves_reasons(make_scored, by_patient, spec):
    """Tumor-free patients only: there is no AUROC, no sensitivity and no gap in them."""
    table = _cohort().assign(label=0)
    scored = make_scored(table, columns={"sex": by_patient(table, ["F", "M"])})

    report = measure_fairness(scored, spec, grouping="patient")

    gaps = report.attributes[0]
    assert "both classes" in gaps.gap("auroc").estimate.reason
    assert "no tumor slice" in gaps.gap("sensitivity").estimate.reason
    assert gaps.gap("false_positive_rate").estimate.reason == ""
    assert report.worst.n_groups == 0
    assert "no attribute with a group" in report.worst.auroc.reason


def test_sensitivity_by_size_has_a_gap_without_null(make_scored, spec):
    """Small lesions score lower; sizes cannot be shuffled over patients."""
    table = _cohort()
    is_small = np.arange(len(table)) % 10 < 2
    scores = np.where(is_small, 0.05, table["tumor_probability"])
    areas = np.where(table["label"] == 1, np.where(is_small, 100.0, 900.0), np.nan)
    scored = make_scored(table.assign(tumor_probability=scores), areas_px=areas)

    sizes = measure_fairness(scored, spec, grouping="patient").sizes

    assert sizes.gap.lowest == "up to 200 px"
    assert sizes.gap.estimate.value > 0.5
    assert math.isnan(sizes.gap.null_high)
    assert sum(one.n_slices for one in sizes.strata) == 120


def test_the_report_comes_back_from_its_json(measured):
    """What fairness.json holds is the whole value."""
    report = measured()

    text = json.dumps(to_json_value(report), allow_nan=False)
    back = from_json_value(FairnessReport, json.loads(text))

    assert to_json_value(back) == to_json_value(report)
    assert back.attributes[0].gap("auroc") == report.attributes[0].gap("auroc")


def test_the_order_of_the_slices_does_not_matter(make_scored, by_patient, spec):
    """The same cohort in another order gives the same report."""
    table = _cohort()
    sexes = pd.Series(by_patient(table, ["F", "M"]))
    order = np.random.default_rng(1).permutation(len(table))

    first, second = (
        measure_fairness(
            make_scored(
                table.iloc[rows].reset_index(drop=True),
                columns={"sex": sexes.iloc[rows].to_numpy()},
            ),
            spec,
            grouping="patient",
        )
        for rows in (np.arange(len(table)), order)
    )

    for one, other in zip(first.attributes, second.attributes, strict=True):
        for gap, twin in zip(one.gaps, other.gaps, strict=True):
            assert twin.estimate.value == pytest.approx(
                gap.estimate.value, nan_ok=True, abs=1e-6
            )
            assert twin.p == pytest.approx(gap.p, nan_ok=True)
