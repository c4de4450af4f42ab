"""The manifest: one table, a row for each slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.manifest import MAX_SHOWN, Manifest
from tumorscope.domain.manifest_columns import COLUMNS

ROOT = Path("cohort")


def _table(**columns) -> pd.DataFrame:
    values = {
        "image": ["a.png", "b.png", "c.png"],
        "source": "test",
        "label": [0, 1, 0],
    }
    return pd.DataFrame(values | columns)


def _manifest(**columns) -> Manifest:
    return Manifest(table=_table(**columns), root=ROOT)


def test_unknown_columns_become_nulls_and_never_guesses():
    """A column that the source does not know is there, and empty."""
    table = _manifest().table

    assert list(table.columns) == list(COLUMNS)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(COLUMNS)
    assert table["patient_id"].isna().all()
    assert table["age_years"].isna().all()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"image": [None, "b", "c"]}, "value in .'image'."),
        ({"source": None}, "value in .'source'."),
        ({"label": [0, 2, 1]}, "label must be 0 or 1: 1 rows differ: b.png"),
        ({"label": ["no", "yes", "no"]}, "column 'label' must hold Int64"),
        ({"label": [0.5, 1, 0]}, "column 'label' must hold Int64"),
        ({"frame": [-1, 0, 0]}, "frame must not be negative: .* a.png"),
        (
            {"slice_index": [0, 1, 2], "slice_count": [2, 2, 2]},
            "slice_index must be from 0 to slice_count - 1: .* c.png",
        ),
        ({"slice_index": [0, -1, None]}, "slice_index must be .* b.png"),
        ({"age_years": [30, 131, None]}, "age_years must be from 0 to 130: .* b.png"),
        ({"age_years": [30, float("inf"), None]}, "age_years must be from 0 to 130"),
        ({"image": ["a", "a", "b"], "label": 1}, "duplicate rows for 1 images: a"),
        ({"image": ["a", "a", "b"]}, "contradicting labels for 1 images: a"),
        ({"image": ["a", "a", "b"], "label": [1, None, 1]}, "contradicting labels"),
        ({"image": ["/etc/a", "b", "c"]}, "'image' lead outside the source: /etc/a"),
        ({"image": ["x/../../a", "b", "c"]}, "'image' lead outside the source"),
        ({"image": ["C:\\a", "b", "c"]}, "'image' lead outside the source"),
        (
            {"mask": [None, "../m.png", None]},
            "'mask' lead outside the source: ../m.png",
        ),
    ],
)
def test_what_cannot_be_true_is_refused_by_name(columns, message):
    """Each error says what is wrong and which rows are meant."""
    with pytest.raises(DataError, match=message):
        _manifest(**columns)


def test_unknown_column_is_refused_with_the_known_ones():
    """A misspelt column is an error and not silently left out."""
    with pytest.raises(
        ConfigError, match=r"unknown manifest columns .'patient'.*patient_id"
    ):
        _manifest(patient="p1")


def test_manifest_without_rows_is_refused():
    """A cohort has slices."""
    with pytest.raises(DataError, match="a manifest needs rows"):
        Manifest(table=_table().iloc[:0], root=ROOT)


def test_long_lists_are_cut():
    """A message names the first files and counts the others."""
    names = [f"{index}.png" for index in range(MAX_SHOWN + 5)]
    table = pd.DataFrame({"image": names, "source": "test", "label": 7})

    with pytest.raises(DataError, match=r"19\.png and 5 more"):
        Manifest(table=table, root=ROOT)


def test_frames_of_one_file_are_different_slices():
    """A multi-frame file has several rows, each with a label of its own."""
    manifest = _manifest(image="a.tif", frame=[0, 1, 2])

    assert len(manifest) == 3


def test_duplicates_inside_one_file_are_told_by_frame():
    """Two frames with different labels do not contradict; a repeated one is a duplicate."""
    with pytest.raises(DataError, match="duplicate rows"):
        Manifest(
            table=pd.DataFrame(
                {
                    "image": "a.tif",
                    "source": "test",
                    "frame": [0, 0, 1, 1],
                    "label": [0, 0, 1, 1],
                }
            ),
            root=ROOT,
        )


def test_digest_changes_with_any_cell():
    """No value of any column can change without the digest changing."""
    filled = {
        "str": ["x", "y", "z"],
        "Int64": [0, 1, 1],
        "float64": [1.0, 2.0, 3.0],
    }
    columns = {
        name: filled[dtype]
        for name, dtype in COLUMNS.items()
        if name not in {"image", "slice_count"}
    }
    before = _manifest(**columns, slice_count=[9, 9, 9])
    digests = {before.digest}

    for name, dtype in COLUMNS.items():
        changed = before.table.copy()
        changed.loc[2, name] = (
            "w" if dtype == "str" else 0 if name != "slice_count" else 8
        )
        digests.add(Manifest(table=changed, root=ROOT).digest)

    assert len(digests) == 1 + len(COLUMNS)


def test_null_differs_from_an_empty_text():
    """A missing site is not a site without a name."""
    blank, null = _manifest(site=["", "a", "a"]), _manifest(site=[None, "a", "a"])

    assert blank.digest != null.digest


def test_digest_covers_the_table_and_not_where_it_lies():
    """A cohort that is moved, or whose columns come in another order, stays the same."""
    moved = Manifest(
        table=_table()[["label", "source", "image"]], root=Path("elsewhere")
    )

    assert moved.digest == _manifest().digest
    assert moved.digest != _manifest().subset([1, 0, 2]).digest


def test_labels_need_every_label():
    """An unknown label is an error where labels are needed, never a zero."""
    np.testing.assert_array_equal(_manifest().labels, [0, 1, 0])

    with pytest.raises(DataError, match="1 of 3 slices have no label"):
        _ = _manifest(label=[0, None, 1]).labels


def test_sequences_are_shared_by_all_slices():
    """Slices with different sequences cannot be one cohort."""
    assert _manifest(sequences="t1,flair,t1c").sequences == ("t1", "flair", "t1c")
    assert _manifest().sequences == ()

    with pytest.raises(DataError, match="slices with different sequences"):
        _ = _manifest(sequences=["t1", "t2", "t1"]).sequences


def test_patients_are_known_only_if_all_are():
    """One slice without a patient is enough to fall back on near-duplicates."""
    assert _manifest(patient_id=["p", "p", "q"]).has_patients
    assert not _manifest(patient_id=["p", None, "q"]).has_patients


def test_paths_start_from_the_root():
    """Image and mask are found below the root; a slice without mask has None."""
    manifest = _manifest(mask=["m/a.png", None, None])

    assert manifest.image_path(1) == ROOT / "b.png"
    assert manifest.mask_path(0) == ROOT / "m" / "a.png"
    assert manifest.mask_path(1) is None


def test_subset_keeps_the_order_asked_for():
    """Rows come in the order of the request."""
    assert _manifest().subset([2, 0]).table["image"].tolist() == ["c.png", "a.png"]


def test_columns_that_came_later_change_no_digest():
    """A run that was stored before them is still the same run."""
    table = pd.DataFrame(
        {
            "image": ["a.png", "b.png"],
            "source": "test",
            "label": [0, 1],
            "patient_id": ["p", None],
            "age_years": [40.5, None],
            "slice_index": [0, 1],
            "slice_count": [2, 2],
        }
    )

    old = Manifest(table=table, root=ROOT)
    new = Manifest(table=table.assign(orientation="LPS"), root=ROOT)

    # Computed by the version without these columns.
    assert old.digest == (
        "bb515b9e54e7ea2099725371aef202066f2fc62e8a26acec4020e283324860c6"
    )
    assert new.digest != old.digest
