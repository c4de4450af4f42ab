"""The whole card, as a page and as Markdown."""

from __future__ import annotations

import pytest

from tumorscope.domain.calibration import ConformalLevel, ConformalSets
from tumorscope.model_card.document import compose_card
from tumorscope.model_card.facts import CardFacts
from tumorscope.model_card.markdown import render_markdown
from tumorscope.pages.page import render_page


@pytest.fixture
def compose():
    """Return a function that composes the card of a source."""
    return lambda source: compose_card(
        source, created="2026-01-01T00:00:00+00:00", version="0.1.0"
    )


def _section(card, name):
    return next(each for each in card.sections if each.name == name)


def _cells(section):
    return [cell for table in section.tables for row in table.rows for cell in row]


def test_every_block_without_its_file_names_the_command(make_source, compose):
    """Nothing that was not measured is blank."""
    card = compose(make_source())

    for name, command in (
        ("audit", "audit RUN"),
        ("figures", "evaluate RUN"),
        ("calibration", "evaluate RUN"),
        ("abstention", "evaluate RUN"),
        ("groups", "fairness RUN"),
        ("robustness", "robustness RUN"),
        ("explanations", "explain RUN"),
    ):
        words = " ".join(_section(card, name).sentences)
        assert f"run `tumorscope {command}`" in words, name
    assert card.head.headline == ()


def test_section_names_differ_and_every_checklist_has_one(make_source, compose):
    """Each part of the page can be linked to."""
    card = compose(make_source())

    names = [each.name for each in (*card.sections, *card.checklist_sections)]
    assert len(set(names)) == len(names)
    assert names[-2:] == ["claim-2024", "tripod-ai"]


def test_markdown_begins_with_the_limits(make_source, compose):
    """The first paragraph below the title is what the data can show."""
    card = compose(make_source())

    lines = render_markdown(card.head, card.sections).splitlines()

    assert lines[0] == "# Model card: run"
    assert lines[2].startswith("**What the data can show.** csv: 340 slices")


def test_text_of_users_opens_no_tag_and_breaks_no_table(make_source, compose):
    """A fact is shown as text in both forms."""
    facts = CardFacts(license="<script>a|b</script>\nnext")
    card = compose(make_source(facts=facts))

    markdown = render_markdown(card.head, card.sections)
    html = render_page(card.head, card.sections)

    assert r"&lt;script>a\|b&lt;/script> next" in markdown
    assert "<script>" not in html


def test_figures_stand_with_interval_and_n(make_source, make_report, compose):
    """Markdown shows each figure as the page does."""
    card = compose(make_source(report=make_report()))

    text = render_markdown(card.head, card.sections)

    assert "| AUROC | 0.90 [0.80, 0.95]; n = 80 slices, 8 patients |" in text
    assert [each.label for each in card.head.headline] == [
        "AUROC",
        "Sensitivity",
        "Specificity",
        "Calibration error",
    ]


def test_waived_gate_keeps_its_reason_in_the_table(make_source, waived, compose):
    """The reason of a waiver stands beside what the gate found."""
    section = _section(compose(make_source(audit=waived)), "audit")

    assert section.status == "waived"
    assert section.tables[0].rows[1] == (
        "border",
        "waived",
        "Borders tell labels.",
        "known, and masked before training",
    )


def test_maps_are_not_trusted_without_a_randomization_check(
    make_source, make_figure, compose
):
    """Maps that were never checked are called so, and stand beside the trivial ones."""
    bare = {k: v for k, v in make_figure(0.2, 0.1, 0.3).items() if k[:2] != "n_"}
    high = bare | {"value": 0.6, "low": 0.5, "high": 0.7}
    methods = [
        {
            "method": name,
            "rule": "map above 0.1",
            "n_slices": 24,
            "n_patients": 8,
            "pointing": pointing,
            "dice": bare,
        }
        for name, pointing in (("cam", bare), ("brightness", high))
    ]
    scores = {"reason": "", "methods": methods}

    unchecked = _section(
        compose(make_source(explanations={"localization": scores})), "explanations"
    )
    checked = _section(
        compose(
            make_source(
                explanations={
                    "localization": scores,
                    "quality": {"randomization_rho": make_figure(0.1, 0.0, 0.2)},
                }
            )
        ),
        "explanations",
    )

    assert "not above the trivial map “brightness”" in unchecked.sentences[1]
    assert "not to be trusted as reasons" in unchecked.sentences[2]
    assert "table below has the weight-randomization check" in checked.sentences[2]
    assert "randomization rho" in _cells(checked)


def test_maps_that_failed_the_check_are_named(make_source, make_figure, compose):
    """The card says which maps are not to be trusted, with the figure that decided."""
    names = (
        "randomized_rank_correlation",
        "noise_ssim",
        "precision",
        "mass_outside_brain",
        "highlighted_on_tumor_free",
        "deletion",
    )
    figures = [make_figure(0.5, 0.4, 0.6) | {"name": name} for name in names]
    methods = [
        {"method": method, "verdict": verdict, "figures": figures, "groups": []}
        for method, verdict in (("grad_cam", "failed"), ("occlusion", "passed"))
    ]

    section = _section(
        compose(
            make_source(explanations={"quality": {"report": {"methods": methods}}})
        ),
        "explanations",
    )

    text = " ".join(section.sentences)
    assert "Not to be trusted: grad cam." in text
    assert "Passed the weight-randomization check: occlusion." in text
    (table,) = section.tables
    assert [row[:2] for row in table.rows] == [
        ("grad_cam", "failed"),
        ("occlusion", "passed"),
    ]


def test_gap_stands_beside_its_null(make_source, make_figure, compose):
    """A gap is never shown without the gap that chance would show."""
    gap = {
        "measure": "auroc",
        "estimate": make_figure(0.1, 0.02, 0.3),
        "highest": "F",
        "lowest": "M",
        "null_high": 0.25,
        "p_holm": 0.4,
    }
    report = {
        "attributes": [
            {"name": "sex", "reason": "", "gaps": [gap]},
            {"name": "scanner", "reason": "no `scanner`", "gaps": [gap]},
        ],
        "sizes": {"strata": []},
        "n_tests": 2,
    }

    section = _section(compose(make_source(fairness={"report": report})), "groups")

    [row] = section.tables[0].rows
    assert row[0] == "sex: AUROC"
    assert row[2:] == ("F, M", "0.250", "0.400")
    assert "scanner cannot be assessed: no `scanner`." in section.sentences


def test_referrals_and_promises_stand_on_the_card(
    make_source, make_card, make_report, compose
):
    """A level that too few patients can promise is said not to be promised."""
    level = ConformalLevel(level=0.95, largest_score=(0.9, None))
    figure = make_report()["ranking"]["auroc"]
    abstention = {
        "referrals": {"referral_rate": figure},
        "selective": {"metrics": {"aurc": figure}},
        "sets": [{"level": 0.95, "metrics": {"one_label": figure}}],
        "sets_across_folds": [],
    }
    source = make_source(
        cards=(make_card(conformal=ConformalSets(levels=(level,))),),
        report=make_report(abstention=abstention),
    )

    cells = _cells(_section(compose(source), "abstention"))

    assert "cannot be promised: too few tuning patients" in cells
    assert {"referral rate", "aurc", "sets at 0.95: one label"} <= set(cells)


def test_protocols_and_external_testing_have_tables(
    make_source, make_report, make_figure, compose
):
    """Repeated and external testing stand beside internal testing."""
    protocol = {
        "report": {"figures": {"auroc": make_figure(0.8, 0.7, 0.9)}, "repeats": [1] * 5}
    }
    source = make_source(
        report=make_report(),
        protocols={"cv": protocol},
        externals={"external-b": make_report()},
    )

    card = compose(source)

    captions = [table.caption for table in _section(card, "figures").tables]
    assert captions == [
        "Internal testing",
        "Repeated cross-validation by patient, repeats: 5",
        "External testing on external-b",
    ]
    assert not any(limit.lead == "No external testing" for limit in card.head.limits)


def test_robustness_names_mean_and_worst_artifact(make_source, make_figure, compose):
    """The summaries over the artifacts stand on the card with their severities."""
    figure = make_figure(0.1, 0.0, 0.2)
    summary = {
        "figure": "auroc_drop",
        "severities": [1, 2],
        "mean": figure,
        "worst": figure,
        "worst_artifact": "ghost",
    }
    report = {
        "clean": {"auroc": figure},
        "drops": [summary],
        "sensitivity": summary | {"figure": "sensitivity_lost", "severities": [3]},
        "new_errors_abstained": figure,
        "relative": {"mean": make_figure(None, None, None, reason="no reference")},
        "missing": [{"name": "t1_by_flair", "figures": {"auroc_drop": figure}}],
    }

    section = _section(
        compose(make_source(robustness={"report": report})), "robustness"
    )

    labels = [row[0] for row in section.tables[0].rows]
    assert labels == [
        "Clean: AUROC",
        "AUROC drop, severity 1, 2: mean of the artifacts",
        "AUROC drop, severity 1, 2: worst artifact (ghost)",
        "sensitivity lost, severity 3: mean of the artifacts",
        "sensitivity lost, severity 3: worst artifact (ghost)",
        "New errors that are abstained on",
        "Added errors, percent of the reference's",
        "AUROC drop: t1 by flair",
    ]
