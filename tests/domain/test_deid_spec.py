"""Tests of the settings of de-identification: contradictions are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tumorscope.domain.deid_spec import DeidMode, DeidSpec


def test_the_default_is_research_with_shifted_dates():
    """What follow-up and fairness need is kept, and nothing else."""
    spec = DeidSpec()

    assert spec.mode is DeidMode.research
    assert spec.date_rule == "shift"
    assert spec.keep_characteristics
    assert not spec.retain_uids


def test_safe_harbor_reduces_dates_to_years():
    """The default of the mode is its rule."""
    assert DeidSpec(mode="safe-harbor").date_rule == "year"
    assert DeidSpec(mode="safe-harbor", dates="remove").date_rule == "remove"


@pytest.mark.parametrize(
    "settings", [{"dates": "shift"}, {"retain_uids": True}, {"retain_device": True}]
)
def test_safe_harbor_refuses_what_it_does_not_allow(settings):
    """Shifted dates, codes and device numbers are identifiers there."""
    with pytest.raises(ValidationError, match="safe-harbor"):
        DeidSpec(mode="safe-harbor", **settings)


def test_only_research_keeps_keys():
    """The other modes need no vault."""
    assert [mode for mode in DeidMode if mode.needs_vault] == [DeidMode.research]


def test_every_setting_is_documented(repository):
    """The page has each key that `--set` takes."""
    page = (repository / "docs" / "deidentification.md").read_text(encoding="utf-8")

    assert [key for key in DeidSpec.model_fields if f"`deid.{key}`" not in page] == []
