"""Values as what JSON can hold."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from tumorscope.domain.estimates import MetricSet
from tumorscope.domain.spec import Spec


def to_json_value(value: Any) -> Any:
    """Turn a value of this package into dicts, lists, strings, numbers and nulls.

    A NaN or infinite number becomes null: the reason stands beside it in the value.

    Args:
        value: A frozen value, a spec, an array, a tuple, a number, a string or None.

    Returns:
        What `json.dumps(..., allow_nan=False)` accepts. A `MetricSet` becomes a mapping
        from the metric's name to its estimate and `draws_left_out`.
    """
    if isinstance(value, MetricSet):
        value = _metric_set(value)
    elif isinstance(value, Spec):
        value = value.model_dump(mode="json")
    elif is_dataclass(value):
        value = {each.name: getattr(value, each.name) for each in fields(value)}
    elif isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: to_json_value(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json_value(item) for item in value]
    is_blank = isinstance(value, float) and not math.isfinite(value)
    return None if is_blank else value


def _metric_set(metrics: MetricSet) -> dict[str, Any]:
    pairs = zip(metrics.estimates, metrics.draws_left_out, strict=True)
    return {
        estimate.name: to_json_value(estimate) | {"draws_left_out": left_out}
        for estimate, left_out in pairs
    }
