"""Settings of probes and canary."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tumorscope.domain.shortcut_spec import CanarySpec, ShortcutSpec


def test_defaults_can_reach_significance():
    """The smallest p that the permutations allow, ten gates counted, is below the limit."""
    spec = ShortcutSpec()

    assert 10 / (spec.permutations + 1) < spec.max_p


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (ShortcutSpec, "permutations", 50),
        (ShortcutSpec, "min_gain", 0.5),
        (ShortcutSpec, "folds", 1),
        (CanarySpec, "relabellings", 19),
        (CanarySpec, "level", 1.0),
    ],
)
def test_settings_that_prove_nothing_are_refused(kind, field, value):
    """Too few permutations or relabelings cannot carry a verdict."""
    with pytest.raises(ValidationError):
        kind(**{field: value})
