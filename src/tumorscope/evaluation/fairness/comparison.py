"""All groups of patients of one set of scores, beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.domain.grouping import GROUPING_WORDS, Grouping
from tumorscope.domain.progress import Progress, silent
from tumorscope.estimation.bootstrap import MetricSamples, summarize
from tumorscope.estimation.holm import adjust_holm
from tumorscope.evaluation.decisions import NO_TUMOR, sample_above
from tumorscope.evaluation.evaluated import PART_WORDS
from tumorscope.evaluation.fairness.attributes import assign_patients
from tumorscope.evaluation.fairness.gaps import Gap, blank_gap, measure_gap
from tumorscope.evaluation.fairness.group_calibration import sum_calibration
from tumorscope.evaluation.fairness.group_table import Instruments, measure_attribute
from tumorscope.evaluation.fairness.measures import find_cuts, make_measures
from tumorscope.evaluation.fairness.report import (
    AttributeReport,
    FairnessReport,
    SizeReport,
    WorstGroup,
)
from tumorscope.evaluation.fairness.scores import ScoredSlices
from tumorscope.evaluation.fairness.size_standard import size_masks
from tumorscope.evaluation.size_strata import measure_size_strata

SIZE_GAP = "sensitivity_at_t95"


def measure_fairness(
    scored: ScoredSlices,
    spec: FairnessSpec,
    *,
    grouping: Grouping,
    progress: Progress = silent,
) -> FairnessReport:
    """Put groups of patients beside each other.

    Scores and cuts are those of the whole set: t95 is the 0.95 quantile of all tumor-free
    slices, the tuned threshold is the one that each fold fixed, and the share that is
    abstained on is the least confident tenth of all slices. In every draw of the bootstrap
    they are found anew, under shuffled group labels they stay.

    Args:
        scored: The slices.
        spec: Groups, tests and limits.
        grouping: What `scored.draws` drew.
        progress: Shows how far it got.

    Returns:
        The report, without probes.

    Raises:
        ConfigError: If a group names no column of the manifest.
    """
    tools = make_instruments(scored, spec)
    reports = [
        measure_attribute(
            assign_patients(text, scored.known, scored.draws), tools, spec
        )
        for text in progress(spec.groups, total=len(spec.groups), label="groups")
    ]
    corrected, n_tests = _correct(reports)
    everyone = np.ones(scored.draws.n_patients, dtype=bool)
    overall = [each.of_group(everyone, scored.draws) for each in tools.measures]
    return FairnessReport(
        testing=PART_WORDS[str(scored.table["part"].iat[0])],
        grouping_words=GROUPING_WORDS[grouping],
        unit=scored.draws.unit,
        n_patients=scored.draws.n_patients,
        n_slices=len(scored.table),
        n_tumor_slices=int(scored.labels.sum()),
        t95=float(tools.cuts.ranked.cuts[0]),
        overall=summarize(overall, scored.draws),
        attributes=corrected,
        sizes=_measure_sizes(tools),
        worst=find_worst(corrected, scored, spec),
        n_tests=n_tests,
        spec=spec,
    )


def make_instruments(scored: ScoredSlices, spec: FairnessSpec) -> Instruments:
    """Prepare the figures for draws and for shufflings."""
    cuts = find_cuts(scored, coverage=spec.coverage)
    fixed = cuts.held_fixed(spec.permutations)
    rng = np.random.default_rng(spec.seed)
    sums = sum_calibration(scored.labels, scored.scores, scored.draws, rng)
    measures, null_measures = (
        make_measures(scored, one, sums) for one in (cuts, fixed)
    )
    return Instruments(
        scored=scored,
        cuts=cuts,
        measures=measures,
        null_cuts=fixed,
        null_measures=null_measures,
    )


def find_worst(
    attributes: Sequence[AttributeReport], scored: ScoredSlices, spec: FairnessSpec
) -> WorstGroup:
    """Return the lowest AUROC among groups with enough patients.

    Args:
        attributes: Their groups.
        scored: The slices, for the number of them all.
        spec: Patients that a group needs.
    """
    found = [
        (group.figures["auroc"], f"{attribute.name}: {group.name}")
        for attribute in attributes
        for group in attribute.groups
        if group.n_patients >= spec.min_patients_firm
        and not group.figures["auroc"].reason
        and not attribute.reason
    ]
    if not found:
        least = spec.min_patients_firm
        reason = f"no attribute with a group of at least {least} patients"
        blank = blank_gap("auroc", reason, scored.draws).estimate
        return WorstGroup(name="", auroc=blank, n_groups=0)
    auroc, name = min(found, key=_by_value)
    return WorstGroup(name=name, auroc=auroc, n_groups=len(found))


def _by_value(pair: tuple[MetricEstimate, str]) -> float:
    return pair[0].value


def _correct(
    reports: Sequence[AttributeReport],
) -> tuple[tuple[AttributeReport, ...], int]:
    """Correct the p-values of all attributes together."""
    p_values = [gap.p for report in reports for gap in report.gaps]
    corrected = iter(adjust_holm(p_values))
    changed = tuple(
        replace(
            report,
            gaps=tuple(replace(gap, p_holm=next(corrected)) for gap in report.gaps),
        )
        for report in reports
    )
    return changed, sum(not math.isnan(p) for p in p_values)


def _measure_sizes(tools: Instruments) -> SizeReport:
    scored = tools.scored
    draws, decision = scored.draws, tools.cuts.ranked
    table = measure_size_strata(
        scored.labels, scored.areas_px, (decision, tools.cuts.tuned), draws
    )
    if table.reason or scored.areas_px is None:
        gap = blank_gap(SIZE_GAP, table.reason, draws)
        return SizeReport(strata=(), gap=gap, reason=table.reason)
    masks = size_masks(scored.labels, scored.areas_px)
    return SizeReport(
        strata=table.strata,
        gap=_size_gap([one.name for one in table.strata], masks, tools),
        reason="",
    )


def _size_gap(
    names: Sequence[str], masks: NDArray[np.bool_], tools: Instruments
) -> Gap:
    """Measure the gap between sizes; a size that no lesion has is left out."""
    draws = tools.scored.draws
    figures = {
        name: MetricSamples(
            name=SIZE_GAP,
            values=sample_above(tools.cuts.ranked, mask, draws),
            entered=mask,
            reason=tools.cuts.ranked.reason or NO_TUMOR,
        )
        for name, mask in zip(names, masks, strict=True)
        if mask.any()
    }
    if len(figures) < 2:
        return blank_gap(SIZE_GAP, "all lesions are of one size", draws)
    return measure_gap(figures, draws)
