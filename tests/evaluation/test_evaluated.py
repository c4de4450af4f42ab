"""Which scored slices are evaluated."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.predictions import Predictions
from tumorscope.evaluation.evaluated import evaluated_rows


def test_tuning_rows_are_not_read_and_row_numbers_stay(simulate):
    """Only test rows come back, numbered as in the table of the predictions."""
    parts = np.where(np.arange(24) < 5, "tune", "test")

    rows = evaluated_rows(simulate(patients=2, part=parts))

    assert rows.index.tolist() == list(range(5, 24))


def test_both_parts_or_neither_are_an_error(simulate):
    """Internal and external testing are never pooled."""
    mixed = np.where(np.arange(24) < 5, "external", "test")

    with pytest.raises(DataError, match=r"not of \['external', 'test'\]"):
        evaluated_rows(simulate(patients=2, part=mixed))
    with pytest.raises(DataError, match=r"not of \[\]"):
        evaluated_rows(simulate(patients=2, part="tune"))


def test_missing_labels_are_an_error(simulate):
    """A slice without a reference standard cannot be judged."""
    labels = pd.array([None] + [1] * 23, dtype="Int64")

    with pytest.raises(DataError, match="1 of 24 test slices have no label"):
        evaluated_rows(simulate(patients=2, label=labels))


def test_slices_scored_twice_are_an_error(simulate):
    """Scores of several models for one slice would inflate n."""
    table = simulate(patients=2).table
    twice = Predictions(table=pd.concat([table, table.head(3)]))

    with pytest.raises(DataError, match="3 test slices are scored more than once"):
        evaluated_rows(twice)
