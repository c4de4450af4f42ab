"""Which engine scores, and what a user is told of the choice."""

from __future__ import annotations

import pytest

from tumorscope.domain.engine import EngineRecord
from tumorscope.domain.errors import ConfigError
from tumorscope.domain.specs import PreprocessSpec
from tumorscope.inference.engines import choose_engine

BOTH = ("openvino", "onnx")


def record(target: str, precision: str, waiver: str = "") -> EngineRecord:
    return EngineRecord(
        target=target,
        precision=precision,
        weights_digest="0" * 64,
        preprocess=PreprocessSpec(),
        classes=("no_tumor", "tumor"),
        created="2026-01-01T00:00:00+00:00",
        environment={},
        parity=f"{target}-{precision} against torch",
        waiver=waiver,
        files={},
    )


def chosen(records, wanted="auto", installed=BOTH):
    found = choose_engine(records, wanted, installed=installed).record
    return None if found is None else found.name


def test_the_fastest_runtime_comes_first_and_its_most_exact_engine():
    """Speed is the runtime's; a reduced precision is taken only by name or alone."""
    records = [
        record("onnx", "fp32"),
        record("openvino", "int8"),
        record("openvino", "fp32"),
    ]

    assert chosen(records) == "openvino-fp32"
    assert chosen(records, installed=("onnx",)) == "onnx-fp32"
    assert chosen(records[:2]) == "openvino-int8"
    assert chosen(records, "onnx") == "onnx-fp32"
    assert chosen(records, "openvino-int8") == "openvino-int8"
    assert chosen(records, "torch") is None


def test_without_an_exported_engine_torch_scores():
    """A bundle works as before, and the answer says what scored."""
    choice = choose_engine([], "auto", installed=BOTH)

    assert choice.record is None
    assert choice.note == "engine: torch"


def test_an_engine_beyond_its_tolerance_runs_only_by_its_full_name():
    """A waiver is somebody's decision for one use, not a default for all."""
    records = [record("openvino", "int8", waiver="screening study only")]

    assert chosen(records) is None
    with pytest.raises(ConfigError, match="not named in full"):
        choose_engine(records, "openvino", installed=BOTH)
    choice = choose_engine(records, "openvino-int8", installed=BOTH)
    assert choice.note.endswith("kept beyond its tolerance: screening study only")


def test_a_missing_runtime_is_told_and_never_passed_over():
    """The fall-back to torch says why; a named engine is an error."""
    records = [record("openvino", "fp32")]

    choice = choose_engine(records, "auto", installed=())

    assert choice.record is None
    assert "pip install 'tumorscope[openvino]'" in choice.note
    with pytest.raises(ConfigError, match=r"pip install 'tumorscope\[openvino\]'"):
        choose_engine(records, "openvino", installed=())


def test_an_engine_that_was_not_exported_is_an_error_with_the_command():
    """The message lists what is there."""
    records = [record("onnx", "fp32")]

    with pytest.raises(ConfigError, match=r"engines: onnx-fp32.*--to openvino --prec"):
        choose_engine(records, "openvino-int8", installed=BOTH)
    with pytest.raises(ConfigError, match="unknown; choose one of auto, torch"):
        choose_engine(records, "tensorrt", installed=BOTH)
