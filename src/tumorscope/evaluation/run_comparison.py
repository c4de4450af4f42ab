"""Models on the very same slices: paired differences, tested over patients.

All models are judged on the same draws of patients, so that what a draw makes hard is hard
for each of them. DeLong's test is no way out: it takes slices for independent.

References:
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 8 (paired data);
    Phipson and Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9:39 (a p-value from draws is
    never zero); Holm (1979), Scand. J. Stat. 6:65-70.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import MetricSamples, summarize
from tumorscope.estimation.holm import adjust_holm
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.evaluated import PART_WORDS
from tumorscope.evaluation.repeats import align_repeats, average_figures, draw_for
from tumorscope.evaluation.same_slices import Contender, refuse_other_slices

COMPARED = (
    "auroc",
    "position_matched_auroc",
    "within_patient_auroc",
    "brier",
    "ece",
    "sensitivity",
    "specificity",
    "sensitivity_at_95_specificity",
)
Verdict = Literal["higher", "lower", "no difference was found", "cannot be assessed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContenderFigures:
    """One model's own figures.

    Attributes:
        name: Its name.
        kind: Where its scores come from.
        n_repeats: Testings that were averaged.
        figures: Those of `COMPARED`.
    """

    name: str
    kind: str
    n_repeats: int
    figures: MetricSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure of one model minus that of the first model.

    Attributes:
        metric: Name of the figure, one of `COMPARED`.
        contender: The other model.
        estimate: Its figure minus the first model's, paired by draw.
        p: Two-sided, from the sign of the difference in the draws; NaN where it cannot
            be assessed.
        p_holm: The same, corrected for all differences of this comparison.
        verdict: "higher" or "lower" than the first model where `p_holm` is below
            1 - level and the interval leaves out zero. Both are asked for because the
            interval is widened for few patients, and the p-value is not.
    """

    metric: str
    contender: str
    estimate: MetricEstimate
    p: float
    p_holm: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """What `compare` found.

    Attributes:
        testing: "internal testing" or "external testing".
        grouping: What the bootstrap kept together.
        unit: What `n_patients` counts.
        resampled: What the bootstrap drew.
        spec: Draws, level and seed.
        n_slices: Slices that every model was tested on.
        n_tumor_slices: Those with tumor by the reference standard.
        n_patients: Patients (or groups).
        pixels_checked: Whether the slices' pixels are known to be the same, beside their
            names, labels and patients.
        contenders: The models; the first is what the others are compared with.
        differences: For each other model, those of `COMPARED`.
        n_tests: Differences that Holm's correction counts.
    """

    testing: str
    grouping: Grouping
    unit: str
    resampled: str
    spec: EvaluateSpec
    n_slices: int
    n_tumor_slices: int
    n_patients: int
    pixels_checked: bool
    contenders: tuple[ContenderFigures, ...]
    differences: tuple[Difference, ...]
    n_tests: int


def compare_runs(contenders: Sequence[Contender], spec: EvaluateSpec) -> RunComparison:
    """Compare models with the first of them, on the same slices and the same draws.

    Args:
        contenders: At least two, with unique names.
        spec: Draws, level and seed.

    Returns:
        Figures of each, and the differences of the pre-listed family.

    Raises:
        ConfigError: If there are fewer than two, or names repeat.
        DataError: If they were not tested on the same slices; the message says what
            differs.
    """
    names = [each.name for each in contenders]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ConfigError(f"compare needs at least two different results, not {names}")
    aligned = [align_repeats(each.repeats) for each in contenders]
    first = contenders[0]
    for other, tables in zip(contenders[1:], aligned[1:], strict=True):
        refuse_other_slices(first, aligned[0][0], other, tables[0])
    draws = draw_for(aligned[0], spec, first.grouping)
    samples = [average_figures(tables, draws, COMPARED) for tables in aligned]
    return RunComparison(
        testing=PART_WORDS[str(aligned[0][0]["part"].iat[0])],
        grouping=first.grouping,
        unit=draws.unit,
        resampled=draws.resampled,
        spec=spec,
        n_slices=len(aligned[0][0]),
        n_tumor_slices=int(aligned[0][0]["label"].sum()),
        n_patients=draws.n_patients,
        pixels_checked=all(each.pixel_digest is not None for each in contenders),
        contenders=tuple(
            ContenderFigures(
                name=each.name,
                kind=each.kind,
                n_repeats=len(each.repeats),
                figures=summarize(found, draws),
            )
            for each, found in zip(contenders, samples, strict=True)
        ),
        differences=(found := _differences(names, samples, draws)),
        n_tests=sum(each.verdict != "cannot be assessed" for each in found),
    )


def sign_p_value(differences: NDArray[np.float64]) -> float:
    """Return the two-sided p-value of a difference from its sign in the draws.

    Args:
        differences: Shape (draws,), bootstrap draws of the difference; NaN is left out.

    Returns:
        Twice the smaller share of draws at or beyond zero, the set itself counted as one
        more draw, at most 1. NaN without a draw.
    """
    known = differences[~np.isnan(differences)]
    if not known.size:
        return float("nan")
    fewer = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return min(1.0, 2 * (1 + fewer) / (1 + known.size))


def _differences(
    names: Sequence[str],
    samples: Sequence[Sequence[MetricSamples]],
    draws: PatientDraws,
) -> tuple[Difference, ...]:
    pairs = [
        (name, metric, _subtract(one, base))
        for name, found in zip(names[1:], samples[1:], strict=True)
        for metric, one, base in zip(COMPARED, found, samples[0], strict=True)
    ]
    estimates = [summarize([each], draws)["difference"] for _, _, each in pairs]
    p_values = [
        float("nan") if estimate.reason else sign_p_value(each.values[1:])
        for estimate, (_, _, each) in zip(estimates, pairs, strict=True)
    ]
    corrected = adjust_holm(p_values)
    return tuple(
        Difference(
            metric=metric,
            contender=name,
            estimate=estimate,
            p=p,
            p_holm=p_holm,
            verdict=_verdict(estimate, p_holm),
        )
        for (name, metric, _), estimate, p, p_holm in zip(
            pairs, estimates, p_values, corrected, strict=True
        )
    )


def _subtract(other: MetricSamples, first: MetricSamples) -> MetricSamples:
    is_blank = np.isnan(other.values[0])
    return replace(
        other,
        name="difference",
        values=other.values - first.values,
        entered=other.entered | first.entered,
        reason=other.reason if is_blank else first.reason,
        is_share=False,
    )


def _verdict(estimate: MetricEstimate, p_holm: float) -> Verdict:
    if estimate.reason:
        return "cannot be assessed"
    holds_zero = estimate.low <= 0 <= estimate.high
    if p_holm >= 1 - estimate.level or holds_zero:
        return "no difference was found"
    return "higher" if estimate.value > 0 else "lower"
