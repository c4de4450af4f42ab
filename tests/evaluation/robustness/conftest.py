"""Clean and corrupted scores with known truth."""

import numpy as np
import pytest

from tumorscope.domain.robustness_spec import ALL_ARTIFACTS, SEVERITIES, RobustnessSpec
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.evaluated import evaluated_rows
from tumorscope.evaluation.robustness.measuring import measure_robustness
from tumorscope.evaluation.robustness.scores import CorruptedScores, RobustnessScores


def _draws(table):
    spec = EvaluateSpec(bootstrap_draws=100)
    return draw_patients(table["group"], table["site"], spec, grouping="patient")


def _scores(table, harm, **changes):
    """Shrink scores of tumor slices by `harm` logits for each severity."""
    logit = table["logit"].to_numpy(float)
    tumor = table["label"].to_numpy(int) == 1
    corrupted = tuple(
        CorruptedScores(
            name=name,
            severity=severity,
            probabilities=1 / (1 + np.exp(-(logit - harm(name) * severity * tumor))),
        )
        for name in ALL_ARTIFACTS
        for severity in SEVERITIES
    )
    values = {
        "table": table,
        "draws": _draws(table),
        "corrupted": corrupted,
        "has_copy": np.zeros(len(table), dtype=bool),
    }
    return RobustnessScores(**(values | changes))


@pytest.fixture
def make_scores(simulate):
    """Return a maker: harm by artifact, then fields of the scores."""
    table = evaluated_rows(simulate()).reset_index(drop=True)
    return lambda harm=lambda _: 0.0, **changes: _scores(table, harm, **changes)


@pytest.fixture
def draws():
    """Return a maker of a few draws for a table."""
    return _draws


@pytest.fixture
def measure():
    """Return the measuring with defaults."""

    def run(scores, **settings):
        spec = RobustnessSpec(**settings)
        return measure_robustness(scores, spec, grouping="patient", artifacts_version=1)

    return run
