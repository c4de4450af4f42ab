"""A split that cannot leak."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from tumorscope.domain.errors import DataError, LeakageError
from tumorscope.domain.grouping import GROUPING_WORDS, Grouping
from tumorscope.domain.split import Split
from tumorscope.estimation.resampling import UNIT_WORDS


def _split(patients, parts, *, groups=None, **changes) -> Split:
    part = np.array(parts, dtype=object)
    part = part[:, None] if part.ndim == 1 else part
    values = {
        "manifest_digest": "d",
        "grouping": "patient",
        "patient_id": np.array(patients, dtype=object),
        "group": np.array(groups or patients, dtype=object),
        "part": part,
        "fold_names": tuple(f"fold{index}" for index in range(part.shape[1])),
        "seed": 0,
    }
    return Split(**(values | changes))


def test_rows_of_a_part_come_in_manifest_order():
    """A part is the list of its rows, for each fold."""
    split = _split(
        ["a", "b", "c", "a"],
        [["train", "test"], ["tune", "train"], ["test", "tune"], ["train", "test"]],
    )

    np.testing.assert_array_equal(split.rows("train"), [0, 3])
    np.testing.assert_array_equal(split.rows("test", fold=1), [0, 3])


def test_patient_in_two_parts_cannot_be_constructed():
    """The first promise of the product: no patient on two sides."""
    with pytest.raises(
        LeakageError, match=r"1 of 3 patients stand in two parts.*first: a"
    ):
        _split(["a", "b", "c", "a"], ["train", "tune", "test", "test"])


def test_group_in_two_parts_cannot_be_constructed():
    """Near-duplicates stay together even where the patients differ."""
    with pytest.raises(LeakageError, match=r"1 of 3 groups stand in two parts"):
        _split(
            ["a", "b", "c", "d"],
            ["train", "tune", "test", "test"],
            groups=["x", "y", "z", "x"],
        )


def test_leak_in_a_later_fold_is_found():
    """Every fold is checked, and named."""
    parts = [["train", "train"], ["tune", "tune"], ["test", "test"], ["train", "tune"]]

    with pytest.raises(LeakageError, match="fold 'fold1'"):
        _split(["a", "b", "c", "a"], parts)


@pytest.mark.parametrize("grouping", ["near-duplicates", "pseudo-patients"])
def test_unknown_patients_are_no_leak(grouping):
    """Slices without patient id are kept apart by their group alone."""
    split = _split(
        [None, None, None],
        ["train", "tune", "test"],
        groups=["x", "y", "z"],
        grouping=grouping,
    )

    assert len(split.rows("test")) == 1


def test_every_grouping_has_words_for_pages_and_for_counts():
    """No report shows a bare key, or groups under the name of patients."""
    groupings = set(get_args(Grouping))

    assert set(GROUPING_WORDS) == set(UNIT_WORDS) == groupings
    for grouping in groupings - {"patient"}:
        assert "not by patient" in GROUPING_WORDS[grouping]
        assert UNIT_WORDS[grouping] != UNIT_WORDS["patient"]


def test_leak_ends_with_exit_status_three():
    """Scripts can tell a leak from any other failure."""
    assert LeakageError.exit_status == 3


@pytest.mark.parametrize(
    ("patients", "parts", "changes", "message"),
    [
        (["a", "b"], ["train", "test"], {}, "train, tune and test must each hold"),
        (["a", "b", "c"], ["train", "tune", "valid"], {}, "must each hold slices"),
        (["a", "b", "c"], ["train", "tune", None], {}, "must each hold slices"),
        (["a", "b", "c"], ["train", "tune", "test"], {"fold_names": ()}, "of shape"),
        ([], [], {}, "of 0 slices"),
        (
            ["a", "b", "c"],
            ["train", "tune", "test"],
            {"patient_id": np.array(["a"], dtype=object)},
            "1 patient ids",
        ),
        (
            ["a", "b", "c"],
            ["train", "tune", "test"],
            {"group": np.array(["a", None, "c"], dtype=object)},
            "every slice of a split needs a group",
        ),
        (["a", "b", "c"], ["train", "tune", "test"], {"grouping": "slice"}, "grouping"),
    ],
)
def test_what_is_no_split_is_refused(patients, parts, changes, message):
    """An empty part, an unknown one, or shapes that do not fit are errors."""
    with pytest.raises(DataError, match=message):
        _split(patients, parts, **changes)
