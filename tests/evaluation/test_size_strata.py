"""Sensitivity by lesion size."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.decisions import ranked_decision, tuned_decision
from tumorscope.evaluation.size_strata import measure_size_strata

SPEC = EvaluateSpec(bootstrap_draws=100)


@pytest.fixture
def measure(simulate):
    """Return a function that measures 12 patients of 12 slices, 4 of them with tumor."""

    def run(areas, **columns):
        table = simulate(**columns).table
        draws = draw_patients(table["group"], table["site"], SPEC, grouping="patient")
        labels = table["label"].to_numpy(dtype=np.int64)
        scores = table["tumor_probability"].to_numpy(dtype=np.float64)
        decisions = (
            ranked_decision(labels, scores, draws),
            tuned_decision(table, draws),
        )
        return measure_size_strata(labels, areas, decisions, draws), table

    return run


def test_strata_are_open_below_and_closed_above(measure):
    """200 px belongs to the smallest lesions, 200.5 px and 735 px to the next."""
    areas = np.tile([200.0, 200.5, 735.0, 2766.0], 36)

    found, table = measure(areas)

    tumor = (table["label"] == 1).to_numpy()
    counts = pd.cut(areas[tumor], [0, 200, 735, 1529, 2765, np.inf]).value_counts()
    assert [each.n_slices for each in found.strata] == counts.tolist()
    assert [each.name for each in found.strata] == [
        "up to 200 px",
        "above 200 to 735 px",
        "above 735 to 1529 px",
        "above 1529 to 2765 px",
        "above 2765 px",
    ]


def test_each_stratum_is_judged_at_the_cut_of_all_slices(measure):
    """The t95 of all tumor-free slices and each slice's own threshold decide."""
    areas = np.where(np.arange(144) % 2, 100.0, 1000.0)

    found, table = measure(areas)

    labels, scores = table["label"] == 1, table["tumor_probability"]
    t95 = np.quantile(scores[~labels], 0.95)
    small = labels & (areas == 100)
    assert found.strata[0].ranked.value == pytest.approx((scores[small] > t95).mean())
    assert found.strata[0].tuned.value == pytest.approx(
        (scores[small] > table["threshold_probability"][small]).mean()
    )
    assert found.strata[0].ranked.n_slices == small.sum()


def test_empty_stratum_says_so(measure):
    """No lesion of a size is no sensitivity of zero."""
    found, _ = measure(np.full(144, 100.0))

    assert found.strata[0].ranked.reason == ""
    assert {each.ranked.reason for each in found.strata[1:]} == {
        "no tumor slice of this size"
    }


def test_unknown_and_empty_masks_are_counted_and_left_out(measure):
    """A slice without mask has no size; so has one whose mask is empty."""
    areas = np.full(144, 100.0)
    areas[:12] = np.nan  # the first patient, 4 tumor slices
    areas[12:24] = 0

    found, _ = measure(areas)

    assert found.n_unknown == 8
    assert found.strata[0].n_slices == 40


@pytest.mark.parametrize("areas", [None, np.full(144, np.nan)])
def test_no_masks_is_a_reason(measure, areas):
    """Nothing is invented where no mask is known."""
    found, _ = measure(areas)

    assert found.strata == ()
    assert found.reason == "no lesion masks"
    assert found.n_unknown == 48


def test_no_tumor_slice_is_a_reason(measure):
    """Without tumor slices masks are not what is missing."""
    found, _ = measure(np.zeros(144), label=0)

    assert found.reason == "no tumor slice"
