"""Figures read out of the JSON that other commands left behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.json_reading import from_json_value

JsonObject = Mapping[str, Any]
_ESTIMATE_KEYS = {"value", "low", "high", "level", "resampled"}
_COUNT_KEYS = ("n_slices", "n_patients")
_NAMES = ("name", "method", "measure", "text", "artifact")


def figure_at(content: JsonObject | None, *path: str) -> MetricEstimate | None:
    """Return the estimate at a place of a JSON object, or None where there is none.

    Args:
        content: What a command wrote; None where it did not run.
        path: Keys from the outside inwards.

    Raises:
        DataError: If something else than an estimate stands there.
    """
    found: Any = content
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return None if found is None else read_estimate(found)


def read_estimate(content: JsonObject, **defaults: Any) -> MetricEstimate:
    """Build an estimate from its JSON form.

    Args:
        content: The estimate as it was written.
        defaults: Fields that its writer left to the object around it, such as n.

    Raises:
        DataError: If a field is missing.
    """
    return from_json_value(MetricEstimate, defaults | dict(content))


def named_figures(content: Any) -> Iterator[tuple[str, MetricEstimate]]:
    """Walk through JSON and yield every estimate with the names on the way to it.

    A block whose layout this version does not know is shown in full rather than not at
    all. An estimate without n of its own takes that of the object around it; one that has
    none at all is left out, because no figure is shown without n.
    """
    yield from _walk(content, (), {})


def _walk(
    content: Any, names: tuple[str, ...], around: JsonObject
) -> Iterator[tuple[str, MetricEstimate]]:
    if isinstance(content, Mapping):
        counts = {key: content[key] for key in _COUNT_KEYS if content.get(key)}
        known = {**around, **counts}
        if set(content) >= _ESTIMATE_KEYS:
            if set(known) >= set(_COUNT_KEYS) or content.get("reason"):
                defaults = dict.fromkeys(_COUNT_KEYS, 0) | {"name": " ".join(names)}
                yield " · ".join(names), read_estimate(content, **defaults | known)
            return
        for key, inner in content.items():
            yield from _walk(inner, (*names, _words(key)), known)
    elif isinstance(content, Sequence) and not isinstance(content, str):
        for number, inner in enumerate(content, start=1):
            yield from _walk(inner, (*names, _name_of(inner, number)), around)


def _words(key: str) -> str:
    return str(key).replace("_", " ")


def _name_of(item: Any, number: int) -> str:
    if isinstance(item, Mapping):
        for key in _NAMES:
            if isinstance(item.get(key), str) and item[key]:
                return _words(item[key])
    return str(number)
