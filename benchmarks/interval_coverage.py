"""How often do intervals hold the truth? A simulation in which the truth is known.

Heads of 36 slices with one run of tumor slices each; scores share an effect of the patient
and one of the patient's tumor, so that slices are clustered as they are in real sets
(sensitivity differs between patients with a standard deviation of about 0.2). Many cohorts
of 20, 45 and 110 patients are drawn; the truth is the figure on one cohort of thousands of
patients. A 95 % interval should hold it in 93 to 97 of 100 cohorts. Beside the intervals in
use stand the plain percentiles of the same draws.

    python benchmarks/interval_coverage.py [--cohorts 1000] [--patients 20 45 110]
        [--draws 500] [--json FILE]
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from reporting import Figure, make_result, report

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import (
    MetricSamples,
    PatientDraws,
    draw_patients,
    sample_ranking,
    sample_ratios,
    summarize,
)
from tumorscope.estimation.intervals import percentile_interval
from tumorscope.estimation.metrics import (
    probability_terms,
    rank_slices,
    threshold_terms,
)
from tumorscope.estimation.positions import position_strata
from tumorscope.evaluation.calibration_error import calibration_bin
from tumorscope.evaluation.curves import ECE_BINS
from tumorscope.evaluation.decisions import ranked_decision, sample_above
from tumorscope.evaluation.logistic_calibration import sample_logistic_fit

SLICES = 36
TRUTH_PATIENTS = 6000
LEVEL = 0.95
LOWEST, HIGHEST = 0.93, 0.97
THRESHOLD_FIGURES = ("recall", "specificity")
WITHOUT_GOAL = {"ece": "biased upwards on any finite set: judged by its null instead"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Simulated slices.

    Attributes:
        labels: Shape (slices,), 0 or 1.
        probabilities: Shape (slices,), in [0, 1], of the model.
        rival: Shape (slices,), in [0, 1], of a poorer model on the same slices.
        patient: Shape (slices,), number of the patient.
        index: Shape (slices,), place of the slice in the head, from 0.
        site: Shape (slices,), number of the site.
    """

    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    rival: NDArray[np.float64]
    patient: NDArray[np.int64]
    index: NDArray[np.int64]
    site: NDArray[np.int64]


def simulate(rng: np.random.Generator, patients: int, sites: int) -> Cohort:
    """Draw a cohort; sites are of about equal size and differ in nothing."""
    patient = np.repeat(np.arange(patients), SLICES)
    index = np.tile(np.arange(SLICES), patients)
    first = rng.integers(6, 20, patients)[patient]
    length = rng.integers(6, 15, patients)[patient]
    labels = ((index >= first) & (index < first + length)).astype(np.int64)
    height = 0.5 - 1.5 * (2 * (index - SLICES / 2) / SLICES) ** 2
    shared = rng.normal(0, 0.8, patients)[patient] + height - 1.8
    signal = labels * (3.0 + rng.normal(0, 1.2, patients)[patient])
    logit = signal + shared + rng.normal(0, 1.1, len(patient))
    rival = 0.7 * signal + shared + rng.normal(0, 1.1, len(patient))
    return Cohort(
        labels=labels,
        probabilities=1 / (1 + np.exp(-logit)),
        rival=1 / (1 + np.exp(-rival)),
        patient=patient,
        index=index,
        site=(rng.permutation(patients) % sites)[patient],
    )


def draw(cohort: Cohort, *, draws: int, seed: int) -> PatientDraws:
    """Draw patients within their site."""
    return draw_patients(
        pd.Series(cohort.patient).astype(str),
        pd.Series(cohort.site).astype(str),
        EvaluateSpec(bootstrap_draws=draws, level=LEVEL, seed=seed),
        grouping="patient",
    )


def sample(cohort: Cohort, draws: PatientDraws) -> list[MetricSamples]:
    """Compute every figure on the set and on every draw."""
    labels, scores = cohort.labels, cohort.probabilities
    area, _ = sample_ranking(rank_slices(labels, scores), draws)
    rival, _ = sample_ranking(rank_slices(labels, cohort.rival), draws)
    strata = position_strata(
        labels,
        pd.Series(cohort.index, dtype="Int64"),
        pd.Series(np.full(len(labels), SLICES), dtype="Int64"),
    )
    matched, _ = sample_ranking(rank_slices(labels, scores, strata), draws)
    slope, _ = sample_logistic_fit(labels, scores, draws)
    ranked = sample_above(ranked_decision(labels, scores, draws), labels == 1, draws)
    own = {
        "auroc": (area, True),
        "position_matched_auroc": (matched, True),
        "sensitivity_at_95_specificity": (ranked, True),
        "ece": (_errors(cohort, draws), True),
        "calibration_slope": (slope, False),
        "auroc_difference": (area - rival, False),
    }
    every = np.ones(len(labels), dtype=bool)
    samples = [
        MetricSamples(
            name=name,
            values=values,
            entered=labels == 1 if name.startswith("sensitivity") else every,
            reason="undefined",
            is_share=is_share,
            is_coefficient=name.startswith("calibration"),
        )
        for name, (values, is_share) in own.items()
    ]
    terms = (threshold_terms(labels, scores > 0.5), probability_terms(labels, scores))
    for each in terms:
        names = tuple(name for name in each.names if name != "log_loss")
        samples += sample_ratios(
            each, draws, reasons=dict.fromkeys(each.names, "undefined"), shares=names
        )
    wanted = {*own, *THRESHOLD_FIGURES, "brier", "log_loss"}
    return [each for each in samples if each.name in wanted]


def true_values(rng: np.random.Generator) -> dict[str, float]:
    """Return the figures on a cohort so large that chance hardly matters."""
    cohort = simulate(rng, TRUTH_PATIENTS, 1)
    drawn = draw(cohort, draws=100, seed=0)
    whole = replace(drawn, counts=drawn.counts[:1])
    return {each.name: float(each.values[0]) for each in sample(cohort, whole)}


def measure(
    patients: int, truth: dict[str, float], *, cohorts: int, draws: int
) -> list[dict[str, float | str | int]]:
    """Count in how many cohorts each interval holds the truth."""
    rng = np.random.default_rng(patients)
    hits: Counter[tuple[str, str]] = Counter()
    widths: Counter[tuple[str, str]] = Counter()
    for number in range(cohorts):
        cohort = simulate(rng, patients, 1 if number % 2 else 3)
        drawn = draw(cohort, draws=draws, seed=number)
        samples = sample(cohort, drawn)
        for each, estimate in zip(samples, summarize(samples, drawn), strict=True):
            defined = each.values[1:][~np.isnan(each.values[1:])]
            plain = percentile_interval(defined, level=LEVEL)
            ends = {"in use": (estimate.low, estimate.high), "plain": plain}
            for kind, (low, high) in ends.items():
                hits[each.name, kind] += low <= truth[each.name] <= high
                widths[each.name, kind] += high - low
    return [
        {
            "patients": patients,
            "figure": name,
            "truth": truth[name],
            "coverage": hits[name, "in use"] / cohorts,
            "coverage_plain": hits[name, "plain"] / cohorts,
            "mean_width": widths[name, "in use"] / cohorts,
            "mean_width_plain": widths[name, "plain"] / cohorts,
        }
        for name in truth
    ]


def _errors(cohort: Cohort, draws: PatientDraws) -> NDArray[np.float64]:
    inside = calibration_bin(cohort.probabilities)[:, None] == np.arange(ECE_BINS)
    gap = (cohort.probabilities - cohort.labels)[:, None] * inside
    slices = draws.counts @ draws.sum_by_patient(np.ones((len(gap), 1)))
    return np.abs(draws.counts @ draws.sum_by_patient(gap)).sum(axis=1) / slices[:, 0]


def _figure(row: dict[str, float | str | int], cohorts: int) -> Figure:
    coverage, name = float(row["coverage"]), str(row["figure"])
    error = 1.96 * math.sqrt(coverage * (1 - coverage) / cohorts)
    note = f"plain percentiles {float(row['coverage_plain']):.3f}"
    if name in WITHOUT_GOAL:
        note += f"; {WITHOUT_GOAL[name]}"
    return Figure(
        name=f"{row['patients']} patients, {name}: cohorts whose interval holds the truth",
        value=coverage,
        low=coverage - error,
        high=coverage + error,
        goal=None if name in WITHOUT_GOAL else LOWEST,
        at_least=True,
        note=note,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, print, and say by the exit status whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=1000)
    parser.add_argument("--patients", type=int, nargs="+", default=[20, 45, 110])
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    truth = true_values(np.random.default_rng(0))
    rows = [
        row
        for patients in options.patients
        for row in measure(
            patients, truth, cohorts=options.cohorts, draws=options.draws
        )
    ]
    figures = [_figure(row, options.cohorts) for row in rows]
    details = {
        "level": LEVEL,
        "cohorts": options.cohorts,
        "bootstrap_draws": options.draws,
        "wanted": [LOWEST, HIGHEST],
        "rows": rows,
    }
    report(make_result("interval coverage", figures, details=details), options.json)
    return int(any(each.met is False for each in figures))


if __name__ == "__main__":
    raise SystemExit(main())
