"""Texts that name groups of patients."""

from __future__ import annotations

import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.group_columns import (
    GroupColumn,
    parse_groups,
    parse_training_groups,
)
from tumorscope.domain.group_reading import read_column, read_groups


def _table():
    return pd.DataFrame(
        {
            "sex": pd.array(["F", "M", None, "F"], dtype="str"),
            "age_years": [40.0, 40.5, 61.0, None],
            "height_px": pd.array([240, 240, 256, None], dtype="Int64"),
        }
    )


def test_bands_are_open_below_and_closed_above():
    """Forty belongs to the lowest band, and an unknown age to none."""
    found = read_groups(_table(), parse_groups("age_years:40,60"))

    assert found.iloc[:3].tolist() == ["up to 40", "above 40 to 60", "above 60"]
    assert pd.isna(found.iloc[3])


def test_crossed_groups_need_every_value():
    """A patient whose sex or age is unknown is in no crossed group."""
    found = read_groups(_table(), parse_groups("sex-x-age_years:40,60"))

    assert found.iloc[:2].tolist() == ["F, up to 40", "M, above 40 to 60"]
    assert found.isna().tolist() == [False, False, True, True]


def test_numbers_without_bands_are_their_own_groups():
    """Whole numbers have no decimals in their names."""
    found = read_groups(_table(), parse_groups("height_px"))

    assert found.iloc[:3].tolist() == ["240", "240", "256"]
    whole = pd.DataFrame({"age_years": [40.0, None]})
    assert read_groups(whole, parse_groups("age_years")).iloc[0] == "40"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hair", "no column of patients"),
        ("label", "no column of patients"),
        ("patient_id", "no column of patients"),
        ("age_years:60,40", "edges must rise"),
        ("age_years:40,inf", "edges must rise"),
        ("age_years:old", "write column:edge,edge"),
        ("sex-x-sex", "crossed with itself"),
    ],
)
def test_a_text_that_names_no_group_says_why(text, message):
    """A typing error is an error, not an empty table."""
    with pytest.raises(ConfigError, match=message):
        parse_groups(text)


def test_words_cannot_be_cut_into_bands():
    """The message names the column."""
    with pytest.raises(ConfigError, match="'sex' holds words"):
        read_column(_table(), GroupColumn(column="sex", edges=(1.0,)))


def test_training_groups_may_tell_tumor_slices_apart():
    """`label-x-` before a group crosses it with the label."""
    assert parse_training_groups("label-x-site") == (True, parse_groups("site"))
    assert parse_training_groups("sex-x-site") == (False, parse_groups("sex-x-site"))
