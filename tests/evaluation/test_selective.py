"""Risk and coverage, by definition A1."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.selective import (
    area_under_risk,
    error_at,
    measure_selective,
)

SPEC = EvaluateSpec(bootstrap_draws=100)


def _measure(table):
    draws = draw_patients(table["group"], table["site"], SPEC, grouping="patient")
    return measure_selective(table, draws)


def _table(probability, label):
    size = len(label)
    return pd.DataFrame(
        {
            "tumor_probability": np.array(probability, dtype=float),
            "label": label,
            "group": [f"p{number % 3}" for number in range(size)],
            "site": pd.Series([None] * size, dtype="str"),
        }
    )


def test_errors_and_area_are_those_of_the_definition():
    """Hand-computed: confidences .9 .8 .7 .6, the second and the last are wrong."""
    found = _measure(_table([0.9, 0.2, 0.3, 0.6], [1, 1, 0, 0]))

    assert found.metrics["error_at_100"].value == 0.5
    assert found.metrics["error_at_80"].value == pytest.approx(1 / 3)  # floor(3.2) = 3
    assert found.metrics["error_at_50"].value == 0.5
    assert found.metrics["aurc"].value == pytest.approx(
        np.mean([0, 1 / 2, 1 / 3, 2 / 4])
    )
    assert found.coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert found.error.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])


def test_exactly_half_is_not_above_half():
    """(p > 0.5) is false at 0.5: wrong for a tumor slice."""
    found = _measure(_table([0.5, 0.5, 0.5, 0.5], [1, 1, 1, 0]))

    assert found.metrics["error_at_100"].value == 0.75


def test_tied_slices_share_their_error_in_any_order():
    """Equal confidence has no order: every coverage shows the tie's mean error."""
    label = [1, 0, 0, 1, 1, 0]
    probability = [0.8, 0.8, 0.2, 0.2, 0.8, 0.8]
    found = _measure(_table(probability, label))

    assert found.metrics["aurc"].value == pytest.approx(0.5)
    assert found.metrics["error_at_50"].value == pytest.approx(0.5)


def test_repeated_slices_give_what_drawing_them_twice_gives():
    """Weights of a draw stand for copies of slices: both ways give the same area."""
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 4, size=30).astype(float)
    wrong = rng.integers(0, 2, size=30).astype(float)
    slices_so_far = np.concatenate(([0], np.cumsum(weights)))[None]
    wrong_so_far = np.concatenate(([0], np.cumsum(weights * wrong)))[None]

    area = area_under_risk(slices_so_far, wrong_so_far)
    half = error_at(slices_so_far, wrong_so_far, coverage=0.5)

    counts = weights.astype(int)
    long = np.repeat(wrong, counts)
    # Copies of one slice are tied, but all right or all wrong: their order is no matter.
    assert area[0] == pytest.approx(
        np.mean(np.cumsum(long) / np.arange(1, len(long) + 1))
    )
    assert half[0] == pytest.approx(long[: len(long) // 2].mean())


def test_a_useful_confidence_lowers_the_error(simulate):
    """On simulated scores, the error falls with the coverage."""
    table = simulate(patients=30).table

    metrics = _measure(table).metrics

    values = [metrics[f"error_at_{share}"].value for share in (100, 90, 80, 50)]
    assert values == sorted(values, reverse=True)
    assert metrics["aurc"].low < metrics["aurc"].value < metrics["aurc"].high
    assert metrics["aurc"].n_patients == 30


def test_too_few_slices_for_a_coverage_have_a_reason():
    """Half of one slice is none."""
    table = _table([0.9, 0.8], [1, 1]).iloc[:1]

    found = _measure(table).metrics

    assert "two patients" in found["error_at_100"].reason
    assert found["error_at_50"].reason == "too few slices for this coverage"
