"""From pixels to a tumor probability."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.calibration import LogitCalibration, ReferralRule
from tumorscope.domain.errors import DataError
from tumorscope.inference.predictor import Predictor, Scores
from tumorscope.preprocessing import prepare_slice


class _MeanEngine:
    """Scores a slice by its first channel; remembers the sizes of its batches."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def run(self, images):
        self.batches.append(len(images))
        class_map = images[:, 0] * 100
        return class_map.mean(axis=(1, 2)), class_map


def _head(seed: int) -> np.ndarray:
    pixels = np.zeros((70, 60), dtype=np.uint8)
    texture = np.random.default_rng(seed).integers(50 + 10 * seed, 250, size=(50, 40))
    pixels[10:60, 10:50] = texture
    return pixels


def _prepared(card, count: int) -> np.ndarray:
    return np.stack(
        [prepare_slice(_head(seed), card.preprocess).pixels for seed in range(count)]
    )


def test_file_scores_what_its_row_in_the_store_scores(card):
    """A new file and the same slice in the pixel store get the same number."""
    predictor = Predictor(card, _MeanEngine())

    one_by_one = [predictor.score(_head(seed)).logit[0] for seed in range(4)]
    together = predictor.score_prepared(_prepared(card, 4))

    np.testing.assert_allclose(one_by_one, together.logit, rtol=1e-6)
    assert len(set(together.logit)) == 4


def test_order_is_kept_across_batches(card):
    """The size of a batch changes the speed and nothing else."""
    engine = _MeanEngine()
    predictor = Predictor(card, engine)
    pixels = _prepared(card, 5)

    small = predictor.score_prepared(pixels, batch_size=2)
    large = predictor.score_prepared(pixels, batch_size=32)

    assert engine.batches == [2, 2, 1, 5]
    np.testing.assert_allclose(small.logit, large.logit, rtol=1e-6)
    assert small.class_map.shape == (5, 64, 64)


def test_probability_is_the_sigmoid_of_the_logit(card):
    """Hand-computed at 0, and within [0, 1] for logits as large as floats get."""
    predictor = Predictor(card, _MeanEngine())
    pixels = np.zeros((3, 64, 64, 3), dtype=np.uint8)
    pixels[1] = 128
    pixels[2] = 255

    scores = predictor.score_prepared(pixels)

    np.testing.assert_allclose(
        scores.tumor_probability, 1 / (1 + np.exp(-scores.logit)), rtol=1e-9
    )
    assert scores.logit.tolist() == pytest.approx([-100, 0.392, 100], abs=1e-2)
    assert ((scores.tumor_probability >= 0) & (scores.tumor_probability <= 1)).all()
    assert scores.tumor_probability.dtype == scores.logit.dtype == np.float64


def test_threshold_comes_from_the_card(card):
    """The operating point travels with the weights."""
    predictor = Predictor(card, _MeanEngine())

    assert predictor.threshold_probability == 0.4


def test_probability_is_calibrated_by_the_card_and_the_logit_stays(card):
    """Slope and intercept move the probability; the raw logit is kept."""
    line = LogitCalibration(method="platt", slope=0.1, intercept=1.0)
    calibrated = Predictor(card.model_copy(update={"calibration": line}), _MeanEngine())
    pixels = _prepared(card, 3)

    scores = calibrated.score_prepared(pixels)

    raw = Predictor(card, _MeanEngine()).score_prepared(pixels)
    np.testing.assert_allclose(scores.logit, raw.logit)
    np.testing.assert_allclose(
        scores.tumor_probability, 1 / (1 + np.exp(-0.1 * raw.logit - 1))
    )


def test_decisions_follow_the_card(card):
    """The predictor decides by the threshold and the rules of its bundle."""
    strict = card.model_copy(
        update={"referral": ReferralRule(refer_when="confidence", confidence_cut=1.0)}
    )
    scores = Scores(
        logit=np.zeros(2),
        tumor_probability=np.array([0.39, 0.41]),
        class_map=np.zeros((2, 1, 1), dtype=np.float32),
    )

    decided = Predictor(card, _MeanEngine()).decide(scores)
    referred = Predictor(strict, _MeanEngine()).decide(scores)

    assert decided.is_above.tolist() == [False, True]
    assert not decided.is_referred.any()
    assert referred.is_referred.all()


def test_progress_counts_batches(card):
    """A long scoring shows how far it got."""
    totals = []

    def watch(items, *, total, label):
        totals.append((total, label))
        yield from items

    Predictor(card, _MeanEngine()).score_prepared(
        _prepared(card, 5), batch_size=2, progress=watch
    )

    assert totals == [(3, "scoring batches")]


def test_blank_slice_is_an_error_not_a_score(card):
    """What holds no signal is never given a probability."""
    predictor = Predictor(card, _MeanEngine())

    with pytest.raises(DataError, match="no foreground"):
        predictor.score(np.zeros((64, 64), dtype=np.uint8))


def test_nothing_to_score_is_an_error(card):
    """An empty list of slices is told as such."""
    with pytest.raises(DataError, match="no slices to score"):
        Predictor(card, _MeanEngine()).score_prepared(
            np.empty((0, 64, 64, 3), dtype=np.uint8)
        )
