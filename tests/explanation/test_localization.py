"""Localization scores: hand-computed slices, and intervals over patients."""

import json
import math
import time

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.explanation.localization import (
    SliceScores,
    score_maps,
    summarize_scores,
)
from tumorscope.explanation.masked_maps import MaskedMap, choose_tau

SHAPE = (10, 10)


def box_mask(top, left, height, width):
    """Return a rectangle of True in a field of False."""
    mask = np.zeros(SHAPE, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def masked(scores, mask, core=None):
    """Return a map beside its mask; the core is everything unless given."""
    return MaskedMap(
        map=scores.astype(np.float32),
        mask=mask,
        core=np.ones(SHAPE, bool) if core is None else core,
    )


def draws_for(patients, sites=None):
    """Return bootstrap draws over these patients."""
    return draw_patients(
        pd.Series(patients, dtype="str"),
        pd.Series(sites or ["a"] * len(patients), dtype="str"),
        EvaluateSpec(bootstrap_draws=500),
        grouping="patient",
    )


def test_dice_counts_the_largest_component_only():
    """Two blobs of 8 and 4 pixels against a mask of 12: 2 x 8 / (8 + 12) and all 1."""
    large, small = box_mask(1, 1, 2, 4), box_mask(6, 6, 2, 2)
    mask = large | small

    scores = score_maps([masked(mask * 1.0, mask)], tau=0.5)

    assert scores.dice.tolist() == [pytest.approx(0.8)]
    assert scores.dice_all_components.tolist() == [1.0]
    assert scores.hit.tolist() == [True]
    assert scores.taus == (0.5,)


def test_pixels_that_touch_at_a_corner_are_two_components():
    """Components are joined at edges, as in SciPy's default."""
    mask = box_mask(0, 0, 2, 2)
    scores = mask | box_mask(2, 2, 1, 1)

    result = score_maps([masked(scores * 1.0, mask)], tau=0.5)

    assert result.dice.tolist() == [1.0]
    assert result.dice_all_components[0] == pytest.approx(2 * 4 / (5 + 4))


def test_empty_map_scores_zero_and_constant_map_points_nowhere():
    """Nothing above the cut-off is Dice 0; a constant map misses even if row 0 hits."""
    mask = box_mask(0, 0, 3, 3)

    scores = score_maps([masked(np.zeros(SHAPE), mask)], tau=0.5)

    assert scores.dice.tolist() == [0.0]
    assert scores.dice_all_components.tolist() == [0.0]
    assert scores.dice_top_core.tolist() == [0.0]
    assert scores.hit.tolist() == [False]


def test_of_equal_maxima_the_first_in_row_order_points():
    """A tie is decided by position, so that the score does not depend on the library."""
    scores = np.zeros(SHAPE)
    scores[2, 7] = scores[5, 1] = 3

    first = score_maps([masked(scores, box_mask(2, 7, 1, 1))], tau=0)
    second = score_maps([masked(scores, box_mask(5, 1, 1, 1))], tau=0)

    assert first.hit.tolist() == [True]
    assert second.hit.tolist() == [False]


def test_without_tau_the_top_of_the_core_is_scored():
    """Of a core of 50 ranked pixels the top 12 % are 6; values outside do not count."""
    core = box_mask(0, 0, 5, 10)
    scores = np.arange(100.0).reshape(SHAPE)
    mask = box_mask(4, 4, 1, 6)  # the six highest ranks inside the core

    result = score_maps([masked(scores, mask, core)], tau=None)

    assert result.dice.tolist() == [1.0]
    assert result.dice_top_core.tolist() == [1.0]
    assert result.taus == ()
    assert result.hit.tolist() == [False]


def test_without_core_the_top_rule_scores_zero():
    """A slice without brain stays in the mean, with Dice 0."""
    empty = np.zeros(SHAPE, bool)

    scores = score_maps([masked(np.eye(10), box_mask(0, 0, 1, 1), empty)], tau=None)

    assert scores.dice.tolist() == [0.0]


def test_scoring_nothing_is_an_error():
    """Neither an empty part nor an empty list of folds has scores."""
    with pytest.raises(DataError, match="no tumor slice"):
        score_maps([], tau=0.1)
    with pytest.raises(DataError, match="no fold"):
        SliceScores.joined([])


def make_scores(hits, dice, taus=(0.3,)):
    """Return scores with given hits and Dice."""
    values = np.array(dice, float)
    return SliceScores(
        hit=np.array(hits, bool),
        dice=values,
        dice_all_components=values / 2,
        dice_top_core=values / 4,
        precision=values / 5,
        precision_top_core=values / 8,
        average_precision=values / 10,
        taus=taus,
    )


def test_figures_are_means_over_slices_with_n():
    """Values are plain means; folds keep their order and their cut-offs."""
    scores = SliceScores.joined(
        [
            make_scores([1, 0], [0.2, 0.4], (0.3,)),
            make_scores([1, 1], [0.6, 1.0], (0.5,)),
        ]
    )

    result = summarize_scores("cam", scores, draws_for(["p1", "p1", "p2", "p3"]))

    assert result.pointing.value == pytest.approx(0.75)
    assert result.dice.value == pytest.approx(0.55)
    assert result.dice_median == pytest.approx(0.5)
    assert result.dice_all_components.value == pytest.approx(0.275)
    assert result.dice_top_core.value == pytest.approx(0.1375)
    assert (result.n_slices, result.n_patients) == (4, 3)
    assert result.taus == (0.3, 0.5)
    assert "0.3, 0.5" in result.rule


def test_interval_follows_patients_not_slices():
    """Slices that agree within each patient widen the interval, as many as they are."""
    hits = [1] * 50 + [0] * 50
    by_patient = summarize_scores(
        "cam", make_scores(hits, [0.5] * 100), draws_for(["a"] * 50 + ["b"] * 50)
    )
    by_slice = summarize_scores(
        "cam", make_scores(hits, [0.5] * 100), draws_for([str(n) for n in range(100)])
    )

    assert by_patient.pointing.low < 0.05
    assert by_patient.pointing.high > 0.95
    assert 0.35 < by_slice.pointing.low < 0.45
    assert (by_patient.dice.low, by_patient.dice.high) == (0.5, 0.5)


def test_one_patient_cannot_be_assessed_and_becomes_null():
    """With one patient there is a reason in place of figures, and the JSON is strict."""
    result = summarize_scores(
        "cam", make_scores([1, 0], [0.2, 0.4], ()), draws_for(["p", "p"])
    )

    written = json.loads(json.dumps(result.as_dict(), allow_nan=False))

    assert math.isnan(result.pointing.value)
    assert written["pointing"]["value"] is None
    assert "at least two patients" in written["pointing"]["reason"]
    assert written["rule"] == "top 12 % of the brain's core"


def test_draws_of_other_slices_are_refused():
    """Draws over another number of slices cannot be those of the scores."""
    with pytest.raises(DataError, match="2 scored slices, but draws for 3"):
        summarize_scores("cam", make_scores([1, 0], [0, 1]), draws_for(["a", "b", "c"]))


@pytest.mark.slow
def test_forty_tuning_and_forty_scored_slices_take_seconds():
    """One method on slices of 256x256 stays within seconds."""
    rng = np.random.default_rng(0)
    small = rng.normal(size=(80, 8, 8)).astype(np.float32)
    maps = [np.kron(each, np.ones((32, 32), np.float32)) for each in small]
    masks = [each > np.quantile(each, 0.95) for each in maps]
    core = np.ones((256, 256), bool)
    start = time.process_time()

    tau = choose_tau(maps[:40], masks[:40])
    scores = score_maps(
        (
            MaskedMap(map=each, mask=mask, core=core)
            for each, mask in zip(maps[40:], masks[40:], strict=True)
        ),
        tau=tau,
    )

    assert len(scores) == 40
    assert time.process_time() - start < 15
