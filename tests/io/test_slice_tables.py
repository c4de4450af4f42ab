"""Tables with a row for each slice."""

from __future__ import annotations

import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.io.slice_tables import read_slice_table, write_slice_table


def test_the_wanted_columns_come_in_the_wanted_order(tmp_path):
    """Further columns of a newer version do no harm."""
    path = tmp_path / "scores.parquet"
    pd.DataFrame({"dice": [0.5], "image": ["a"], "more": [1]}).to_parquet(path)

    found = read_slice_table(path, ["image", "dice"])

    assert found.to_dict("list") == {"image": ["a"], "dice": [0.5]}


def test_a_file_that_cannot_be_used_is_named(tmp_path):
    """Missing, damaged, or without a column: the message says which."""
    path = tmp_path / "scores.parquet"
    with pytest.raises(DataError, match="no such file"):
        read_slice_table(path, ["image"])

    path.write_bytes(b"no parquet")
    with pytest.raises(DataError, match="no readable Parquet file"):
        read_slice_table(path, ["image"])

    pd.DataFrame({"image": ["a"]}).to_parquet(path)
    with pytest.raises(DataError, match=r"lacks the columns \['dice'\]"):
        read_slice_table(path, ["image", "dice"])


def test_a_table_comes_back_as_it_was_written(tmp_path):
    """Nothing else is left beside it."""
    path = tmp_path / "scores.parquet"
    table = pd.DataFrame({"image": ["a", "b"], "dice": [0.5, float("nan")]})

    write_slice_table(path, table)

    pd.testing.assert_frame_equal(read_slice_table(path, ["image", "dice"]), table)
    assert [each.name for each in tmp_path.iterdir()] == ["scores.parquet"]
