"""Who is in a cohort: patients, slices, prevalence and lesion sizes, by group.

What a source does not tell is said to be unknown: a table that leaves it out reads as if it
did not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.audit_spec import AuditSpec
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.group_columns import GroupColumn
from tumorscope.domain.group_reading import read_column
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import draw_patients, sample_ratios, summarize
from tumorscope.estimation.metrics import RatioTerms
from tumorscope.estimation.resampling import PatientDraws

QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
ALL, NOT_KNOWN = "all", "not known"
MOST_COUNTS = 50_000_000
"""Draws times groups that are held at once: very many groups get fewer draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionSizes:
    """How large lesions are.

    Attributes:
        n_slices: Slices with a lesion of known size.
        n_patients: Patients (or groups) of these.
        quantiles_px: The quantiles of `QUANTILES`, in pixels at 256 x 256; empty where
            no size is known.
        n_by_stratum: Lesions in each stratum, the smallest first.
        reason: Why no size is known; empty where some are.
    """

    n_slices: int
    n_patients: int
    quantiles_px: tuple[float, ...]
    n_by_stratum: tuple[int, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRow:
    """One group of slices.

    Attributes:
        value: Value of the column, or "all".
        n_patients: Patients (or groups).
        n_tumor_patients: Those with any tumor slice.
        n_slices: Slices.
        n_tumor_slices: Those with tumor.
        prevalence: Share of slices with tumor.
        slices_per_patient: Smallest, median and largest number of slices.
        lesions: Sizes of lesions.
    """

    value: str
    n_patients: int
    n_tumor_patients: int
    n_slices: int
    n_tumor_slices: int
    prevalence: MetricEstimate
    slices_per_patient: tuple[int, float, int]
    lesions: LesionSizes


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortGroups:
    """The rows of one column.

    Attributes:
        column: Name of the column of the manifest.
        rows: One for each value, "not known" last.
        reason: Why there are no rows; empty where there are some.
    """

    column: str
    rows: tuple[CohortRow, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortTable:
    """Who is in a cohort.

    Attributes:
        unit: What is counted as a patient.
        everyone: All slices.
        groups: By each column of the spec.
        strata: Names of the strata of lesion size, in pixels at 256 x 256.
    """

    unit: str
    everyone: CohortRow
    groups: tuple[CohortGroups, ...]
    strata: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slices:
    labels: NDArray[np.int64]
    owner: NDArray[np.int64]
    areas: NDArray[np.float64]
    edges: tuple[float, ...]


def describe_cohort(
    manifest: Manifest,
    owners: NDArray[np.object_],
    areas: NDArray[np.float64],
    spec: AuditSpec,
    *,
    grouping: Grouping,
) -> CohortTable:
    """Count patients, slices, tumors and lesion sizes, by group.

    Args:
        manifest: The cohort; every slice has a label.
        owners: Shape (slices,), patient of each slice, or the group that stands for it.
        areas: Shape (slices,), area of the lesion in pixels at 256 x 256; NaN where no
            mask tells.
        spec: Groups, edges of the lesion strata, draws of the bootstrap.
        grouping: What an owner is.

    Returns:
        The table. A column without any value says so in place of rows.
    """
    columns = [GroupColumn.parse(text) for text in spec.groups]
    chosen = [(ALL, ALL, np.ones(len(manifest), dtype=bool))]
    for each in columns:
        values, order = _names(manifest.table, each)
        chosen += [(each.column, one, (values == one).to_numpy()) for one in order]
    draws = _draw(manifest, owners, spec, grouping=grouping)
    held = np.stack([rows for *_, rows in chosen], axis=1).astype(float)
    keys = tuple(f"prevalence {place}" for place in range(len(chosen)))
    terms = RatioTerms(
        names=keys, numerator=held * manifest.labels[:, None], denominator=held
    )
    samples = sample_ratios(terms, draws, reasons=dict.fromkeys(keys, "no slices"))
    slices = _Slices(
        labels=manifest.labels,
        owner=pd.factorize(owners)[0],
        areas=areas,
        edges=spec.lesion_edges_px,
    )
    rows = [
        _row(value, members, slices, prevalence)
        for (_, value, members), prevalence in zip(
            chosen, summarize(samples, draws), strict=True
        )
    ]
    return CohortTable(
        unit=draws.unit,
        everyone=rows[0],
        groups=tuple(
            CohortGroups(
                column=column,
                rows=tuple(
                    row
                    for (owner, *_), row in zip(chosen, rows, strict=True)
                    if owner == column
                ),
                reason=(
                    f"no `{column}`" if manifest.table[column].isna().all() else ""
                ),
            )
            for column in [each.column for each in columns]
        ),
        strata=_stratum_names(spec.lesion_edges_px),
    )


def _draw(
    manifest: Manifest,
    owners: NDArray[np.object_],
    spec: AuditSpec,
    *,
    grouping: Grouping,
) -> PatientDraws:
    most = MOST_COUNTS // len(set(owners))
    return draw_patients(
        pd.Series(owners),
        manifest.table["site"],
        EvaluateSpec(
            bootstrap_draws=max(100, min(spec.bootstrap_draws, most)),
            level=spec.level,
            seed=spec.seed,
        ),
        grouping=grouping,
    )


def _names(table: pd.DataFrame, column: GroupColumn) -> tuple[pd.Series, list[str]]:
    """Return the group of each slice, and the groups in the order of the table."""
    values = read_column(table, column)
    known = values.dropna()
    if column.edges:  # bands rise with what they are cut from
        lowest = table[column.column].loc[known.index].groupby(known).min()
        order = [str(each) for each in lowest.sort_values().index]
    else:
        order = sorted(set(known))
    if len(known) and len(known) < len(values):
        order.append(NOT_KNOWN)
    return values.fillna(NOT_KNOWN), order


def _row(
    value: str,
    members: NDArray[np.bool_],
    slices: _Slices,
    prevalence: MetricEstimate,
) -> CohortRow:
    owner, labels = slices.owner[members], slices.labels[members]
    counts = np.unique(owner, return_counts=True)[1]
    return CohortRow(
        value=value,
        n_patients=len(counts),
        n_tumor_patients=len(np.unique(owner[labels == 1])),
        n_slices=int(members.sum()),
        n_tumor_slices=int(labels.sum()),
        prevalence=prevalence,
        slices_per_patient=(
            int(counts.min()),
            float(np.median(counts)),
            int(counts.max()),
        ),
        lesions=_lesions(slices, members),
    )


def _lesions(slices: _Slices, members: NDArray[np.bool_]) -> LesionSizes:
    areas = slices.areas[members]
    has_lesion = areas > 0
    if not has_lesion.any():
        reason = "no lesion masks" if np.isnan(areas).all() else "no lesions"
        empty = (0,) * (len(slices.edges) + 1)
        return LesionSizes(
            n_slices=0, n_patients=0, quantiles_px=(), n_by_stratum=empty, reason=reason
        )
    known = areas[has_lesion]
    places = np.searchsorted(slices.edges, known, side="left")
    return LesionSizes(
        n_slices=len(known),
        n_patients=len(np.unique(slices.owner[members][has_lesion])),
        quantiles_px=tuple(float(each) for each in np.quantile(known, QUANTILES)),
        n_by_stratum=tuple(
            int(each) for each in np.bincount(places, minlength=len(slices.edges) + 1)
        ),
    )


def _stratum_names(edges: Sequence[float]) -> tuple[str, ...]:
    between = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    return (f"up to {edges[0]:g}", *between, f"over {edges[-1]:g}")
