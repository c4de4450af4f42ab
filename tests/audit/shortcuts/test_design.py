"""Columns of any kind as a matrix."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tumorscope.audit.shortcuts.design import encode_columns, encode_pixels


def test_words_and_missing_words_become_indicators():
    """Each word is a column, and so is that it is missing; each has variance 1."""
    frame = pd.DataFrame({"site": ["A", "B", "B", None]})

    design = encode_columns(frame)

    assert design.matrix.shape == (4, 3)
    np.testing.assert_allclose(design.matrix.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(design.matrix.std(axis=0), 1)
    assert design.names == ("site",)


def test_a_number_enters_as_itself_and_by_fifths():
    """A number of many values has one column of its own and one for each fifth."""
    design = encode_columns(pd.DataFrame({"age": np.arange(50.0)}))

    assert design.matrix.shape == (50, 6)
    np.testing.assert_array_equal(design.source, 0)


def test_a_missing_number_is_a_level_of_its_own():
    """What is missing is told, and the known values stay as they are."""
    values = np.arange(50.0)
    values[:10] = np.nan

    design = encode_columns(pd.DataFrame({"age": values}))

    assert np.isfinite(design.matrix).all()
    told = [
        np.unique(column[:10]).size == 1 and column[0] > column[10:].max()
        for column in design.matrix.T
    ]
    assert sum(told) == 1


def test_columns_that_do_not_vary_are_left_out():
    """Nothing can be told from what is always the same, not even that it is missing."""
    frame = pd.DataFrame({"a": ["x"] * 3, "b": [np.nan] * 3, "c": [2.0] * 3})

    assert encode_columns(frame).matrix.shape == (3, 0)


def test_rare_words_are_taken_together():
    """A hundred different tables give at most thirty columns and one for the rest."""
    frame = pd.DataFrame({"tables": [f"t{number}" for number in range(100)]})

    assert encode_columns(frame).matrix.shape == (100, 31)


def test_pixels_keep_their_names():
    """A column of pixels says which pixel it is; black ones are left out."""
    design = encode_pixels(np.array([[0, 1], [0, 5]]), ("left", "right"))

    assert design.matrix.shape == (2, 1)
    assert design.names[design.source[0]] == "right"
    assert design.rows(np.array([1])).matrix.shape == (1, 1)
