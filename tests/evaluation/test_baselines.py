"""Simple methods that any reported figure has to be compared with."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tumorscope.domain.errors import DataError
from tumorscope.evaluation.baseline_features import BaselineFeatures
from tumorscope.evaluation.baselines import BASELINES, score_baselines

PATIENTS, SLICES = 20, 15
ROWS = np.arange(PATIENTS * SLICES)
FOLDS = [(ROWS[150:], ROWS[:150]), (ROWS[:150], ROWS[150:])]


def _cohort(seed=0):
    """Features in which position, and one column of each kind, tell about the label."""
    rng = np.random.default_rng(seed)
    position = np.tile(np.linspace(0, 1, SLICES), PATIENTS)
    labels = (np.abs(position - 0.5) + rng.normal(0, 0.1, len(ROWS)) < 0.25).astype(int)

    def noise(columns):
        found = rng.normal(size=(len(ROWS), columns))
        found[:, 0] += 2 * labels
        return found

    features = BaselineFeatures(
        position=position,
        intensity=noise(26),
        hand=noise(38),
        neighbors=np.full((len(ROWS), 76), np.nan),
        pixels=(noise(40) / 10).astype(np.float32),
    )
    return features, labels


@pytest.mark.slow
def test_every_method_ranks_slices_of_unseen_patients_better_than_chance():
    """All methods find what their own features hold, over pooled folds."""
    features, labels = _cohort()

    found = score_baselines(features, labels, FOLDS)

    assert [each.name for each in found] == [method.name for method in BASELINES]
    for each in found:
        assert each.reason == ""
        assert each.description
        assert roc_auc_score(labels, each.scores) > 0.6, each.name


def test_position_alone_finds_the_middle_of_the_head():
    """The cubic in position ranks the middle above both ends."""
    features, labels = _cohort()

    (found,) = score_baselines(features, labels, FOLDS, methods=BASELINES[:1])

    assert found.name == "position"
    assert found.scores[7] > found.scores[0]
    assert found.scores[7] > found.scores[14]
    assert roc_auc_score(labels, found.scores) > 0.85


def test_unevaluated_rows_have_no_score():
    """One split: only the test rows are scored."""
    features, labels = _cohort()

    (found,) = score_baselines(features, labels, FOLDS[:1], methods=BASELINES[:1])

    assert np.isfinite(found.scores[:150]).all()
    assert np.isnan(found.scores[150:]).all()


def test_unknown_position_is_a_reason_and_not_a_guess():
    """Methods that need the position say so; others are scored."""
    features, labels = _cohort()
    position = features.position.copy()
    position[3] = np.nan
    features = replace(features, position=position)
    methods = [each for each in BASELINES if each.name in {"position", "pixels_pca"}]

    unknown, known = score_baselines(features, labels, FOLDS, methods=methods)

    assert unknown.reason == "no `slice_index` and `slice_count`"
    assert np.isnan(unknown.scores).all()
    assert known.reason == ""


def test_features_that_no_slice_has_are_a_reason():
    """Blank slices have no hand features at all: the method says so."""
    features, labels = _cohort()
    features = replace(features, hand=np.full_like(features.hand, np.nan))
    methods = [each for each in BASELINES if each.name == "hand"]

    (found,) = score_baselines(features, labels, FOLDS, methods=methods)

    assert found.reason == "no feature is known in the training slices of a fold"


def test_scores_are_the_same_for_the_same_seed():
    """Methods that draw at random take the seed."""
    features, labels = _cohort()
    methods = [each for each in BASELINES if each.name == "pixels_pca"]

    first, again = (
        score_baselines(features, labels, FOLDS, methods=methods, seed=3)[0]
        for _ in range(2)
    )

    np.testing.assert_array_equal(first.scores, again.scores)


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        ([(ROWS[:100], ROWS[99:])], "1 rows are trained on and tested"),
        ([(ROWS[:1], ROWS[1:])], "all 1 training slices have one label"),
        ([FOLDS[0], FOLDS[0]], "each slice must be tested once"),
        ([], "each slice must be tested once"),
    ],
)
def test_folds_that_leak_or_repeat_are_an_error(folds, message):
    """A baseline obeys the split as the model does."""
    features, labels = _cohort()

    with pytest.raises(DataError, match=message):
        score_baselines(features, labels, folds)
