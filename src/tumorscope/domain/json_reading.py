"""Values read back from the JSON that `to_json_value` wrote."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import ValidationError

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.domain.spec import Spec

Value = TypeVar("Value")


def from_json_value(kind: type[Value], content: Any) -> Value:
    """Build a frozen value from its JSON form.

    A null where a number belongs becomes NaN: infinity and NaN are both written as null.

    Args:
        kind: A dataclass of this package whose fields are dataclasses, specs, numbers,
            texts, or tuples of these.
        content: What `json.loads` gave. Keys that the value does not know are ignored,
            missing ones need a default.

    Returns:
        The value, checked by its own constructor.

    Raises:
        DataError: If the content is that of another value.
    """
    try:
        value = _read(kind, content)
    except (TypeError, KeyError, AttributeError, ValidationError) as error:
        raise DataError(
            f"not the JSON of a {kind.__name__}: {error}; make the file again with this "
            "version"
        ) from error
    if not isinstance(value, kind):
        raise DataError(f"not the JSON of a {kind.__name__}: {type(value).__name__}")
    return value


def _read(kind: Any, content: Any) -> Any:
    if kind is MetricSet:
        return _read_metric_set(content)
    if is_dataclass(kind):
        return _read_dataclass(kind, content)
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], item) for item in content)
    if isinstance(kind, type) and issubclass(kind, Spec):
        return kind.model_validate(content)
    is_blank = kind is float and content is None
    return math.nan if is_blank else content


def _read_dataclass(kind: Any, content: Mapping[str, Any]) -> Any:
    hints = get_type_hints(kind)
    known = [field.name for field in fields(kind) if field.name in content]
    return kind(**{name: _read(hints[name], content[name]) for name in known})


def _read_metric_set(content: Mapping[str, Mapping[str, Any]]) -> MetricSet:
    return MetricSet(
        estimates=tuple(_read(MetricEstimate, each) for each in content.values()),
        draws_left_out=tuple(int(each["draws_left_out"]) for each in content.values()),
    )
