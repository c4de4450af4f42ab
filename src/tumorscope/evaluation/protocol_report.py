"""What a protocol found: figures pooled in each repeat, then averaged over repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.protocol_spec import ProtocolName
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import summarize
from tumorscope.evaluation.comparison import BaselineScores
from tumorscope.evaluation.leaky_comparison import LeakyComparison
from tumorscope.evaluation.metric_family import sample_family
from tumorscope.evaluation.protocol_baselines import (
    ProtocolBaseline,
    best_repeated_rival,
    measure_protocol_baselines,
)
from tumorscope.evaluation.protocol_benefit import average_benefit
from tumorscope.evaluation.protocol_detail import ProtocolDetail, measure_detail
from tumorscope.evaluation.repeats import (
    CalibrationNull,
    align_repeats,
    average_figures,
    average_null,
    average_samples,
    differences,
    draw_for,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatFigures:
    """One repeat by itself.

    Attributes:
        number: From 0.
        figures: Pooled over the folds of this repeat.
    """

    number: int
    figures: MetricSet


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFigures:
    """The patients of one site, averaged over repeats.

    Attributes:
        name: The site, or the sites that were left out together.
        n_slices: Its slices.
        n_tumor_slices: Its slices with tumor by the reference standard.
        n_patients: Its patients (or groups).
        figures: As `ProtocolReport.figures`, of these slices.
        null: As `ProtocolReport.null`, of these slices.
    """

    name: str
    n_slices: int
    n_tumor_slices: int
    n_patients: int
    figures: MetricSet
    null: CalibrationNull


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolReport:
    """What a protocol found.

    Attributes:
        name: Which protocol.
        grouping: What stays on one side of every fold.
        unit: What `n_patients` counts: "patients" or "near-duplicate groups".
        resampled: What the bootstrap drew, for example "patients within site".
        spec: Draws, level and seed.
        n_slices: Slices, each tested once in each repeat.
        n_tumor_slices: Slices with tumor by the reference standard.
        n_patients: Patients (or groups).
        figures: The family of figures, averaged over repeats.
        detail: What the report of a single split holds beside them.
        null: Calibration error that perfect calibration would show.
        repeats: Each repeat by itself.
        n_dealings: Repeats whose folds differ from those of every earlier repeat.
        sites: Each site; with `leave-site-out`, each fold. Empty where none is known.
        baselines: Simple methods on the same folds; empty where none was run.
        drop_from_cv: `leave-site-out`: AUROC of the cross-validation minus this one,
            paired by draw; None with other protocols.
        leaky: What dealing slices would have shown; None unless asked for.
    """

    name: ProtocolName
    grouping: Grouping
    unit: str
    resampled: str
    spec: EvaluateSpec
    n_slices: int
    n_tumor_slices: int
    n_patients: int
    figures: MetricSet
    detail: ProtocolDetail
    null: CalibrationNull
    repeats: tuple[RepeatFigures, ...]
    n_dealings: int
    sites: tuple[SiteFigures, ...]
    baselines: tuple[ProtocolBaseline, ...] = ()
    drop_from_cv: MetricEstimate | None = None
    leaky: LeakyComparison | None = None


def measure_protocol(
    name: ProtocolName,
    repeats: Sequence[Predictions],
    spec: EvaluateSpec,
    *,
    grouping: Grouping,
    lesion_areas_px: NDArray[np.float64] | None = None,
) -> ProtocolReport:
    """Average the figures of a protocol's repeats.

    Args:
        name: Which protocol.
        repeats: Predictions of each repeat; each tests the same slices once.
        spec: Draws, level and seed.
        grouping: What `group` holds.
        lesion_areas_px: Shape (slices,), lesion area in pixels at 256 x 256 in the order
            of `align_repeats(repeats)`, NaN where unknown; None where no mask was read.

    Returns:
        The report, without simple methods.

    Raises:
        DataError: If repeats differ in their slices, or there is not one area for each.
    """
    tables = align_repeats(repeats)
    if lesion_areas_px is not None and lesion_areas_px.shape != (len(tables[0]),):
        raise DataError(
            f"lesion areas of shape {lesion_areas_px.shape} for {len(tables[0])} tested "
            "slices: give one for each, NaN where it is unknown"
        )
    draws = draw_for(tables, spec, grouping)
    sampled = [sample_family(table, draws) for table in tables]
    column = "fold" if name == "leave-site-out" else "site"
    return ProtocolReport(
        name=name,
        grouping=grouping,
        unit=draws.unit,
        resampled=draws.resampled,
        spec=spec,
        n_slices=len(tables[0]),
        n_tumor_slices=int(tables[0]["label"].sum()),
        n_patients=draws.n_patients,
        figures=summarize(average_samples(sampled), draws),
        detail=measure_detail(tables, draws, spec, lesion_areas_px),
        null=average_null(tables, spec),
        repeats=tuple(
            RepeatFigures(number=number, figures=summarize(each, draws))
            for number, each in enumerate(sampled)
        ),
        n_dealings=len({_dealing(table) for table in tables}),
        sites=_measure_sites(tables, column, spec, grouping=grouping),
    )


def with_protocol_baselines(
    report: ProtocolReport,
    repeats: Sequence[Predictions],
    baselines: Sequence[Sequence[BaselineScores]],
) -> ProtocolReport:
    """Put simple methods beside the model, paired by draw.

    Args:
        report: What the model reached.
        repeats: As for `measure_protocol`.
        baselines: For each repeat the same methods, their scores in the order of
            `align_repeats(repeats)`.

    Returns:
        The report with `baselines`, and with the best of them in the decision curve.

    Raises:
        DataError: If a method without a reason has not one finite score for each slice.
    """
    tables = align_repeats(repeats)
    draws = draw_for(tables, report.spec, report.grouping)
    methods = list(zip(*baselines, strict=True))
    found = measure_protocol_baselines(tables, methods, draws)
    curve = average_benefit(tables, draws, best_repeated_rival(methods, found))
    detail = replace(report.detail, decision_curve=curve)
    return replace(report, baselines=found, detail=detail)


def with_drop_from_cv(
    report: ProtocolReport,
    repeats: Sequence[Predictions],
    cv_repeats: Sequence[Predictions],
) -> ProtocolReport:
    """Add how much AUROC is lost from cross-validation to sites never trained on.

    Args:
        report: Of `leave-site-out`.
        repeats: Its predictions.
        cv_repeats: Predictions of a cross-validation of the same slices.

    Returns:
        The report with `drop_from_cv`: the cross-validation's AUROC minus this one, each
        averaged over its repeats inside the same draws.

    Raises:
        DataError: If the two tested other slices.
    """
    tables, others = align_repeats(repeats), align_repeats(cv_repeats)
    if differences(tables[0], others[0]):
        raise DataError("the cross-validation tested other slices than leave-site-out")
    draws = draw_for(tables, report.spec, report.grouping)
    (here,) = average_figures(tables, draws, ["auroc"])
    (there,) = average_figures(others, draws, ["auroc"])
    drop = replace(
        here, name="drop_from_cv", values=there.values - here.values, is_share=False
    )
    return replace(report, drop_from_cv=summarize([drop], draws)["drop_from_cv"])


def drop_not_assessed(report: ProtocolReport, reason: str) -> ProtocolReport:
    """Return the report with the reason why there is no drop from cross-validation."""
    blank = MetricEstimate(
        name="drop_from_cv",
        value=np.nan,
        low=np.nan,
        high=np.nan,
        level=report.spec.level,
        n_slices=report.n_slices,
        n_patients=report.n_patients,
        resampled=report.resampled,
        reason=reason,
    )
    return replace(report, drop_from_cv=blank)


def with_leaky_comparison(
    report: ProtocolReport, leaky: LeakyComparison
) -> ProtocolReport:
    """Return the report with what dealing single slices would have shown."""
    return replace(report, leaky=leaky)


def _dealing(table: pd.DataFrame) -> tuple[int, ...]:
    """Return which slices were tested together, whatever the folds are called."""
    return tuple(pd.factorize(table["fold"])[0].tolist())


def _measure_sites(
    tables: Sequence[pd.DataFrame],
    column: str,
    spec: EvaluateSpec,
    *,
    grouping: Grouping,
) -> tuple[SiteFigures, ...]:
    found = []
    for name in sorted(tables[0][column].dropna().unique()):
        inside = (tables[0][column] == name).to_numpy(dtype=bool)
        rows = [table[inside].reset_index(drop=True) for table in tables]
        draws = draw_for(rows, spec, grouping)
        found.append(
            SiteFigures(
                name=str(name).removeprefix("site-") if column == "fold" else str(name),
                n_slices=len(rows[0]),
                n_tumor_slices=int(rows[0]["label"].sum()),
                n_patients=draws.n_patients,
                figures=summarize(average_figures(rows, draws), draws),
                null=average_null(rows, spec),
            )
        )
    return tuple(found)
