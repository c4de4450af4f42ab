"""Files of a run: each written whole or not at all."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError, LeakageError
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.predictions import PREDICTION_COLUMNS, Predictions
from tumorscope.domain.run_record import RunRecord
from tumorscope.domain.specs import RunSpec
from tumorscope.domain.split import Split
from tumorscope.io.artifacts import (
    read_json,
    read_manifest,
    read_predictions,
    read_record,
    read_split,
    split_digest,
    write_manifest,
    write_predictions,
    write_record,
    write_split,
)
from tumorscope.io.whole_files import write_json


def _manifest(*, patients: bool = True) -> Manifest:
    table = pd.DataFrame(
        {
            "image": [f"{row}.png" for row in range(6)],
            "source": "test",
            "label": [0, 1, 0, 1, None, 0],
            "patient_id": ["a", "a", "b", "b", "c", "c"] if patients else None,
            "age_years": [31.5, 31.5, None, None, 60, 60],
            "mask": [None, "m/1.png", None, "m/3.png", None, None],
        }
    )
    return Manifest(table=table, root=Path("cohort"))


def _split(manifest: Manifest) -> Split:
    patient = manifest.table["patient_id"]
    return Split(
        manifest_digest=manifest.digest,
        grouping="patient" if manifest.has_patients else "near-duplicates",
        patient_id=patient.astype(object).where(patient.notna(), None).to_numpy(),
        group=np.array(["a", "a", "b", "b", "c", "c"], dtype=object),
        part=np.array(
            [["train", "test"]] * 2 + [["tune", "train"]] * 2 + [["test", "tune"]] * 2,
            dtype=object,
        ),
        fold_names=("fold0", "fold1"),
        seed=3,
    )


def _edited(path: Path, edit) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def test_manifest_comes_back_with_its_root(tmp_path):
    """Parquet keeps every null, every dtype and the digest."""
    manifest = _manifest()

    write_manifest(tmp_path / "manifest.parquet", manifest)
    read = read_manifest(tmp_path / "manifest.parquet")

    pd.testing.assert_frame_equal(read.table, manifest.table)
    assert read.digest == manifest.digest
    assert read.root == manifest.root.resolve()
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.parquet"]


def test_manifest_can_be_read_from_another_root(tmp_path):
    """A cohort that was moved is found by telling where it lies now."""
    write_manifest(tmp_path / "manifest.parquet", _manifest())

    read = read_manifest(tmp_path / "manifest.parquet", root=Path("moved"))

    assert read.root == Path("moved")


@pytest.mark.parametrize("reader", [read_manifest, read_predictions])
@pytest.mark.parametrize("content", [None, b"", b"PAR1 no more than that"])
def test_table_that_is_none_is_a_data_error(tmp_path, reader, content):
    """A missing or damaged Parquet file is named."""
    path = tmp_path / "table.parquet"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError, match=r"table\.parquet: no"):
        reader(path)


def test_foreign_parquet_is_no_manifest(tmp_path):
    """A table that another program wrote is not taken for a manifest."""
    pd.DataFrame({"image": ["a"], "source": "x"}).to_parquet(tmp_path / "t.parquet")

    with pytest.raises(DataError, match="not a manifest that tumorscope wrote"):
        read_manifest(tmp_path / "t.parquet")


def test_predictions_come_back(tmp_path):
    """Scores keep all their digits."""
    values = dict.fromkeys(PREDICTION_COLUMNS)
    values |= {"image": ["a", "b"], "logit": [1 / 3, math.pi]}
    values |= {"tumor_probability": [0.1 + 0.2, 0.5]}
    predictions = Predictions(table=pd.DataFrame(values))

    write_predictions(tmp_path / "p.parquet", predictions)

    pd.testing.assert_frame_equal(
        read_predictions(tmp_path / "p.parquet").table, predictions.table
    )


@pytest.mark.parametrize("patients", [True, False])
def test_split_comes_back(tmp_path, patients):
    """JSON holds groups, rows and parts of every fold."""
    manifest = _manifest(patients=patients)
    split = _split(manifest)

    write_split(tmp_path / "split.json", split)
    read = read_split(tmp_path / "split.json", manifest)

    for name in ("patient_id", "group", "part"):
        np.testing.assert_array_equal(getattr(read, name), getattr(split, name))
    assert (read.fold_names, read.grouping, read.seed, read.manifest_digest) == (
        split.fold_names,
        split.grouping,
        split.seed,
        split.manifest_digest,
    )


def test_split_file_with_a_moved_slice_is_refused_as_a_leak(tmp_path):
    """Moving one slice of a patient to another part by hand cannot pass."""
    manifest = _manifest()
    write_split(tmp_path / "split.json", _split(manifest))

    def move(content) -> None:
        content["groups"][0]["rows"].remove(1)
        content["groups"].append(
            {"group": "new", "rows": [1], "parts": ["test", "test"]}
        )

    _edited(tmp_path / "split.json", move)

    with pytest.raises(LeakageError, match="1 of 3 patients"):
        read_split(tmp_path / "split.json", manifest)


def test_split_file_with_a_torn_group_is_refused_as_a_leak(tmp_path):
    """Without patient ids, a near-duplicate group in two parts is a leak as well."""
    manifest = _manifest(patients=False)
    write_split(tmp_path / "split.json", _split(manifest))

    def tear(content) -> None:
        content["groups"][0]["rows"].remove(1)
        content["groups"].append({"group": "a", "rows": [1], "parts": ["test", "test"]})

    _edited(tmp_path / "split.json", tear)

    with pytest.raises(LeakageError, match="1 of 3 groups"):
        read_split(tmp_path / "split.json", manifest)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda content: content.update(format=9), "split format 9"),
        (lambda content: content.update(manifest_digest="x"), "another manifest"),
        (lambda content: content.pop("groups"), "damaged split: KeyError"),
        (
            lambda content: content["groups"].pop(),
            "every slice of a split needs a group",
        ),
        (
            lambda content: content["groups"][0].update(rows=[99]),
            "damaged split: IndexError",
        ),
        (lambda content: content["groups"][0].update(parts=["test"] * 3), "damaged"),
        (lambda content: content.update(grouping="slice"), "grouping"),
    ],
)
def test_damaged_split_file_is_a_data_error(tmp_path, edit, message):
    """A split that does not fit its manifest is never used."""
    manifest = _manifest()
    write_split(tmp_path / "split.json", _split(manifest))
    _edited(tmp_path / "split.json", edit)

    with pytest.raises(DataError, match=message):
        read_split(tmp_path / "split.json", manifest)


def test_split_digest_changes_with_the_split(tmp_path):
    """The fingerprint in a bundle tells two splits apart."""
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    write_split(first, _split(_manifest()))
    write_split(second, _split(_manifest()))
    assert split_digest(first) == split_digest(second)

    _edited(second, lambda content: content.update(seed=4))

    assert split_digest(first) != split_digest(second)


def test_json_has_no_nan(tmp_path):
    """What cannot be assessed is null; a NaN would be no JSON."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "report.json", {"auroc": math.nan})

    assert list(tmp_path.iterdir()) == []


def test_json_that_is_none_is_a_data_error(tmp_path):
    """Missing and damaged are told apart."""
    (tmp_path / "bad.json").write_text("{")

    with pytest.raises(DataError, match="damaged JSON"):
        read_json(tmp_path / "bad.json")
    with pytest.raises(DataError, match="cannot be read"):
        read_json(tmp_path / "none.json")


def test_run_record_comes_back(tmp_path):
    """run.json is read as it was written; a foreign folder is told how to become a run."""
    record = RunRecord(
        name="run",
        spec=RunSpec(),
        importer="folder",
        root="cohort",
        manifest_digest="0" * 64,
    )
    path = tmp_path / "run.json"

    with pytest.raises(ConfigError, match=r"not a run folder.*tumorscope prepare"):
        read_record(path)
    write_record(path, record)
    assert read_record(path) == record
    path.write_text('{"name": "run"}')
    with pytest.raises(DataError, match="damaged run record"):
        read_record(path)
