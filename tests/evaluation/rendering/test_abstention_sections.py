"""Referrals and sets on the page."""

from __future__ import annotations

import pytest

from tumorscope.domain.calibration import (
    ConformalLevel,
    ConformalSets,
    ReferralRule,
)
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.abstention import measure_abstention
from tumorscope.evaluation.rendering.abstention_sections import (
    REFERRAL_WORDS,
    SET_WORDS,
    conformal_section,
    selective_section,
)
from tumorscope.pages.page import PageHead, render_page

SPEC = EvaluateSpec(bootstrap_draws=100)
CUTS = ConformalLevel(level=0.8, largest_score=(0.1, 0.1))
LACKING = ConformalLevel(level=0.95, largest_score=(None, 0.9))


@pytest.fixture
def measured(simulate, make_card):
    """Return a report and its card, with one level kept and one not promised."""
    sets = ConformalSets(
        patients=(5, 5), slices=(40, 20), levels=(CUTS, LACKING), deciding=CUTS
    )
    cards = {
        "holdout": make_card(
            conformal=sets,
            referral=ReferralRule(refer_when="either", confidence_cut=0.6),
        )
    }
    predictions = simulate(patients=20, folds=1, fold="holdout")
    return measure_abstention(predictions, cards, SPEC, grouping="patient"), cards


def test_every_figure_has_a_line(measured):
    """Tables hold all referrals, all errors by coverage, and the sites."""
    section = selective_section(*measured)

    decisions, errors, sites = section.tables
    assert len(decisions.rows) == len(REFERRAL_WORDS)
    assert [row[0] for row in errors.rows][-1].endswith("(AURC)")
    assert [row[0] for row in sites.rows] == ["site-0", "site-1"]
    assert section.plots[0].rows[-1][0] == 1
    assert "Calibration: " in " ".join(section.sentences)


def test_a_level_without_promise_is_a_limit(measured):
    """The table says why there is no figure, and a limit says it first."""
    section = conformal_section(*measured)

    leads = [limit.lead for limit in section.limits]
    assert "No promise at 95\u202f%" in leads
    assert "Sets of possible labels hold less than promised" in leads
    assert section.tables[0].columns[1:6] == tuple(SET_WORDS.values())
    assert section.tables[0].rows[0][0].endswith("(decides)")


def test_folds_do_not_repeat_their_rules(simulate, make_card):
    """With several folds, the cards tell the rules and the page counts them."""
    cards = {fold: make_card(fold=fold) for fold in ("fold-0", "fold-1")}
    report = measure_abstention(simulate(), cards, SPEC, grouping="patient")

    section = selective_section(report, cards)

    assert any("Each of the 2 folds" in sentence for sentence in section.sentences)


def test_sections_stand_on_a_page(measured):
    """Both parts are drawn, with every number and without a script."""
    head = PageHead(
        title="Test", lede="", created="2026-01-01T00:00:00+00:00", version="0"
    )

    page = render_page(
        head, [selective_section(*measured), conformal_section(*measured)]
    )

    assert 'id="label-sets"' in page
    assert "cannot be assessed: cannot be promised at 95 %" in page
    assert "<script" not in page
