"""The base of every spec."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from pydantic import ValidationError

from tumorscope import domain
from tumorscope.domain.field_meanings import field_meanings
from tumorscope.domain.spec import Spec


class _Inner(Spec):
    size_px: int = 3
    """Side, in pixels."""


class _Outer(Spec):
    inner: _Inner = _Inner()
    """A nested spec."""


def _specs() -> list[type[Spec]]:
    for module in pkgutil.iter_modules(domain.__path__):
        importlib.import_module(f"{domain.__name__}.{module.name}")
    found, waiting = [], [Spec]
    while waiting:
        below = waiting.pop().__subclasses__()
        waiting += below
        found += [one for one in below if one.__module__.startswith(domain.__name__)]
    return found


@pytest.mark.parametrize(
    "values", [{"size": 3}, {"inner": {"sise_px": 3}}], ids=["top", "nested"]
)
def test_misspelt_key_is_refused_at_every_depth(values):
    """A key that no field has is an error, also inside a nested spec."""
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        _Outer.model_validate(values)


def test_spec_cannot_be_changed():
    """A spec is frozen, so the one saved with a result is the one that made it."""
    spec = _Outer()

    with pytest.raises(ValidationError, match="frozen"):
        spec.inner = _Inner(size_px=5)
    with pytest.raises(ValidationError, match="frozen"):
        spec.inner.size_px = 5


@pytest.mark.parametrize("spec", _specs(), ids=lambda spec: spec.__name__)
def test_every_spec_field_says_what_it_is(spec):
    """Each field of each spec of the domain has a docstring."""
    assert set(field_meanings(spec)) == set(spec.model_fields)


@pytest.mark.parametrize("spec", _specs(), ids=lambda spec: spec.__name__)
def test_every_spec_is_frozen_and_strict_about_keys(spec):
    """No spec loosens what the base promises."""
    assert spec.model_config["frozen"]
    assert spec.model_config["extra"] == "forbid"
