"""What a protocol's page shows beside the family of figures."""

from __future__ import annotations

from tumorscope.evaluation.protocol_detail import ProtocolDetail
from tumorscope.evaluation.protocol_report import ProtocolReport
from tumorscope.evaluation.rendering.detection_tables import (
    DECISION_NAMES,
    benefit_table,
    patient_table,
    plot_sizes,
    rival_sentence,
    size_sentence,
    size_table,
)
from tumorscope.evaluation.rendering.metric_words import metric_label
from tumorscope.pages.numbers import format_count, format_number
from tumorscope.pages.section import Section, Table, TableCell

SCALE_NAMES = {
    "calibrated": "tumor_probability",
    "raw": "raw score, before calibration",
}
NO_MAPS = (
    "Localization is not computed under protocols: every fold has a model and maps of its "
    "own. `tumorscope explain` on the folder of a repeat measures it for that repeat."
)
WHOLE_CURVES = (
    "ROC and precision-recall curves and the worst errors are not averaged: `tumorscope "
    "evaluate` on the folder of a repeat draws them for that repeat."
)


def decision_section(report: ProtocolReport) -> Section:
    """Return ranking and decisions, at 0.5 and at the tuned threshold."""
    detail = report.detail
    half, tuned = tuple(detail.at_half), tuple(detail.at_tuned)
    return Section(
        name="decisions",
        title="Decisions",
        sentences=(
            "Each slice is compared with 0.5, and with the threshold that its fold fixed "
            "on its tuning part.",
            WHOLE_CURVES,
        ),
        tables=(
            Table(
                caption="Decisions, averaged over repeats",
                columns=("Figure", "At 0.5", "At the tuned threshold"),
                rows=tuple(
                    (metric_label(one.name), one, other)
                    for one, other in zip(half, tuned, strict=True)
                ),
            ),
            Table(
                caption="Ranking and probability",
                columns=("Figure", "Value"),
                rows=tuple((metric_label(one.name), one) for one in detail.ranking),
            ),
        ),
        is_folded=True,
    )


def detection_section(report: ProtocolReport) -> Section:
    """Return what is found and missed: near 95 % specificity, by size, by patient."""
    detail = report.detail
    sizes = detail.by_lesion_size
    t95 = ", ".join(format_number(each) for each in detail.t95)
    return Section(
        name="detection",
        title="Lesions and patients",
        sentences=(
            f"t95 of each repeat: {t95}. It is the 0.95 quantile of the repeat's tumor-free "
            "slices, pooled over its folds, and no operating point.",
            size_sentence(sizes),
            *_patient_sentences(detail),
            NO_MAPS,
        ),
        tables=(
            Table(
                caption="Near 95 % specificity",
                columns=("Figure", "Value"),
                rows=tuple((metric_label(one.name), one) for one in detail.at_ranked),
            ),
            *((size_table(sizes),) if sizes.strata else ()),
            patient_table(detail.patients),
        ),
        plots=(
            plot_sizes(detail.at_ranked["sensitivity_at_95_specificity"], sizes.strata),
        )
        if sizes.strata
        else (),
    )


def calibration_section(report: ProtocolReport) -> Section:
    """Return error, slope and intercept of each scale, and the reliability curve."""
    scales = report.detail.scales
    names = [each.name for each in scales[0].figures]
    rows: list[tuple[TableCell, ...]] = [
        (metric_label(name), *(each.figures[name] for each in scales)) for name in names
    ]
    rows += [
        (
            "ECE if perfectly calibrated, mean",
            *(format_number(each.null.mean) for each in scales),
        ),
        (
            "the same, 95th percentile",
            *(format_number(each.null.high) for each in scales),
        ),
    ]
    return Section(
        name="calibration",
        title="Calibration",
        sentences=(
            "A slope below 1 means that values are too extreme, as overfitting makes "
            "them; an intercept off 0 that they are too high or too low on the whole. "
            "Judge the calibration error by its null.",
        ),
        tables=(
            Table(
                caption="Calibration of each scale",
                columns=("Figure", *(SCALE_NAMES[each.scale] for each in scales)),
                rows=tuple(rows),
            ),
            _reliability_table(report.detail),
        ),
        is_folded=True,
    )


def benefit_section(report: ProtocolReport) -> Section:
    """Return net benefit over thresholds."""
    curve = report.detail.decision_curve
    return Section(
        name="benefit",
        title="Net benefit",
        sentences=(
            "A threshold t says that a missed tumor slice weighs as much as (1 - t) / t "
            "false alarms. Net benefit is the share of slices that are found, less the "
            "false alarms at that weight; calling no slice positive has 0.",
            rival_sentence(curve, tested="folds"),
        ),
        tables=(
            benefit_table(
                curve, caption="Net benefit for each slice, averaged over repeats"
            ),
        ),
        is_folded=True,
    )


def _patient_sentences(detail: ProtocolDetail) -> tuple[str, ...]:
    told = []
    for each in detail.patients:
        name = DECISION_NAMES[each.decision]
        if each.hit.reason:
            told.append(f"{name} hits cannot be assessed: {each.hit.reason}.")
            continue
        counts = ", ".join(format_count(hits) for hits in each.n_hit)
        told.append(
            f"{name}, of {format_count(each.hit.n_patients)} patients with tumor slices "
            f"are hit, in each repeat: {counts}. A hit is one tumor slice above the "
            "threshold, or more."
        )
    return tuple(told)


def _reliability_table(detail: ProtocolDetail) -> Table:
    shares = tuple(detail.tumor_shares)
    return Table(
        caption="Share of tumor slices in bins of tumor_probability",
        columns=("From", "To", "Tumor share"),
        rows=tuple(
            (
                format_number(place / len(shares), 2),
                format_number((place + 1) / len(shares), 2),
                each,
            )
            for place, each in enumerate(shares)
        ),
    )
