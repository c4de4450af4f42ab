"""Tests of label tables: what a row is about, and what cannot be known."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.importers.classes import ClassWords
from tumorscope.importers.scan_labels import read_scan_labels


@pytest.fixture
def read(tmp_path):
    """Return a function that writes a table and reads it."""

    def run(text, name="labels.csv", **words):
        (tmp_path / name).write_text(text)
        return read_scan_labels(tmp_path / name, ClassWords(**words))

    return run


def test_a_row_labels_a_patient_or_a_slice(read):
    """The columns that are there say what a row is about; ids stay text."""
    whole = read("patient_id,label,remark\n007,1,x\n8,no\n")
    single = read("series_id,slice_index,label\na,0,tumor\na,1,0\n")

    assert (whole.keys, dict(whole.labels)) == (
        ("patient_id",),
        {("007",): 1, ("8",): 0},
    )
    assert not whole.is_of_slices
    assert single.is_of_slices
    assert single.labels[single.key_of({"series_id": "a", "slice_index": 0})] == 1


def test_words_of_the_user_count(read):
    """A hospital's own words, and tabs between columns."""
    found = read("study_id\tlabel\ns\tHGG\n", name="labels.tsv", positive=("HGG",))

    assert found.labels[("s",)] == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("patient_id\na\n", "needs the column label"),
        ("slice_index,label\n0,1\n", "needs the column label, and patient_id"),
        ("patient_id,label\na,1\na,0\n", "some rows name the same patient_id"),
        ("patient_id,label\na,maybe\n", "not recognized: .'maybe'."),
        ("patient_id,label\na,\n", "not recognized"),
        ("", "not a readable table"),
    ],
)
def test_a_table_that_leaves_a_doubt_is_refused(text, reason, read):
    """Labels are never guessed."""
    with pytest.raises(DataError, match=reason):
        read(text)
