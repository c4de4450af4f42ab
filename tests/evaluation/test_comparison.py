"""A model beside simple methods."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tumorscope.domain.errors import DataError
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.comparison import (
    BaselineScores,
    best_rival,
    compare_baselines,
)

SPEC = EvaluateSpec(bootstrap_draws=200)


def _compare(predictions, scores, reason=""):
    baseline = BaselineScores(
        name="method", description="what it sees", scores=scores, reason=reason
    )
    (found,) = compare_baselines(predictions, [baseline], SPEC, grouping="patient")
    return found


def test_a_method_equal_to_the_model_differs_by_nothing(simulate):
    """Paired draws: the same ranking gives a difference of 0 in every draw."""
    predictions = simulate()
    scores = predictions.table["logit"].to_numpy()

    found = _compare(predictions, scores)

    assert (found.difference.value, found.difference.low, found.difference.high) == (
        pytest.approx((0, 0, 0))
    )


def test_difference_is_model_minus_method_and_narrower_than_unpaired(simulate):
    """A noisier copy of the model is worse, by less than the intervals overlap."""
    predictions = simulate(patients=30)
    table = predictions.table
    noise = np.random.default_rng(0).normal(size=len(table))
    scores = table["logit"].to_numpy() + noise

    found = _compare(predictions, scores)

    expected = roc_auc_score(table["label"], table["logit"]) - found.auroc.value
    assert found.difference.value == pytest.approx(expected)
    assert found.difference.low > 0
    paired = found.difference.high - found.difference.low
    assert paired < found.auroc.high - found.auroc.low


def test_method_that_cannot_be_assessed_keeps_its_reason(simulate):
    """The reason stands in place of both figures."""
    found = _compare(simulate(), np.full(144, np.nan), reason="no `slice_index`")

    assert found.auroc.reason == found.difference.reason == "no `slice_index`"


@pytest.mark.parametrize("scores", [np.zeros(3), np.full(144, np.nan)])
def test_scores_of_other_slices_are_an_error(simulate, scores):
    """One score for each tested slice, none missing."""
    with pytest.raises(DataError, match="each of the 144 tested slices"):
        _compare(simulate(), scores)


def test_scores_are_taken_in_the_order_of_rows():
    """`of_rows` picks the tested slices out of all."""
    scores = BaselineScores(name="a", description="b", scores=np.arange(4.0))

    assert scores.of_rows(np.array([3, 1])).scores.tolist() == [3, 1]


def test_rival_is_the_best_method_whose_scores_are_probabilities(simulate):
    """A rank is no probability, and an unknown score is nothing to compare with."""
    predictions = simulate()
    probability = predictions.table["tumor_probability"].to_numpy()
    methods = [
        BaselineScores(name="poor", description="", scores=1 - probability),
        BaselineScores(name="good", description="", scores=probability),
        BaselineScores(name="rank", description="", scores=100 * probability + 1),
        BaselineScores(
            name="unknown",
            description="",
            scores=np.full(144, np.nan),
            reason="no file",
        ),
    ]
    results = compare_baselines(predictions, methods, SPEC, grouping="patient")

    rival = best_rival(methods, results)

    assert rival.name == "good"
    assert rival.probabilities is methods[1].scores
    assert best_rival(methods[2:], results[2:]) is None
