"""Scored slices of simulated patients, with what a manifest knows of them."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.domain.manifest_columns import COLUMNS
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.fairness.scores import ScoredSlices

DRAWS = EvaluateSpec(bootstrap_draws=200)


def _known(table, columns):
    empty = pd.DataFrame({name: [None] * len(table) for name in COLUMNS})
    empty["site"] = table["site"].to_numpy()
    return empty.assign(**columns).astype(
        {name: COLUMNS[name] for name in ("site", *columns)}
    )


def _scored(table, *, spec=DRAWS, columns=None, **rest):
    draws = draw_patients(table["group"], table["site"], spec, grouping="patient")
    return ScoredSlices(
        table=table, known=_known(table, columns or {}), draws=draws, **rest
    )


def _by_patient(table, values):
    """Repeat one value for each patient, in the order of their names."""
    names = sorted(table["group"].unique())
    place = {name: number for number, name in enumerate(names)}
    return [values[place[name] % len(values)] for name in table["group"]]


@pytest.fixture
def make_scored():
    """Return a maker of scored slices: a table, then columns of the manifest."""
    return _scored


@pytest.fixture
def by_patient():
    """Return a function that repeats values over patients, in turn."""
    return _by_patient


@pytest.fixture
def spec():
    """Return rules with the fewest shufflings, without groups that nobody knows."""
    return FairnessSpec(groups=("sex", "site"), permutations=1000)


@pytest.fixture
def hand():
    """Return four patients of four slices each, with scores set by hand.

    Patients 0 and 1 are women, 2 and 3 men. The women's tumor slices score 0.9 and 0.8,
    the men's 0.9 and 0.2; all tumor-free slices score 0.1 or 0.3.
    """
    patient = np.repeat(np.arange(4), 4)
    scores = np.tile([0.9, 0.8, 0.1, 0.3], 4)
    scores[[9, 13]] = 0.2
    name = np.array([f"p{number}" for number in patient])
    return pd.DataFrame(
        {
            "image": [f"{number}.png" for number in range(16)],
            "frame": pd.array([None] * 16, dtype="Int64"),
            "label": np.tile([1, 1, 0, 0], 4),
            "patient_id": name,
            "group": name,
            "site": "a",
            "slice_index": np.tile(np.arange(4), 4),
            "slice_count": 4,
            "fold": "holdout",
            "part": "test",
            "logit": 0.0,
            "tumor_probability": scores,
            "threshold_probability": 0.5,
        }
    )
