"""What an export may be asked for."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tumorscope.domain.export_spec import ExportSpec, Tolerance


def test_the_stated_tolerances_are_the_defaults():
    """1e-4 in probability; 0.5 % of decisions and 0.002 of AUROC."""
    found = Tolerance()

    assert found.probability_difference == 1e-4
    assert found.decision_change == 0.005
    assert found.auroc_change == 0.002


def test_a_name_says_runtime_and_precision():
    """It is the name that `predict --engine` takes."""
    assert ExportSpec(target="openvino", precision="int8").name == "openvino-int8"


@pytest.mark.parametrize(
    "wrong",
    [{"target": "tflite"}, {"precision": "fp16"}, {"calibration_slice": 3}],
)
def test_unknown_targets_precisions_and_keys_are_refused(wrong):
    """A misspelled setting never passes in silence."""
    with pytest.raises(ValidationError):
        ExportSpec(**({"target": "onnx"} | wrong))
