"""The figures of training."""

import math
from xml.etree import ElementTree

from tumorscope.evaluation.rendering.context import TrainingEpoch
from tumorscope.evaluation.rendering.training_figures import (
    best_epoch,
    draw_losses,
    draw_tuning_auroc,
)


def _texts(svg):
    root = ElementTree.fromstring(svg)  # noqa: S314 - drawn by this test
    return [each.text for each in root.iter("text")]


def _epoch(epoch, tune_auroc=0.8):
    return TrainingEpoch(
        epoch=epoch,
        train_loss=0.5,
        tune_loss=0.6,
        tune_auroc=tune_auroc,
        learning_rate=0.1,
    )


def test_training_is_drawn_for_folds_of_any_length():
    """One epoch, several folds, an AUROC that is not defined: all have a picture."""
    history = {"a": [_epoch(1), _epoch(2)], "b": [_epoch(1, math.nan)]}

    assert _texts(draw_losses(history, alt="losses")).count("tuning part") == 1
    assert "weights kept" in _texts(draw_tuning_auroc(history, alt="auroc"))
    blank = {"b": history["b"]}
    assert "weights kept" not in _texts(draw_tuning_auroc(blank, alt="auroc"))


def test_best_epoch_is_the_first_of_the_highest():
    """As training keeps weights: a later tie does not replace them."""
    rows = [_epoch(1, math.nan), _epoch(2, 0.9), _epoch(3, 0.9), _epoch(4, 0.8)]

    assert best_epoch(rows).epoch == 2
    assert best_epoch(rows[:1]) is None
