"""The probes on a page: one section for the label, one for the site."""

from __future__ import annotations

from collections.abc import Sequence

from tumorscope.audit.shortcuts.probes import PROBES
from tumorscope.audit.shortcuts.results import ProbeResult, ShortcutReport
from tumorscope.audit.shortcuts.verdicts import results_of, say_results
from tumorscope.pages.forest_figure import ForestRow, draw_forest
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import (
    format_estimate,
    format_number,
    format_share,
    format_small,
)
from tumorscope.pages.picture import Picture
from tumorscope.pages.plot import Plot
from tumorscope.pages.section import Section, Status, Table

TITLES = {probe.name: probe.title for probe in PROBES}
PREDICTED = {"label": "slice", "patient": "patient", "site": "site"}
HOW = (
    "Each probe is blind to the brain, or sees no picture at all. What it reaches, a model "
    "can reach without looking at a tumor. AUROC is measured on patients whom the probe was "
    "not fitted on; p-values exchange whole patients and keep the height of the slices."
)


def shortcut_section(
    report: ShortcutReport, pictures: Sequence[Picture] = ()
) -> Section:
    """Draw what tells the label without looking at the brain.

    Args:
        report: What the probes found.
        pictures: What they saw, from `probe_pictures`.
    """
    results = (*report.label_probes, *report.patient_probes)
    found = _sentences(results, report)
    return Section(
        name="shortcuts",
        title="Shortcuts to the label",
        status=_status(results),
        sentences=(
            *(found or [_nothing(report.label_probes)]),
            *_why_not_patients(report),
            HOW,
        ),
        limits=_limits(report),
        tables=(_table("What tells the label", results),),
        plots=_forest(report.label_probes, "shortcut-auroc", "AUROC of each probe"),
        pictures=tuple(pictures),
        is_folded=not any(each.verdict == "failed" for each in results),
    )


def site_section(report: ShortcutReport) -> Section:
    """Draw what tells the site of a patient without looking at the brain.

    Args:
        report: What the probes found.
    """
    results = report.site_probes
    found = _sentences(results, report)
    left_out = ", ".join(report.sites_left_out)
    sentences = [
        *(found or [_nothing(results)]),
        "Scanners differ, so a site can nearly always be told from its pictures, and that "
        "alone is no fault. It becomes a shortcut where the label goes with the site; the "
        "probe of site, scanner and sequences tests that. Test a model on a site that was "
        "left out.",
        "Only slices without tumor enter; the scores of a patient's slices are averaged, "
        "and each site is told from all others.",
    ]
    if left_out:
        sentences.append(
            f"Left out, with fewer than {report.spec.min_class_patients} {report.unit}: "
            f"{left_out}."
        )
    return Section(
        name="site-traces",
        title="Traces of the site",
        status=_status(results),
        sentences=tuple(sentences),
        tables=(_table("What tells the site", results),),
        plots=_forest(results, "site-auroc", "Macro AUROC for the site"),
        is_folded=True,
    )


def _sentences(results: Sequence[ProbeResult], report: ShortcutReport) -> list[str]:
    """Say what was found, faults before floors."""
    said = []
    for verdict in ("failed", "warning"):
        for probe in PROBES:
            own = results_of(probe, results)
            if verdict in {each.verdict for each in own}:
                said.append(say_results(probe, own, report))
    return said


def _status(results: Sequence[ProbeResult]) -> Status:
    verdicts = {each.verdict for each in results}
    for status in ("failed", "warning", "passed"):
        if status in verdicts:
            return status
    return "cannot be assessed"


def _nothing(results: Sequence[ProbeResult]) -> str:
    assessed = sum(not each.auroc.reason for each in results)
    if not assessed:
        reasons = sorted({each.auroc.reason for each in results})
        return f"Cannot be assessed: {'; '.join(reasons)}."
    return (
        f"None of {assessed} probes found a shortcut. Little data also finds nothing, and "
        "a shortcut that no probe looks at stays unseen."
    )


def _why_not_patients(report: ShortcutReport) -> tuple[str, ...]:
    """Say why no probe could tell who has a tumor; nothing where one could."""
    reasons = {each.auroc.reason for each in report.patient_probes}
    if "" in reasons or not reasons:
        return ()
    said = "; ".join(sorted(reasons))
    return (f"Whether a patient has a tumor cannot be assessed: {said}.",)


def _limits(report: ShortcutReport) -> tuple[Limit, ...]:
    limits = []
    if not report.has_heights:
        limits.append(
            Limit(
                lead="Slice height is not known",
                text=(
                    "Anatomy cannot be told from a shortcut here: the outline of the head "
                    "tells its height, and height tells the label."
                ),
            )
        )
    if report.slices_probed < report.slices:
        limits.append(
            Limit(
                lead="A part of the cohort was probed",
                text=(
                    f"{report.slices_probed} of {report.slices} slices, of whole "
                    f"{report.unit} drawn at random."
                ),
            )
        )
    return tuple(limits)


def _table(caption: str, results: Sequence[ProbeResult]) -> Table:
    return Table(
        caption=caption,
        columns=(
            "Probe",
            "Of a",
            "Outcome",
            "AUROC",
            "Permuted",
            "p",
            "p, Holm",
            "Most used",
        ),
        rows=tuple(
            (
                TITLES[each.probe],
                PREDICTED[each.target],
                each.verdict,
                each.auroc,
                format_number(each.floor, 2),
                format_small(each.p_value),
                format_small(each.p_adjusted),
                _used(each),
            )
            for each in results
            if each.target == "label" or not each.auroc.reason
        ),
    )


def _used(result: ProbeResult) -> str:
    if result.auroc.reason:
        return ""
    named = [f"{each.name} ({format_share(each.share)})" for each in result.used]
    return ", ".join(named) or "nothing differs"


def _forest(results: Sequence[ProbeResult], name: str, title: str) -> tuple[Plot, ...]:
    shown = [each for each in results if not each.auroc.reason]
    if not shown:
        return ()
    rows = [
        ForestRow(
            label=TITLES[each.probe],
            estimate=each.auroc,
            is_reference=each.verdict == "passed",
        )
        for each in shown
    ]
    alt = "; ".join(f"{row.label} {format_estimate(row.estimate)}" for row in rows)
    return (
        Plot(
            name=name,
            title=title,
            svg=draw_forest(
                rows, axis_label="AUROC", alt=f"{title}: {alt}.", name=name
            ),
            caption=(
                "0.5 is chance. Filled: above what chance and slice height explain. The "
                "table holds what permuted labels give."
            ),
            columns=("Probe", "AUROC"),
            rows=tuple((row.label, format_estimate(row.estimate)) for row in rows),
        ),
    )
