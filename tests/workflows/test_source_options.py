"""Tests of the options that say how a source is read."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.workflows.prepare import SourceOptions
from tumorscope.workflows.source_options import source_options


def test_nothing_asked_is_the_default():
    """A source that is recognized needs no option."""
    assert source_options("auto") == SourceOptions()


def test_class_names_reach_both_importers():
    """A table and a folder use the same words."""
    options = source_options("auto", positive=("ill",), negative=("well",))

    assert (options.layout.positive, options.layout.negative) == (("ill",), ("well",))
    assert (options.columns.positive, options.columns.negative) == (("ill",), ("well",))


def test_columns_are_renamed_and_two_have_a_place_of_their_own():
    """`image` and `label` are found; any other column is renamed."""
    options = source_options(
        "csv",
        columns=("file=image", "diagnosis = label", "subject=patient_id"),
        ignored=("remark",),
    )

    assert options.columns.path == "file"
    assert options.columns.label == "diagnosis"
    assert options.columns.rename == {"subject": "patient_id"}
    assert options.columns.ignore == ("remark",)


@pytest.mark.parametrize("entry", ["subject", "=patient_id", "subject="])
def test_an_incomplete_column_shows_the_form(entry):
    """A slip is answered with an example."""
    with pytest.raises(ConfigError, match="subject=patient_id"):
        source_options("csv", columns=(entry,))


def test_two_columns_cannot_both_be_the_image():
    """None of the two is chosen in silence."""
    with pytest.raises(ConfigError, match="keep one"):
        source_options("csv", columns=("a=image", "b=image"))
