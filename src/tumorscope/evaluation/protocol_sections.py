"""A protocol's result as sections of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tumorscope.domain.protocol_spec import CandidateChoice
from tumorscope.evaluation.leaky_comparison import LeakyComparison
from tumorscope.evaluation.metric_family import FAMILY
from tumorscope.evaluation.protocol_detail_sections import (
    benefit_section,
    calibration_section,
    decision_section,
    detection_section,
)
from tumorscope.evaluation.protocol_report import ProtocolReport
from tumorscope.pages.forest_figure import ForestRow, draw_forest
from tumorscope.pages.numbers import format_estimate, format_number
from tumorscope.pages.plot import Plot
from tumorscope.pages.section import Section, Table

SITE_FIGURES = ("auroc", "sensitivity", "specificity", "ece")


def protocol_sections(
    report: ProtocolReport,
    *,
    choices: Sequence[CandidateChoice] = (),
    candidates: Sequence[str] = (),
) -> tuple[Section, ...]:
    """Return the page's sections.

    Args:
        report: What was found.
        choices: Which candidate each outer fold chose; empty unless nested.
        candidates: The candidates.
    """
    sections = [figure_section(report), detection_section(report)]
    if report.drop_from_cv is not None or report.sites:
        sections.append(site_section(report))
    if report.baselines:
        sections.append(baseline_section(report))
    if report.leaky is not None:
        sections.append(leaky_section(report.leaky))
    sections += [
        decision_section(report),
        calibration_section(report),
        benefit_section(report),
    ]
    if choices:
        sections.append(choice_section(choices, candidates))
    return (*sections, repeat_section(report))


def figure_section(report: ProtocolReport) -> Section:
    """Return the averaged figures with their definitions."""
    repeats = len(report.repeats)
    averaged = (
        f"averaged over {repeats} repeats inside each draw, with the same draws for all"
        if repeats > 1
        else "one repeat"
    )
    return Section(
        name="figures",
        title="Figures",
        sentences=(
            f"Each figure is computed on the pooled slices of one repeat and {averaged}. "
            f"The intervals come from {report.spec.bootstrap_draws} draws of "
            f"{report.resampled}.",
            "Even perfect calibration would show a calibration error of "
            f"{format_number(report.null.mean)} on these slices, and above "
            f"{format_number(report.null.high)} in 5 of 100 sets.",
        ),
        tables=(
            Table(
                caption="Figures",
                columns=("Figure", "Value", "Definition"),
                rows=tuple(
                    (FAMILY[each.name].label, each, FAMILY[each.name].definition)
                    for each in report.figures
                ),
            ),
        ),
    )


def site_section(report: ProtocolReport) -> Section:
    """Return each site by itself, and the drop from cross-validation."""
    is_left_out = report.name == "leave-site-out"
    words = (
        "Each site was tested by models that saw none of its patients. Sites of a single "
        "patient are left out together with the smallest other site."
        if is_left_out
        else "Other patients of each site were in the training part: this is no test on "
        "a new hospital. For that see leave-site-out."
    )
    sentences = [words]
    if report.drop_from_cv is not None:
        sentences.append(
            "AUROC of the cross-validation minus AUROC on left-out sites, on the same "
            f"patients and draws: {format_estimate(report.drop_from_cv)}."
        )
    return Section(
        name="sites",
        title="Left-out sites" if is_left_out else "Sites",
        sentences=tuple(sentences),
        tables=(
            Table(
                caption="Figures of each site",
                columns=(
                    "Site",
                    "Patients",
                    "Slices",
                    "With tumor",
                    *(FAMILY[name].short for name in SITE_FIGURES),
                    "ECE by chance, up to",
                ),
                rows=tuple(
                    (
                        each.name,
                        each.n_patients,
                        each.n_slices,
                        each.n_tumor_slices,
                        *(each.figures[name] for name in SITE_FIGURES),
                        each.null.high,
                    )
                    for each in report.sites
                ),
            ),
        ),
        plots=(_site_plot(report),) if report.sites else (),
    )


def baseline_section(report: ProtocolReport) -> Section:
    """Return the simple methods on the same folds beside the model."""
    rows = [ForestRow(label="this model", estimate=report.figures["auroc"])]
    rows += [
        ForestRow(label=each.name, estimate=each.figures["auroc"], is_reference=True)
        for each in report.baselines
    ]
    return Section(
        name="baselines",
        title="Beside simple methods",
        sentences=(
            "The simple methods were fitted on the training and tuning part of the same "
            "folds and judged on the same draws. What they reach needs no network.",
        ),
        tables=(
            Table(
                caption="Simple methods on the same folds",
                columns=(
                    "Method",
                    "Looks at",
                    *(FAMILY[each.name].short for each in report.baselines[0].figures),
                    "AUROC, model minus this",
                ),
                rows=tuple(
                    (each.name, each.description, *each.figures, each.difference)
                    for each in report.baselines
                ),
            ),
        ),
        plots=(_forest(rows, name="baseline-auroc", title="AUROC"),),
    )


def leaky_section(leaky: LeakyComparison) -> Section:
    """Return what dealing single slices would have shown; labeled as leaky."""
    return Section(
        name="leaky",
        title=f"A split of slices ({leaky.label})",
        sentences=(
            f"One simple method, the {leaky.method}, was tested twice: with the folds in "
            "use, and with slices dealt at random, so that neighbors of a tested slice "
            "were trained on. The second column is no result. It shows what a split of "
            "slices would pretend on these data.",
        ),
        tables=(
            Table(
                caption="The same method under both ways of dealing",
                columns=(
                    "Figure",
                    "Folds in use",
                    f"Slices dealt at random ({leaky.label})",
                    "Gap",
                ),
                rows=tuple(
                    (
                        "AUROC" if each.name == "auroc" else "Accuracy",
                        each.grouped,
                        each.leaky,
                        each.gap,
                    )
                    for each in leaky.figures
                ),
            ),
        ),
    )


def choice_section(
    choices: Sequence[CandidateChoice], candidates: Sequence[str]
) -> Section:
    """Return which candidate settings the inner folds chose."""
    counts = Counter(each.chosen for each in choices)
    most, times = counts.most_common(1)[0]
    agreement = (
        f"{candidates[most]} was chosen in {times} of {len(choices)} outer folds. "
        "Folds that choose differently show that the choice is not settled."
    )
    return Section(
        name="choices",
        title="Choice of settings",
        sentences=(
            "In each outer fold the inner folds compared the candidates by their mean "
            "tuning AUROC; the outer test part was read once, by the chosen one. The "
            "tuning AUROC chose epoch and candidate: it is optimistic and no result.",
            agreement,
        ),
        tables=(
            Table(
                caption="Candidates",
                columns=("Candidate", "Settings", "Chosen in outer folds"),
                rows=tuple(
                    (str(number), text, counts[number])
                    for number, text in enumerate(candidates)
                ),
            ),
            Table(
                caption="Mean inner tuning AUROC (optimistic)",
                columns=(
                    "Repeat and fold",
                    "Chosen",
                    "Inner folds",
                    *(f"Candidate {number}" for number in range(len(candidates))),
                ),
                rows=tuple(
                    (
                        f"{each.repeat}, {each.fold}",
                        str(each.chosen),
                        len(each.inner_tune_aurocs[0]),
                        *(sum(found) / len(found) for found in each.inner_tune_aurocs),
                    )
                    for each in choices
                ),
            ),
        ),
        is_folded=True,
    )


def repeat_section(report: ProtocolReport) -> Section:
    """Return each repeat by itself."""
    names = [each.name for each in report.figures]
    return Section(
        name="repeats",
        title="Repeats",
        sentences=(
            "Each repeat by itself. How far repeats lie apart shows what dealing and "
            "seed decide; it is no confidence interval.",
        ),
        tables=(
            Table(
                caption="Figures of each repeat",
                columns=("Repeat", *(FAMILY[name].short for name in names)),
                rows=tuple(
                    (str(each.number), *(each.figures[name] for name in names))
                    for each in report.repeats
                ),
            ),
        ),
        is_folded=True,
    )


def _site_plot(report: ProtocolReport) -> Plot:
    rows = [
        ForestRow(
            label="all sites", estimate=report.figures["auroc"], is_reference=True
        )
    ]
    rows += [
        ForestRow(
            label=f"{each.name} ({each.n_patients} {report.unit})",
            estimate=each.figures["auroc"],
        )
        for each in report.sites
    ]
    return _forest(rows, name="site-auroc", title="AUROC by site")


def _forest(rows: Sequence[ForestRow], *, name: str, title: str) -> Plot:
    return Plot(
        name=name,
        title=title,
        svg=draw_forest(
            rows,
            axis_label="AUROC",
            alt=f"{title}: {len(rows)} rows with intervals.",
            name=name,
        ),
        caption="Hollow squares are what the others are compared with.",
        columns=("Name", "AUROC", "Slices", "Patients"),
        rows=tuple(
            (
                row.label,
                format_estimate(row.estimate),
                row.estimate.n_slices,
                row.estimate.n_patients,
            )
            for row in rows
        ),
    )
