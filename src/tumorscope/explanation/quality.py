"""How good maps are beyond pointing at the lesion, with intervals over patients.

Slices are scored elsewhere, one by one; here their scores become figures by method, by
lesion size, and apart for slices that the model found and missed. The verdict says whether a
method's maps depend on what the network learned at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.grouping import GROUPING_WORDS, Grouping
from tumorscope.domain.specs import ExplainSpec
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.size_strata import SIZE_EDGES_PX, range_words
from tumorscope.explanation.mean_figures import estimate_means, patient_weights
from tumorscope.explanation.order_tests import (
    CURVES,
    REFERENCE_ORDERS,
    OrderTest,
    compare_orders,
)
from tumorscope.explanation.quality_figures import (
    LOCALIZATION,
    MODEL_FIGURES,
    QUALITY_FIGURES,
    RANDOMIZED,
    missing_reason,
)
from tumorscope.explanation.trivial_maps import TRIVIAL_METHODS

RANDOMIZATION_GATE = 0.2
"""Largest mean |rho| between maps of the trained and of a re-initialized network."""
RANDOM_ORDER = "random"
"""Name under which the random orders stand among the methods."""

Verdict = Literal["passed", "failed", "cannot be assessed", "no model"]
SLICE_COLUMNS = ("label", "area_px", "is_found", "weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredMaps:
    """Scores of maps, slice by slice.

    Attributes:
        slices: A row for each slice: label (0 or 1), area_px (lesion at 256 x 256; NaN
            where unknown), is_found (whether the score is above the tuned threshold),
            weight (for how many slices it stands).
        draws: Draws of the patients of these slices.
        scores: A row for each slice and method: slice (position in `slices`), method, and
            columns named as in `QUALITY_FIGURES`; NaN where a figure was not measured.
        completeness: Shape (checked slices,), |logit - mean of the class map|.

    Raises:
        DataError: If a column is missing, or draws belong to other slices.
    """

    slices: pd.DataFrame
    draws: PatientDraws
    scores: pd.DataFrame
    completeness: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse tables that do not belong together."""
        missing = [name for name in SLICE_COLUMNS if name not in self.slices]
        missing += [name for name in ("slice", "method") if name not in self.scores]
        if missing:
            raise DataError(f"scores of maps lack the columns {missing}")
        if len(self.slices) != len(self.draws.patient_of_slice):
            raise DataError(
                f"{len(self.slices)} slices, but draws for "
                f"{len(self.draws.patient_of_slice)}"
            )

    @property
    def methods(self) -> tuple[str, ...]:
        """The maps, in the order in which they were scored."""
        found = dict.fromkeys(self.scores["method"])
        return tuple(name for name in found if name != RANDOM_ORDER)

    def column(self, method: str, figure: str) -> NDArray[np.float64]:
        """Return a figure of every slice; shape (slices,), NaN where it was not measured."""
        values = np.full(len(self.slices), np.nan)
        own = self.scores[self.scores["method"] == method]
        if figure in own:
            values[own["slice"].to_numpy()] = own[figure].to_numpy(dtype=np.float64)
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceGroup:
    """How well a method marks the lesion on some tumor slices.

    Attributes:
        kind: "size" or "decision".
        name: Range of the lesion area in words, or "found" and "missed".
        n_slices: Tumor slices with a mask in it.
        figures: Those of `LOCALIZATION`.
    """

    kind: str
    name: str
    n_slices: int
    figures: tuple[MetricEstimate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodQuality:
    """How good the maps of one method are.

    Attributes:
        method: Name of the method or trivial map.
        verdict: Whether its maps change enough when the weights are drawn anew; "no
            model" for a trivial map.
        figures: Those of `QUALITY_FIGURES`, in its order.
        groups: By lesion size, then for slices above the threshold and not.
    """

    method: str
    verdict: Verdict
    figures: tuple[MetricEstimate, ...]
    groups: tuple[SliceGroup, ...]

    @property
    def is_trivial(self) -> bool:
        """Whether the map knows nothing of the model."""
        return self.verdict == "no model"

    def figure(self, name: str) -> MetricEstimate:
        """Return the figure with this name."""
        return next(one for one in self.figures if one.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """How good all maps of a run are.

    Attributes:
        spec: Methods, and how many slices entered what.
        grouping_words: What a patient is here.
        resampled: What was drawn for the intervals.
        methods: One for each method, trivial maps last.
        random_order: Deletion and insertion areas of a random order (mean of five).
        tests: Every method's order against a random one and brightness.
        completeness_error: Largest |logit - mean of the class map|; NaN where no slice
            was checked.
        completeness_slices: Slices over which that is the largest.
        against: Name and training seed of the second run; empty where there is none.
    """

    spec: ExplainSpec
    grouping_words: str
    resampled: str
    methods: tuple[MethodQuality, ...]
    random_order: tuple[MetricEstimate, ...]
    tests: tuple[OrderTest, ...]
    completeness_error: float
    completeness_slices: int
    against: str

    def of_method(self, method: str) -> MethodQuality | None:
        """Return the quality of a method; None where it was not measured."""
        return next((each for each in self.methods if each.method == method), None)

    @property
    def untrusted(self) -> tuple[str, ...]:
        """Methods whose maps failed the weight-randomization check."""
        return tuple(each.method for each in self.methods if each.verdict == "failed")


def measure_quality(
    scored: ScoredMaps, spec: ExplainSpec, *, grouping: Grouping, against: str = ""
) -> QualityReport:
    """Turn scores of slices into figures with intervals over patients.

    Args:
        scored: Scores of maps, slice by slice.
        spec: What they were made with.
        grouping: What a patient is.
        against: Name of the second run, as the report shall say it.

    Returns:
        The report. Shares and correlations are means over slices; deletion and insertion
        are means over patients.
    """
    methods = scored.methods
    own = [name for name in methods if name not in TRIVIAL_METHODS]
    return QualityReport(
        spec=spec,
        grouping_words=GROUPING_WORDS[grouping],
        resampled=scored.draws.resampled,
        methods=tuple(_measure_method(scored, name) for name in methods),
        random_order=_estimate(scored, RANDOM_ORDER, CURVES),
        tests=tuple(
            test
            for curve in CURVES
            for test in compare_orders(
                {
                    name: scored.column(name, curve)
                    for name in dict.fromkeys((*methods, *REFERENCE_ORDERS))
                },
                scored.draws,
                curve=curve,
                methods=own,
            )
        ),
        completeness_error=float(max(scored.completeness, default=math.nan)),
        completeness_slices=len(scored.completeness),
        against=against,
    )


def judge_randomization(figure: MetricEstimate) -> Verdict:
    """Say whether maps depend on the weights: mean |rho| and its interval below the gate.

    Args:
        figure: Mean |rho| between maps of the trained and of a re-initialized network.
    """
    if figure.reason:
        return "cannot be assessed"
    is_below = max(figure.value, figure.high) <= RANDOMIZATION_GATE
    return "passed" if is_below else "failed"


def _measure_method(scored: ScoredMaps, method: str) -> MethodQuality:
    figures = _estimate(scored, method, tuple(QUALITY_FIGURES))
    randomized = next(one for one in figures if one.name == RANDOMIZED)
    is_trivial = method in TRIVIAL_METHODS
    return MethodQuality(
        method=method,
        verdict="no model" if is_trivial else judge_randomization(randomized),
        figures=figures,
        groups=tuple(_measure_groups(scored, method)),
    )


def _measure_groups(scored: ScoredMaps, method: str) -> Iterator[SliceGroup]:
    for kind, name, inside in _slice_groups(scored.slices):
        measured = inside & ~np.isnan(scored.column(method, "dice"))
        yield SliceGroup(
            kind=kind,
            name=name,
            n_slices=int(measured.sum()),
            figures=_estimate(scored, method, LOCALIZATION, inside=inside),
        )


def _slice_groups(
    slices: pd.DataFrame,
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    areas = slices["area_px"].to_numpy(dtype=np.float64)
    for low, high in pairwise(SIZE_EDGES_PX):
        yield "size", range_words(low, high), (areas > low) & (areas <= high)
    found = slices["is_found"].to_numpy(dtype=np.bool_)
    yield "decision", "found", found
    yield "decision", "missed", ~found


def _estimate(
    scored: ScoredMaps,
    method: str,
    figures: Sequence[str],
    *,
    inside: NDArray[np.bool_] | None = None,
) -> tuple[MetricEstimate, ...]:
    """Estimate figures of a method, over all slices or over those `inside`."""
    estimates: dict[str, MetricEstimate] = {}
    for figure in figures:
        values = scored.column(method, figure)
        if inside is not None:
            values = np.where(inside, values, np.nan)
        estimates |= _estimate_one(scored, method, {figure: values})
    return tuple(estimates.values())


def _estimate_one(
    scored: ScoredMaps, method: str, column: Mapping[str, NDArray[np.float64]]
) -> dict[str, MetricEstimate]:
    ((figure, values),) = column.items()
    words = QUALITY_FIGURES[figure]
    is_trivial = method in TRIVIAL_METHODS
    if is_trivial and figure in MODEL_FIGURES:
        values = np.full_like(values, np.nan)
    weights = scored.slices["weight"].to_numpy(dtype=np.float64)
    if words.counts_patients:
        weights = patient_weights(values, scored.draws)
    return estimate_means(
        {figure: values},
        scored.draws,
        reasons={figure: missing_reason(figure, is_trivial=is_trivial)},
        shares=(figure,) if words.is_share else (),
        weights=weights,
    )
