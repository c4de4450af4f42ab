"""What a report is told beside its figures."""

import math
from dataclasses import replace

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.evaluation.rendering import (
    DataPart,
    LocalizationRow,
    Picture,
    TrainingEpoch,
)


def test_pictures_must_be_png_or_jpeg_and_have_words(minimal, png):
    """What a browser would not show, or not read aloud, is refused."""
    with pytest.raises(DataError, match="row 3 is neither a PNG"):
        replace(minimal, pictures={3: b"GIF89a"})
    with pytest.raises(DataError, match="neither a PNG"):
        Picture(caption="cam", content=b"")
    with pytest.raises(DataError, match="caption"):
        Picture(caption=" ", content=png)


@pytest.mark.parametrize("created", ["yesterday", "2026-11-23T10:12:00"])
def test_time_without_zone_is_refused(minimal, created):
    """A reader elsewhere must know when it was."""
    with pytest.raises(DataError, match="with zone"):
        replace(minimal, created=created)


@pytest.mark.parametrize(("slices", "tumor"), [(0, 0), (3, 4), (3, -1)])
def test_impossible_counts_are_refused(slices, tumor):
    """More tumor slices than slices is a mistake of the caller."""
    with pytest.raises(DataError, match="count again"):
        DataPart(
            fold="", part="test", n_slices=slices, n_tumor_slices=tumor, n_groups=1
        )


def test_log_rows_are_read_from_text():
    """A row of csv.DictReader becomes numbers; a damaged one is named."""
    row = {
        "epoch": "3",
        "train_loss": "0.5",
        "tune_loss": "0.6",
        "tune_auroc": "nan",
        "learning_rate": "1e-3",
        "more": "ignored",
    }

    epoch = TrainingEpoch.from_row(row)

    assert (epoch.epoch, epoch.train_loss, epoch.learning_rate) == (3, 0.5, 0.001)
    assert math.isnan(epoch.tune_auroc)
    with pytest.raises(DataError, match="lacks a number"):
        TrainingEpoch.from_row(row | {"tune_loss": ""})
    with pytest.raises(DataError, match="lacks a number"):
        TrainingEpoch.from_row({"epoch": 1})


def test_localization_is_read_from_its_json_form():
    """Null becomes "cannot be assessed", never zero; unchecked maps are not trusted."""
    blank = {
        "value": None,
        "low": None,
        "high": None,
        "level": 0.95,
        "resampled": "patients",
        "reason": "no mask",
    }
    figure = blank | {"value": 0.5, "low": 0.4, "high": 0.6, "reason": ""}
    record = {
        "method": "cam",
        "rule": "above 0.3",
        "n_slices": 9,
        "n_patients": 3,
        "pointing": figure,
        "dice": blank,
    }

    row = LocalizationRow.from_dict(record, is_trivial=False)

    assert (row.method, row.pointing.value, row.pointing.n_patients) == ("cam", 0.5, 3)
    assert row.dice.reason == "no mask"
    assert row.is_untrusted
    passed = LocalizationRow.from_dict(record | {"verdict": "passed"}, is_trivial=False)
    assert not passed.is_untrusted
    assert not LocalizationRow.from_dict(record, is_trivial=True).is_untrusted
    del record["rule"]
    with pytest.raises(DataError, match="'rule'"):
        LocalizationRow.from_dict(record, is_trivial=False)
