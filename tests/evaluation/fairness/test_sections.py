"""Groups of patients on a page, in words and tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.evaluation.fairness.comparison import measure_fairness
from tumorscope.evaluation.fairness.encoding import EncodingProbe
from tumorscope.evaluation.fairness.sections import (
    fairness_limits,
    fairness_section,
    fairness_sections,
)
from tumorscope.evaluation.fairness.words import describe_attribute, summarize_report
from tumorscope.pages.page import PageHead, render_page


@pytest.fixture
def report(simulate, make_scored, by_patient):
    """Return the report of a small cohort: sex and site are known, scanner is not."""
    table = simulate(patients=20, slices=9, folds=1).table
    sexes = by_patient(table, ["code 1", "code 2", "code 2"])
    areas = np.where(table["label"] == 1, 500.0, np.nan)
    scored = make_scored(table, columns={"sex": sexes}, areas_px=areas)
    rules = FairnessSpec(groups=("sex", "site", "scanner"), permutations=1000)
    found = measure_fairness(scored, rules, grouping="patient")
    return replace(found, probes_reason="the probe was switched off")


def _head():
    return PageHead(
        title="Groups", lede="", created="2026-01-01T00:00:00+00:00", version="0"
    )


def test_what_cannot_be_assessed_is_said_first(report):
    """A missing column stands among the limits and in its own part."""
    limits = fairness_limits(report)
    sections = {one.name: one for one in fairness_sections(report)}

    assert any("Nothing is said of: scanner" in limit.text for limit in limits)
    assert sections["by-scanner"].status == "cannot be assessed"
    assert sections["by-scanner"].sentences == (
        "scanner cannot be assessed: no `scanner`.",
    )
    assert sections["encoding"].sentences == (
        "Cannot be assessed: the probe was switched off.",
    )


def test_no_gap_is_never_called_fair(report):
    """The words for "nothing found" say what that does not mean."""
    text = " ".join(summarize_report(report))

    assert "none of them lie beyond chance" in text
    assert "no sign that groups are treated alike" in text
    assert "unbiased" not in text
    assert "The lowest AUROC of 3 groups with at least 10 patients" in text


def test_a_gap_beyond_chance_is_named(report):
    """The sentence has gap, interval, groups, n, null and p."""
    sex = report.attributes[0]
    gaps = tuple(
        replace(gap, p=0.001, p_holm=0.004) if gap.measure == "auroc" else gap
        for gap in sex.gaps
    )
    changed = replace(report, attributes=(replace(sex, gaps=gaps),))

    text = " ".join(summarize_report(changed))

    assert "1 of them lies beyond chance" in text
    assert "a gap beyond chance (p 0.001, after Holm 0.004)" in text


def test_codes_stay_codes(report):
    """No meaning is guessed for the codes of a source."""
    sentences = describe_attribute(report.attributes[0])

    assert any("codes stay codes" in one for one in sentences)
    names = [group.name for group in report.attributes[0].groups]
    assert names == ["code 1", "code 2"]


def test_every_row_has_its_patients(report):
    """Each table of groups counts them, and each gap has its interval and null."""
    sections = {one.name: one for one in fairness_sections(report)}

    who, figures, gaps = sections["by-sex"].tables
    assert [row[1] for row in who.rows] == [7, 13]
    assert figures.columns == ("Figure", "code 1", "code 2")
    assert [cell.n_patients for cell in figures.rows[0][1:]] == [7, 13]
    assert len(figures.rows) == 10
    assert [row[1].n_patients for row in gaps.rows] == [20] * 11
    assert [row[-1] for row in gaps.rows].count("not tested") == len(gaps.rows) - 2


def test_probes_stand_beside_the_trivial_answer(report, estimate):
    """Network and input statistics in neighboring rows, sizes of the groups beside."""
    probe = EncodingProbe(
        attribute="site",
        features="network",
        groups=("a", "b"),
        group_sizes=(10, 10),
        n_networks=1,
        auroc=estimate(0.9, "macro_auroc"),
        p=0.01,
    )
    blank = estimate(0, "macro_auroc", reason="no `sex`")
    missing = replace(
        probe, attribute="sex", groups=(), group_sizes=(), auroc=blank, p=float("nan")
    )

    section = fairness_sections(replace(report, probes=(probe, missing)))[-1]

    assert section.status == ""
    assert section.tables[0].rows[0][2] == "a 10, b 10"
    assert section.tables[0].rows[1][2] == "cannot be assessed"


def test_the_page_can_be_drawn(report):
    """All parts together make one page, and the short part fits into a report."""
    page = render_page(_head(), [*fairness_sections(report)])
    short = render_page(_head(), [fairness_section(report)])

    assert "cannot be assessed: no <code>scanner</code>" in page
    assert "Gaps between groups" in page
    assert "Groups of patients" in short
    assert 'id="groups-sensitivity-plot"' in short
