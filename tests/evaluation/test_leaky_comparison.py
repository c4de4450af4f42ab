"""Tests of the leaky comparison: it shows a leak where there is one, and none elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.baseline_features import BaselineFeatures
from tumorscope.evaluation.leaky_comparison import compare_with_leak
from tumorscope.evaluation.protocol_sections import leaky_section

PATIENTS, SLICES = 20, 10
OWNER = np.repeat(np.arange(PATIENTS), SLICES)


def features_of(pixels):
    empty = np.zeros((len(pixels), 1))
    return BaselineFeatures(
        position=empty[:, 0],
        intensity=empty,
        hand=empty,
        neighbors=empty,
        pixels=pixels.astype(np.float32),
    )


def folds_by_patient(count):
    rows = np.arange(len(OWNER))
    return [
        (rows[OWNER % count != fold], rows[OWNER % count == fold])
        for fold in range(count)
    ]


def draws():
    spec = EvaluateSpec(bootstrap_draws=100)
    owner = pd.Series(OWNER.astype(str))
    return draw_patients(
        owner, pd.Series([None] * len(owner)), spec, grouping="patient"
    )


@pytest.fixture(scope="module")
def canary():
    """Return the comparison for labels that mean nothing, one for each patient."""
    rng = np.random.default_rng(0)
    look = rng.normal(size=(PATIENTS, 30))[OWNER]
    pixels = look + 0.1 * rng.normal(size=look.shape)
    labels = rng.permutation(np.arange(PATIENTS) % 2)[OWNER]
    return compare_with_leak(
        features_of(pixels), labels, [folds_by_patient(5)] * 2, draws(), seed=0
    )


def test_slices_dealt_at_random_find_labels_that_mean_nothing(canary):
    """Patients recognize themselves: near certainty, where chance is the truth."""
    by_name = {each.name: each for each in canary.figures}

    assert by_name["accuracy"].leaky.value > 0.95
    assert by_name["accuracy"].grouped.low < 0.5 < by_name["accuracy"].grouped.high
    assert by_name["auroc"].gap.value == pytest.approx(
        by_name["auroc"].leaky.value - by_name["auroc"].grouped.value
    )


def test_the_section_never_shows_the_leak_without_its_label(canary):
    """Heading and column both say that it is leaky."""
    section = leaky_section(canary)

    assert "leaky, for comparison" in section.title
    assert "leaky, for comparison" in section.tables[0].columns[2]


def test_a_real_sign_leaves_no_gap():
    """Where the label shows in every slice, both ways of dealing find it."""
    labels = np.tile([0, 1], len(OWNER) // 2)
    pixels = labels[:, None] * 10 + np.random.default_rng(1).normal(
        size=(len(OWNER), 4)
    )

    found = compare_with_leak(
        features_of(pixels), labels, [folds_by_patient(4)], draws(), seed=0
    )

    assert [each.gap.value for each in found.figures] == [0, 0]


def test_folds_that_leave_slices_untested_are_refused():
    """Both columns must speak of the same slices."""
    labels = np.tile([0, 1], len(OWNER) // 2)

    with pytest.raises(DataError, match="test every slice once"):
        compare_with_leak(
            features_of(np.ones((len(OWNER), 4))),
            labels,
            [folds_by_patient(5)[:2]],
            draws(),
            seed=0,
        )


def test_a_class_with_fewer_slices_than_folds_is_refused():
    """The message tells what to do."""
    labels = np.zeros(len(OWNER), dtype=np.int64)
    labels[:2] = 1

    with pytest.raises(DataError, match="ask for fewer folds"):
        compare_with_leak(
            features_of(np.ones((len(OWNER), 4))),
            labels,
            [folds_by_patient(5)],
            draws(),
            seed=0,
        )
