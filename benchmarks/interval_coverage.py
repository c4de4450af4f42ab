"""How often do intervals hold the truth? A simulation in which the truth is known.

Heads of 20 to 72 slices (40 on average) with one run of tumor slices each, of a length that
varies between patients; scores share an effect of the patient and one of the patient's tumor,
so that slices are clustered as they are in real sets (sensitivity differs between patients
with a standard deviation of about 0.2). Two models are simulated, an ordinary one (AUROC
0.94) and a strong one (0.98). Many cohorts are drawn, half of them from three sites and half
from one; the truth is the figure on one cohort of thousands of patients. A 95 % interval
should hold it in 93 to 97 of 100 cohorts. Counted apart are the cohorts whose whole interval
lies above the truth (the figure flatters) and below it. Beside the intervals in use stand the
plain percentiles of the same draws and, for shares, the t interval of their logits.

    python benchmarks/interval_coverage.py [--cohorts 400] [--draws 400] [--json FILE]
        [--patients 4 5 6 8 10 15 20 45 110]
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
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
from tumorscope.estimation.intervals import (
    FEWEST_PATIENTS,
    Spread,
    percentile_interval,
)
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

SLICES, SLICES_SD, FEWEST_SLICES, MOST_SLICES = 39.7, 10.0, 20, 72
TRUTH_PATIENTS = 6000
STRENGTHS = {"ordinary": 3.0, "strong": 4.5}
"""Mean distance of tumor slices from the others, in logits."""
STRONG_UP_TO = 20
"""Patients up to which the strong model is simulated too; with more, models differ less."""
LEVEL = 0.95
LOWEST, HIGHEST = 0.93, 0.97
PATIENTS = [4, 5, 6, 8, 10, 15, 20, 45, 110]
THRESHOLD_FIGURES = ("recall", "specificity")
OTHERS = ("plain percentiles", "t of the logits")
Row = dict[str, float | str | int]
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
        count: Shape (slices,), slices of the patient.
        site: Shape (slices,), number of the site.
    """

    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    rival: NDArray[np.float64]
    patient: NDArray[np.int64]
    index: NDArray[np.int64]
    count: NDArray[np.int64]
    site: NDArray[np.int64]


def simulate(
    rng: np.random.Generator, patients: int, *, sites: int, strength: float
) -> Cohort:
    """Draw a cohort; sites are of about equal size and differ in nothing."""
    slices = np.round(rng.normal(SLICES, SLICES_SD, patients)).astype(np.int64)
    slices = np.clip(slices, FEWEST_SLICES, MOST_SLICES)
    patient = np.repeat(np.arange(patients), slices)
    index = np.concatenate([np.arange(each) for each in slices])
    count = slices[patient]
    first = (rng.uniform(0.15, 0.5, patients) * slices).astype(np.int64)
    length = (rng.uniform(0.15, 0.52, patients) * slices).astype(np.int64)
    last = first + np.maximum(5, length)
    labels = ((index >= first[patient]) & (index < last[patient])).astype(np.int64)
    height = 0.5 - 1.5 * (2 * (index - count / 2) / count) ** 2
    shared = rng.normal(0, 0.8, patients)[patient] + height - 1.8
    signal = labels * (strength + rng.normal(0, 1.2, patients)[patient])
    logit = signal + shared + rng.normal(0, 1.1, len(patient))
    rival = 0.7 * signal + shared + rng.normal(0, 1.1, len(patient))
    return Cohort(
        labels=labels,
        probabilities=1 / (1 + np.exp(-logit)),
        rival=1 / (1 + np.exp(-rival)),
        patient=patient,
        index=index,
        count=count,
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
        pd.Series(cohort.count, dtype="Int64"),
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


def true_values(rng: np.random.Generator, strength: float) -> dict[str, float]:
    """Return the figures on a cohort so large that chance hardly matters."""
    cohort = simulate(rng, TRUTH_PATIENTS, sites=1, strength=strength)
    drawn = draw(cohort, draws=100, seed=0)
    whole = replace(drawn, counts=drawn.counts[:1])
    return {each.name: float(each.values[0]) for each in sample(cohort, whole)}


def measure(
    patients: int, model: str, truth: dict[str, float], *, cohorts: int, draws: int
) -> list[Row]:
    """Count in how many cohorts each interval holds the truth."""
    rng = np.random.default_rng([patients, *model.encode()])
    found: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for number in range(cohorts):
        sites = 1 if number % 2 else 3
        cohort = simulate(rng, patients, sites=sites, strength=STRENGTHS[model])
        drawn = draw(cohort, draws=draws, seed=number)
        samples = sample(cohort, drawn)
        for each, estimate in zip(samples, summarize(samples, drawn), strict=True):
            if estimate.reason:
                continue
            found[each.name, "in use"].append((estimate.low, estimate.high))
            for kind, ends in compared(each, drawn).items():
                found[each.name, kind].append(ends)
    return [
        {"patients": patients, "model": model, "figure": name, "truth": truth[name]}
        | judge(found[name, "in use"], truth[name])
        | {
            f"{kind}, {key}": value
            for kind in OTHERS
            if found[name, kind]
            for key, value in judge(found[name, kind], truth[name]).items()
        }
        for name in truth
    ]


def compared(
    each: MetricSamples, drawn: PatientDraws
) -> dict[str, tuple[float, float]]:
    """Return what other methods make of the same draws."""
    values = each.values[1:][~np.isnan(each.values[1:])]
    ends = {OTHERS[0]: percentile_interval(values, level=LEVEL)}
    value = float(each.values[0])
    if not each.is_share or value in (0, 1):
        return ends
    closest = min(0.5 / each.entered.sum(), value / 2, (1 - value) / 2)
    inside = np.clip(values, closest, 1 - closest)
    spread = Spread(n_patients=drawn.n_patients, strata=drawn.strata, level=drawn.level)
    reach = spread.deviations * np.log(inside / (1 - inside)).std()
    center = math.log(value / (1 - value))
    low, high = (1 / (1 + math.exp(-center - side * reach)) for side in (-1, 1))
    return ends | {OTHERS[1]: (low, high)}


def judge(intervals: list[tuple[float, float]], truth: float) -> dict[str, float]:
    """Return coverage, misses on either side, and width."""
    low, high = np.array(intervals).T
    return {
        "cohorts": len(intervals),
        "coverage": float(((low <= truth) & (truth <= high)).mean()),
        "wholly_above_truth": float((low > truth).mean()),
        "wholly_below_truth": float((high < truth).mean()),
        "median_width": float(np.median(high - low)),
    }


def _errors(cohort: Cohort, draws: PatientDraws) -> NDArray[np.float64]:
    inside = calibration_bin(cohort.probabilities)[:, None] == np.arange(ECE_BINS)
    gap = (cohort.probabilities - cohort.labels)[:, None] * inside
    slices = draws.counts @ draws.sum_by_patient(np.ones((len(gap), 1)))
    return np.abs(draws.counts @ draws.sum_by_patient(gap)).sum(axis=1) / slices[:, 0]


def _figure(row: Row) -> Figure:
    coverage, name = float(row["coverage"]), str(row["figure"])
    error = 1.96 * math.sqrt(coverage * (1 - coverage) / int(row["cohorts"]))
    note = (
        f"above the truth {float(row['wholly_above_truth']):.3f}, below "
        f"{float(row['wholly_below_truth']):.3f}, median width "
        f"{float(row['median_width']):.3f}; plain percentiles "
        f"{float(row['plain percentiles, coverage']):.3f}"
    )
    has_goal = name not in WITHOUT_GOAL and int(row["patients"]) >= FEWEST_PATIENTS
    if name in WITHOUT_GOAL:
        note += f"; {WITHOUT_GOAL[name]}"
    return Figure(
        name=(
            f"{row['patients']} patients, {row['model']} model, {name}: cohorts whose "
            "interval holds the truth"
        ),
        value=coverage,
        low=coverage - error,
        high=coverage + error,
        goal=LOWEST if has_goal else None,
        at_least=True,
        note=note,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, print, and say by the exit status whether the goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cohorts", type=int, default=400)
    parser.add_argument("--patients", type=int, nargs="+", default=PATIENTS)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for model, strength in STRENGTHS.items():
        truth = true_values(np.random.default_rng(0), strength)
        for patients in options.patients:
            if model == "ordinary" or patients <= STRONG_UP_TO:
                rows += measure(
                    patients,
                    model,
                    truth,
                    cohorts=options.cohorts,
                    draws=options.draws,
                )
    figures = [_figure(row) for row in rows]
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
