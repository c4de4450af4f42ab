"""Evaluation values as JSON."""

import json

import numpy as np
import pytest

from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.curves import ConfusionMatrix, RocCurve


@pytest.mark.parametrize("blank", [np.nan, np.inf, -np.inf])
def test_numbers_that_json_lacks_become_null(blank):
    """NaN and infinity are null, also inside arrays and tuples."""
    assert to_json_value((blank, np.array([1.0, blank]), np.float64(blank))) == [
        None,
        [1.0, None],
        None,
    ]


def test_values_become_mappings_of_their_attributes():
    """Dataclasses and specs keep their names; numpy scalars become numbers."""
    matrix = ConfusionMatrix(
        true_positive=np.int64(1), false_positive=2, true_negative=3, false_negative=4
    )
    curve = RocCurve(
        false_positive_rate=np.zeros(1),
        sensitivity=np.ones(1),
        threshold_probability=np.array([np.inf]),
    )

    found = to_json_value((matrix, curve, EvaluateSpec(seed=7), None, "text", True))

    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found[0]["true_positive"] == 1
    assert found[1]["threshold_probability"] == [None]
    assert found[2]["seed"] == 7
    assert found[3:] == [None, "text", True]
