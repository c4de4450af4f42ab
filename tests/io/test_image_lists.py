"""Tables of image paths: in their order, from where they stand."""

from __future__ import annotations

import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.manifest import Manifest
from tumorscope.io.artifacts import write_manifest
from tumorscope.io.image_lists import listed_images


@pytest.mark.parametrize(("suffix", "column"), [("csv", "path"), ("parquet", "image")])
def test_paths_start_from_the_table(tmp_path, suffix, column):
    """A table moves with the files that it names, and keeps their order."""
    table = pd.DataFrame({"label": [0, 1], column: ["b/2.png", "a/1.png"]})
    path = tmp_path / f"list.{suffix}"
    table.to_csv(path) if suffix == "csv" else table.to_parquet(path)

    found = listed_images(path)

    assert [one.name for one in found] == ["b/2.png", "a/1.png"]
    assert [one.path for one in found] == [tmp_path / "b/2.png", tmp_path / "a/1.png"]


def test_a_manifest_knows_its_root(tmp_path):
    """The cohort may lie elsewhere."""
    table = pd.DataFrame({"image": ["1.png"], "source": ["test"]})
    write_manifest(
        tmp_path / "manifest.parquet",
        Manifest(table=table, root=tmp_path / "elsewhere"),
    )

    (found,) = listed_images(tmp_path / "manifest.parquet")

    assert found.path == tmp_path / "elsewhere" / "1.png"


@pytest.mark.parametrize("name", ["list.csv", "list.parquet"])
def test_a_table_that_is_none_is_one_clear_error(tmp_path, name):
    """Bytes that are no table are refused by name."""
    (tmp_path / name).write_bytes(b"\xff\xfe\x00 no table")

    with pytest.raises(DataError, match=name):
        listed_images(tmp_path / name)
