"""Tests of comparisons: paired by patient, corrected, and only of the same slices."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.comparison_sections import (
    comparison_limits,
    comparison_sections,
    describe_difference,
)
from tumorscope.evaluation.run_comparison import (
    COMPARED,
    compare_runs,
    sign_p_value,
)
from tumorscope.evaluation.same_slices import Contender
from tumorscope.pages.page import PageHead, render_page

SPEC = EvaluateSpec(bootstrap_draws=400)
PATIENTS, SLICES = 20, 12


def predictions(strength, *, seed=0, **columns):
    index = np.tile(np.arange(SLICES), PATIENTS)
    # The lesion begins at another height in each patient.
    first = 4 + np.repeat(np.arange(PATIENTS), SLICES) % 5
    label = (index >= first).astype(int)
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=len(label))
    owner = np.repeat([f"P{number:02}" for number in range(PATIENTS)], SLICES)
    table = {
        "image": [f"{who}/{at}.png" for who, at in zip(owner, index, strict=True)],
        "frame": None,
        "label": label,
        "patient_id": owner,
        "group": owner,
        "site": None,
        "slice_index": index,
        "slice_count": SLICES,
        "fold": "holdout",
        "part": "test",
        "logit": 0.0,
        "tumor_probability": 1 / (1 + np.exp(-strength * (2 * label - 1) - noise)),
        "threshold_probability": 0.5,
    }
    return Predictions(table=pd.DataFrame(table | columns))


def contender(name, found, **fields):
    known = {
        "name": name,
        "kind": "run",
        "repeats": (found,),
        "grouping": "patient",
        "pixel_digest": found.table[["image", "frame"]].assign(pixel_digest="x"),
    }
    return Contender(**(known | fields))


@pytest.fixture(scope="module")
def strong_and_weak():
    """Return a comparison of a weak model with a much stronger one."""
    weak, strong = predictions(0.1), predictions(3, seed=1)
    return compare_runs([contender("weak", weak), contender("strong", strong)], SPEC)


def test_a_clear_difference_is_found_and_said_plainly(strong_and_weak):
    """Value, interval and words: higher, on the same patients; never a praise."""
    (found,) = [one for one in strong_and_weak.differences if one.metric == "auroc"]

    assert found.verdict == "higher"
    assert 0 < found.estimate.low <= found.estimate.value <= found.estimate.high
    assert found.p_holm == pytest.approx(
        min(1, found.p * strong_and_weak.n_tests), abs=0.05
    )
    words = describe_difference(found)
    assert words.startswith("higher by 0.")
    assert words.endswith("on the same patients")


def test_an_error_that_falls_is_lower(strong_and_weak):
    """The sign is that of the figure; whether low is good is said beside it."""
    (found,) = [one for one in strong_and_weak.differences if one.metric == "brier"]

    assert found.verdict == "lower"
    assert found.estimate.value < 0
    assert describe_difference(found).startswith("lower by 0.")


def test_each_difference_is_that_of_the_figures(strong_and_weak):
    """The second model's figure minus the first one's."""
    first, second = strong_and_weak.contenders

    assert [one.metric for one in strong_and_weak.differences] == list(COMPARED)
    for one in strong_and_weak.differences:
        assert one.estimate.value == pytest.approx(
            second.figures[one.metric].value - first.figures[one.metric].value
        )


def test_a_model_does_not_differ_from_its_copy():
    """All differences are exactly zero, p is 1, and no difference was found."""
    same = predictions(1)

    found = compare_runs([contender("a", same), contender("b", same)], SPEC)

    for one in found.differences:
        assert (one.estimate.value, one.estimate.low, one.estimate.high) == (0, 0, 0)
        assert (one.p, one.p_holm) == (1, 1)
        assert describe_difference(one).startswith("no difference was found (")


def test_pairing_makes_intervals_narrower_than_two_separate_ones():
    """What a draw of patients makes hard is hard for both models."""
    base = predictions(1)
    patient_effect = np.repeat(np.random.default_rng(5).normal(size=PATIENTS), SLICES)

    def shifted(extra):
        logit = np.log(base.table["tumor_probability"]) - np.log1p(
            -base.table["tumor_probability"]
        )
        score = 1 / (1 + np.exp(-(logit + 2 * patient_effect + extra)))
        return predictions(1, tumor_probability=score)

    jitter = 0.1 * np.random.default_rng(6).normal(size=PATIENTS * SLICES)
    found = compare_runs(
        [contender("a", shifted(0)), contender("b", shifted(jitter))], SPEC
    )

    own = found.contenders[0].figures["auroc"]
    (paired,) = [one for one in found.differences if one.metric == "auroc"]
    assert paired.estimate.high - paired.estimate.low < (own.high - own.low) / 2


def test_more_than_two_are_compared_with_the_first():
    """Holm counts the differences of all of them."""
    models = [contender(name, predictions(1, seed=at)) for at, name in enumerate("abc")]

    found = compare_runs(models, SPEC)

    assert {one.contender for one in found.differences} == {"b", "c"}
    assert found.n_tests == 2 * len(COMPARED)


def test_repeats_are_averaged_before_they_are_compared():
    """A protocol's result counts once, with all its repeats."""
    many = contender(
        "many",
        predictions(1),
        repeats=tuple(predictions(1, seed=seed) for seed in range(3)),
    )

    found = compare_runs([contender("one", predictions(1)), many], SPEC)

    areas = [
        compare_runs(
            [
                contender("one", predictions(1)),
                contender("x", predictions(1, seed=seed)),
            ],
            SPEC,
        )
        .contenders[1]
        .figures["auroc"]
        .value
        for seed in range(3)
    ]
    assert found.contenders[1].n_repeats == 3
    assert found.contenders[1].figures["auroc"].value == pytest.approx(np.mean(areas))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": 0}, "the labels of 120 of 240 slices differ"),
        ({"patient_id": "P00"}, "the patients of 228 of 240 slices differ"),
        ({"group": "one"}, "near-duplicate groups of 240 of 240"),
        ({"part": "external"}, "internal testing against external testing"),
        ({"image": [f"other/{at}.png" for at in range(240)]}, "0 slices are shared"),
    ],
)
def test_other_slices_are_refused_with_what_differs(change, message):
    """The message says which facts differ, so that the user can mend them."""
    models = [
        contender("a", predictions(1)),
        contender("b", predictions(1, **change)),
    ]

    with pytest.raises(DataError, match=message):
        compare_runs(models, SPEC)


def test_the_same_names_with_other_pixels_are_refused():
    """A name is no picture: the pixels decide where they are known."""
    first = contender("a", predictions(1))
    other = replace(
        contender("b", predictions(1)),
        pixel_digest=first.pixel_digest.assign(pixel_digest="y"),
    )

    with pytest.raises(
        DataError, match="240 slices of the same name hold other pixels"
    ):
        compare_runs([first, other], SPEC)


def test_another_grouping_is_refused():
    """Patients and near-duplicate groups cannot be drawn together."""
    models = [
        contender("a", predictions(1)),
        contender("b", predictions(1), grouping="near-duplicates"),
    ]

    with pytest.raises(DataError, match="one is split by patient"):
        compare_runs(models, SPEC)


@pytest.mark.parametrize("names", [["a"], ["a", "a"]])
def test_a_comparison_needs_two_different_results(names):
    """Nothing is compared with itself or with nothing."""
    with pytest.raises(ConfigError, match="at least two"):
        compare_runs([contender(name, predictions(1)) for name in names], SPEC)


def test_what_cannot_be_assessed_is_no_test():
    """Missing positions blank one figure with its reason; Holm counts the others."""
    models = [
        contender(name, predictions(strength, slice_index=None))
        for name, strength in (("a", 1), ("b", 1.1))
    ]

    found = compare_runs(models, SPEC)

    (blank,) = [one for one in found.differences if one.verdict == "cannot be assessed"]
    assert blank.metric == "position_matched_auroc"
    assert math.isnan(blank.p_holm)
    assert found.n_tests == len(COMPARED) - 1
    assert describe_difference(blank).startswith("cannot be assessed: no `slice_index`")


def test_the_p_value_counts_signs_and_is_never_zero():
    """Hand-counted: one of four draws at or below zero; none of 99; no draw at all."""
    assert sign_p_value(np.array([-1.0, 1, 2, 3])) == pytest.approx(2 * 2 / 5)
    assert sign_p_value(np.full(99, 0.5)) == pytest.approx(0.02)
    assert sign_p_value(np.zeros(9)) == 1
    assert math.isnan(sign_p_value(np.array([np.nan])))


@pytest.mark.slow
def test_under_the_null_few_comparisons_find_anything():
    """Two equally good models differ in about 5 of 100 cohorts, not in 20."""
    spec = EvaluateSpec(bootstrap_draws=100)
    p_values = []
    for seed in range(30):
        pair = [predictions(1, seed=2 * seed + at) for at in range(2)]
        found = compare_runs(
            [contender(name, one) for name, one in zip("ab", pair, strict=True)], spec
        )
        p_values.append(found.differences[0].p)

    assert np.mean(np.array(p_values) < 0.05) <= 0.15


def test_the_page_never_boasts(strong_and_weak):
    """Words of the page: higher, lower, or no difference was found."""
    head = PageHead(
        title="Comparison",
        lede="x",
        created="2026-11-23T10:12:00+00:00",
        version="1",
        limits=comparison_limits(strong_and_weak),
    )
    page = render_page(head, comparison_sections(strong_and_weak)).lower()

    assert "outperform" not in page
    assert "superior" not in page
    assert "on the same patients" in page
    assert "no difference found is not no difference" in page
    assert "holm" in page


def test_unknown_pixels_are_said(strong_and_weak):
    """A comparison that could not look at pixels tells so in its limits."""
    leads = [one.lead for one in comparison_limits(strong_and_weak)]
    assert "Trained models, not recipes" in leads
    blind = replace(strong_and_weak, pixels_checked=False)

    assert "Pixels could not be compared" not in leads
    assert "Pixels could not be compared" in [
        one.lead for one in comparison_limits(blind)
    ]
