"""Robustness on a card: what damaged images do to the figures, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.model_card.blocks import figure_table, missing_section, present
from tumorscope.model_card.figures import JsonObject, figure_at
from tumorscope.model_card.source import CardSource
from tumorscope.pages.section import Section

Labeled = tuple[str, MetricEstimate | None]


def robustness_section(source: CardSource) -> Section:
    """Draw the summaries over all artifacts; robustness.html has each one."""
    if source.robustness is None:
        return missing_section("robustness", "Robustness", "robustness RUN")
    report = source.robustness["report"]
    return Section(
        name="robustness",
        title="Robustness against artifacts",
        sentences=(
            "What damaged images do to the figures, over the artifacts that were tried; "
            "robustness.html has each artifact by itself.",
        ),
        tables=present(figure_table("Robustness", _figures(report))),
    )


def _figures(report: JsonObject) -> Iterator[Labeled]:
    for name in report["clean"]:
        yield f"Clean: {_words(name)}", figure_at(report, "clean", name)
    for summary in (*report["drops"], report["sensitivity"]):
        severities = ", ".join(str(each) for each in summary["severities"])
        what = f"{_words(summary['figure'])}, severity {severities}"
        yield f"{what}: mean of the artifacts", figure_at(summary, "mean")
        worst = summary["worst_artifact"] or "none"
        yield f"{what}: worst artifact ({worst})", figure_at(summary, "worst")
    yield "New errors that are abstained on", figure_at(report, "new_errors_abstained")
    yield (
        "Added errors, percent of the reference's",
        figure_at(report, "relative", "mean"),
    )
    for result in report["missing"]:
        drop = figure_at(result, "figures", "auroc_drop")
        yield f"AUROC drop: {_words(result['name'])}", drop


def _words(name: str) -> str:
    return name.replace("_", " ").replace("auroc", "AUROC")
