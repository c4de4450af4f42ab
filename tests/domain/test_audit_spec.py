"""Tests of the audit's settings: what cannot be read is refused before the work."""

from __future__ import annotations

import pytest

from tumorscope.domain.audit_spec import AuditSpec
from tumorscope.domain.specs import RunSpec


def test_every_run_carries_how_it_is_audited():
    """The section `audit` of a settings file, with its own subsections."""
    spec = RunSpec.model_validate({"audit": {"shortcuts": {"permutations": 99}}})

    assert spec.audit.shortcuts.permutations == 99
    assert spec.audit.max_p == AuditSpec().max_p


@pytest.mark.parametrize(
    "change",
    [{"groups": ("color",)}, {"lesion_edges_px": (5.0, 5.0)}, {"lesion_edges_px": ()}],
)
def test_groups_and_edges_that_cannot_be_read_are_refused(change):
    """A misspelled column is an error before an hour of work, not after."""
    with pytest.raises(ValueError, match=r"no column of patients|that rise"):
        AuditSpec.model_validate(change)
