"""Engines on disk: whole or not there, and never exchanged unnoticed."""

from __future__ import annotations

import json

import pytest

from tumorscope.domain.engine import EngineRecord
from tumorscope.domain.errors import BundleError
from tumorscope.domain.specs import PreprocessSpec
from tumorscope.io.engine_files import (
    file_digests,
    list_engines,
    read_engine,
    refused_parity,
    write_engine,
    write_refused,
)

FILES = {"model.onnx": b"graph", "parity.json": b"{}\n"}


def record(files=None, **more) -> EngineRecord:
    return EngineRecord(
        **{
            "target": "onnx",
            "precision": "fp32",
            "weights_digest": "0" * 64,
            "preprocess": PreprocessSpec(),
            "classes": ("no_tumor", "tumor"),
            "created": "2026-01-01T00:00:00+00:00",
            "environment": {"torch": "2.13.0"},
            "parity": "equal",
            "files": file_digests(FILES if files is None else files),
        }
        | more
    )


def test_what_is_written_is_read_back(tmp_path):
    """Record and content, and nothing half-written beside them."""
    folder = write_engine(tmp_path, record(), FILES)

    assert list_engines(tmp_path) == [record()]
    assert read_engine(tmp_path, record()) == FILES
    assert folder == tmp_path / "engines" / "onnx-fp32"
    assert [one.name for one in folder.parent.iterdir()] == ["onnx-fp32"]


def test_a_later_export_replaces_an_earlier_one_as_a_whole(tmp_path):
    """No file of the older engine survives."""
    write_engine(tmp_path, record(FILES | {"old": b""}), FILES | {"old": b""})

    folder = write_engine(tmp_path, record(), FILES)

    assert not (folder / "old").exists()
    assert len(list_engines(tmp_path)) == 1


def test_a_bundle_without_engines_has_none(tmp_path):
    """Nor does one whose export was interrupted."""
    (tmp_path / "engines" / ".onnx-fp32.1.partial").mkdir(parents=True)
    (tmp_path / "engines" / ".onnx-fp32.1.partial" / "engine.json").write_text("{}")

    assert list_engines(tmp_path) == []
    assert list_engines(tmp_path / "absent") == []


def test_a_record_of_other_files_is_not_written(tmp_path):
    """Digest and content go together from the start."""
    with pytest.raises(BundleError, match="does not belong"):
        write_engine(tmp_path, record(), {"model.onnx": b"else"})

    assert list_engines(tmp_path) == []


@pytest.mark.parametrize("edit", ["changed", "missing"])
def test_a_changed_or_missing_file_is_refused(tmp_path, edit):
    """Every file is checked each time."""
    folder = write_engine(tmp_path, record(), FILES)
    if edit == "changed":
        (folder / "model.onnx").write_bytes(b"grapH")
    else:
        (folder / "model.onnx").unlink()

    with pytest.raises(BundleError, match="run `tumorscope export` again"):
        read_engine(tmp_path, record())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "newer than this version"),
        ({"target": "tflite"}, "damaged or foreign"),
        ({"precision": "int8"}, "record of another folder"),
        ({"files": {"../card.json": "0"}}, "record of another folder"),
        (None, "damaged record"),
    ],
)
def test_a_damaged_or_foreign_record_is_refused(tmp_path, change, message):
    """Nothing outside the engine's folder is ever read through it."""
    path = write_engine(tmp_path, record(), FILES) / "engine.json"
    content = json.loads(path.read_text())
    path.write_text("{" if change is None else json.dumps(content | change))

    with pytest.raises(BundleError, match=message):
        list_engines(tmp_path)


def test_a_refused_comparison_is_kept_until_an_engine_is(tmp_path):
    """What failed can be looked at; a success clears it."""
    path = write_refused(tmp_path, "onnx-fp32", {"slices": 3})

    assert json.loads(path.read_text()) == {"slices": 3}
    assert list_engines(tmp_path) == []
    write_engine(tmp_path, record(), FILES)
    assert not refused_parity(tmp_path, "onnx-fp32").exists()
