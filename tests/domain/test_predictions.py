"""Scores of slices beside what is known of them."""

from __future__ import annotations

import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.predictions import PREDICTION_COLUMNS, Predictions


def _table(**columns) -> pd.DataFrame:
    values = dict.fromkeys(PREDICTION_COLUMNS)
    values |= {
        "image": ["a", "b"],
        "group": "g",
        "fold": "holdout",
        "part": ["tune", "test"],
        "logit": [0.0, 2.0],
        "tumor_probability": [0.5, 0.88],
    }
    return pd.DataFrame(values | columns)


def test_dtypes_and_order_are_fixed():
    """Whatever the order of the columns, the table is the same."""
    shuffled = _table()[list(PREDICTION_COLUMNS)[::-1]]

    table = Predictions(table=shuffled).table

    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(
        PREDICTION_COLUMNS
    )
    assert list(table.columns) == list(PREDICTION_COLUMNS)


@pytest.mark.parametrize("probability", [-0.01, 1.01, float("nan")])
def test_impossible_probability_is_refused(probability):
    """A probability is from 0 to 1, and never blank."""
    with pytest.raises(DataError, match="from 0 to 1"):
        Predictions(table=_table(tumor_probability=[0.5, probability]))


def test_missing_and_unknown_columns_are_named():
    """The error says which columns are too few and too many."""
    table = _table().drop(columns="logit").assign(score=1.0)

    with pytest.raises(
        DataError, match=r"lack \['logit'\] and have unknown \['score'\]"
    ):
        Predictions(table=table)


def test_part_is_cut_out_with_rows_from_zero():
    """The rows of one part are predictions themselves; none is a valid answer too."""
    predictions = Predictions(table=_table())

    assert predictions.of_part("test").table["image"].tolist() == ["b"]
    assert predictions.of_part("test").table.index.tolist() == [0]
    assert predictions.of_part("external").table.empty
