"""Tests of repeats: averaged inside each draw, with one set of draws for all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import summarize
from tumorscope.evaluation.metric_family import FAMILY, sample_family
from tumorscope.evaluation.repeats import (
    align_repeats,
    average_figures,
    average_null,
    draw_for,
    with_scores,
)

SPEC = EvaluateSpec(bootstrap_draws=200)


def scored(seed, *, patients=16, slices=10, strength=1.0):
    """Return predictions of a cohort whose labels are the same for every seed."""
    rows = patients * slices
    index = np.tile(np.arange(slices), patients)
    first = 3 + np.repeat(np.arange(patients), slices) % 4
    label = (index >= first).astype(int)
    noise = np.random.default_rng(seed).normal(size=rows)
    owner = np.repeat([f"P{number}" for number in range(patients)], slices)
    probability = 1 / (1 + np.exp(-(strength * (2 * label - 1) + noise)))
    return Predictions(
        table=pd.DataFrame(
            {
                "image": [
                    f"{who}_{at}.png" for who, at in zip(owner, index, strict=True)
                ],
                "frame": None,
                "label": label,
                "patient_id": owner,
                "group": owner,
                "site": np.where(np.repeat(np.arange(patients), slices) % 2, "A", "B"),
                "slice_index": index,
                "slice_count": slices,
                "fold": "fold0",
                "part": "test",
                "logit": 0.0,
                "tumor_probability": probability,
                "threshold_probability": 0.5,
            }
        )
    )


def test_repeats_are_brought_into_one_order():
    """Folds write their slices in any order; the draws need the same one everywhere."""
    first, second = scored(0), scored(1)
    shuffled = Predictions(table=second.table.sample(frac=1, random_state=0))

    one, other = align_repeats([first, shuffled])

    assert one["image"].tolist() == other["image"].tolist() == sorted(one["image"])


def test_repeats_of_other_slices_are_refused():
    """A repeat that lost a slice or changed a label is no repeat."""
    first = scored(0)
    changed = first.table.assign(label=1 - first.table["label"])

    with pytest.raises(DataError, match=r"\['label'\]"):
        align_repeats([first, Predictions(table=changed)])
    with pytest.raises(DataError, match="repeat 1 differs"):
        align_repeats([first, Predictions(table=first.table.iloc[1:])])
    with pytest.raises(DataError, match="nothing to average"):
        align_repeats([])


def test_the_average_is_taken_inside_each_draw():
    """Row by row the mean of the repeats' own samples, for every figure."""
    tables = align_repeats([scored(0), scored(1), scored(2)])
    draws = draw_for(tables, SPEC, "patient")

    averaged = average_figures(tables, draws)

    assert [each.name for each in averaged] == list(FAMILY)
    for place, found in enumerate(averaged):
        own = [sample_family(table, draws)[place].values for table in tables]
        assert found.values == pytest.approx(np.mean(own, axis=0))


def test_repeating_the_same_testing_changes_nothing():
    """Five copies are no new evidence: value and interval are those of one."""
    one = align_repeats([scored(0)])
    five = align_repeats([scored(0)] * 5)
    draws = draw_for(one, SPEC, "patient")

    alone = summarize(average_figures(one, draws), draws)
    copies = summarize(average_figures(five, draws), draws)

    for before, after in zip(alone, copies, strict=True):
        assert (before.value, before.low, before.high) == pytest.approx(
            (after.value, after.low, after.high)
        )


def test_a_figure_unknown_in_one_repeat_is_unknown_in_the_average():
    """Another method's scores have no tuned threshold, and the reason is kept."""
    (table,) = align_repeats([scored(0)])
    draws = draw_for([table], SPEC, "patient")
    blank = with_scores(table, table["tumor_probability"].to_numpy())

    found = summarize(average_figures([table, blank], draws, ["sensitivity"]), draws)

    assert "no threshold" in found["sensitivity"].reason


def test_the_null_of_perfect_calibration_is_above_zero():
    """Even right probabilities miss 0 or 1 labels by chance."""
    null = average_null(align_repeats([scored(0), scored(1)]), SPEC)

    assert 0 < null.mean < null.high < 1
