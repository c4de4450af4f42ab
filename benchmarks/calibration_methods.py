"""Which calibration and which threshold carry over from a few patients to others?

Scores of a simple method (hand features, boosted trees) on the LGG set under
TUMORSCOPE_DATA, each patient scored by a model that never saw it, stand in for a network's:
as they are, and sharpened and shifted as an overfitted network's are. Some patients are
drawn as a tuning part, the rules are fixed on them, and all other patients judge the rules.
No figure here is one of a released model.

    python benchmarks/calibration_methods.py [--draws 60] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from baselines_lgg import make_folds, read_images, read_table
from numpy.typing import NDArray
from reporting import Figure, make_result, report
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from tumorscope.domain.calibration import (
    LogitCalibration,
    OperatingTarget,
    calibrate,
)
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.baseline_features import baseline_features
from tumorscope.evaluation.baselines import BASELINES, score_baselines
from tumorscope.evaluation.coverage import fix_sets_across_folds, measure_sets
from tumorscope.evaluation.selective import measure_selective
from tumorscope.evaluation.temperature import fit_calibration
from tumorscope.evaluation.thresholds import fix_threshold
from tumorscope.evaluation.tuning_scores import TuningScores

METHOD = "hand_position"
DISTORTIONS: dict[str, tuple[float, float]] = {
    "as they are": (1.0, 0.0),
    "three times too sharp": (3.0, 0.0),
    "half as sharp": (0.5, 0.0),
    "twice too sharp and shifted": (2.0, 1.5),
}
TUNING_PATIENTS = (6, 12)
CONFIDENCES = (0.5, 0.8, 0.9)
TARGET = OperatingTarget(rate="specificity", value=0.95)
CLIP = 1e-6
Map = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def read_scores() -> pd.DataFrame:
    """Score every slice of the LGG set by folds of patients."""
    root = Path(os.environ.get("TUMORSCOPE_DATA", "../shared/data")) / "lgg"
    table = read_table(root)
    features = baseline_features(
        read_images(table["path"].tolist()),
        series=table["patient_id"],
        slice_index=table["slice_index"],
        slice_count=table["slice_count"],
    )
    folds = make_folds(table, "patient CV")
    methods = [one for one in BASELINES if one.name == METHOD]
    labels = table["label"].to_numpy(dtype=np.int64)
    (scored,) = score_baselines(features, labels, folds, methods=methods)
    fold = np.empty(len(table), dtype=object)
    for number, (_, test) in enumerate(folds):
        fold[test] = f"fold {number}"
    return table.assign(
        tumor_probability=scored.scores, fold=fold, group=table["patient_id"]
    )


def fit_beta(tuning: TuningScores) -> Map:
    """Fit beta calibration (Kull et al. 2017): two slopes and an intercept."""

    def line(
        found: NDArray[np.float64], logit: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        up, down = -np.logaddexp(0, -logit), np.logaddexp(0, logit)
        return np.exp(found[0]) * up + np.exp(found[1]) * down + found[2]

    def loss(found: NDArray[np.float64]) -> float:
        logit = line(found, tuning.logit)
        return float((np.logaddexp(0, logit) - tuning.label * logit).mean())

    found = minimize(loss, np.zeros(3), method="L-BFGS-B", bounds=[(-4, 4)] * 3).x
    return lambda logit: 1 / (1 + np.exp(-line(found, logit)))


def fit_isotonic(tuning: TuningScores) -> Map:
    """Fit isotonic calibration, kept off 0 and 1."""
    model = IsotonicRegression(y_min=1e-3, y_max=1 - 1e-3, out_of_bounds="clip")
    model.fit(tuning.logit, tuning.label)
    return lambda logit: np.asarray(model.predict(logit))


def _fit_line(tuning: TuningScores, method: str) -> Map:
    line = fit_calibration(tuning, method)
    return lambda logit: calibrate(logit, line)


METHODS: dict[str, Callable[[TuningScores], Map]] = {
    "none": lambda tuning: _fit_line(tuning, "none"),
    "temperature": lambda tuning: _fit_line(tuning, "temperature"),
    "Platt": lambda tuning: _fit_line(tuning, "platt"),
    "beta": fit_beta,
    "isotonic": fit_isotonic,
}


def compare_methods(
    scores: TuningScores, *, patients: int, draws: int, rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """Return the log loss of the other patients for each method and draw."""
    losses: dict[str, list[float]] = {name: [] for name in METHODS}
    for _ in range(draws):
        tuned = np.isin(
            scores.patient, rng.choice(scores.n_patients, patients, replace=False)
        )
        tuning, others = scores.rows(tuned), scores.rows(~tuned)
        for name, fit in METHODS.items():
            probability = np.clip(fit(tuning)(others.logit), CLIP, 1 - CLIP)
            of_label = np.where(others.label == 1, probability, 1 - probability)
            losses[name].append(float(-np.log(of_label).mean()))
    return {name: np.array(values) for name, values in losses.items()}


def compare_margins(
    scores: TuningScores, *, patients: int, draws: int, rng: np.random.Generator
) -> dict[float, NDArray[np.float64]]:
    """Return specificity and sensitivity of the others for each margin and draw."""
    reached: dict[float, list[tuple[float, float]]] = {one: [] for one in CONFIDENCES}
    for _ in range(draws):
        tuned = np.isin(
            scores.patient, rng.choice(scores.n_patients, patients, replace=False)
        )
        tuning, others = scores.rows(tuned), scores.rows(~tuned)
        probability = calibrate(others.logit, LogitCalibration())
        for confidence, pairs in reached.items():
            fixed = fix_threshold(
                tuning, LogitCalibration(), TARGET, carry_over_confidence=confidence
            )
            above = probability > fixed.threshold_probability
            pairs.append(
                (
                    float((~above[others.label == 0]).mean()),
                    float(above[others.label == 1].mean()),
                )
            )
    return {one: np.array(pairs) for one, pairs in reached.items()}


def method_figures(
    scores: TuningScores, *, draws: int, rng: np.random.Generator
) -> list[Figure]:
    """Return log losses of every method, distortion and size of the tuning part."""
    figures = []
    for words, (factor, shift) in DISTORTIONS.items():
        bent = TuningScores(
            logit=factor * scores.logit + shift,
            label=scores.label,
            patient=scores.patient,
        )
        for patients in TUNING_PATIENTS:
            found = compare_methods(bent, patients=patients, draws=draws, rng=rng)
            figures += [
                Figure(
                    name=f"log loss, scores {words}, {patients} tuning patients, {name}",
                    value=float(losses.mean()),
                    low=float(np.quantile(losses, 0.1)),
                    high=float(np.quantile(losses, 0.9)),
                    unit="nats",
                )
                for name, losses in found.items()
            ]
    return figures


def margin_figures(
    scores: TuningScores, *, draws: int, rng: np.random.Generator
) -> list[Figure]:
    """Return what thresholds for a specificity of 0.95 reach on other patients."""
    figures = []
    for patients in (*TUNING_PATIENTS, 20):
        found = compare_margins(scores, patients=patients, draws=draws, rng=rng)
        for confidence, pairs in found.items():
            where = f"{patients} tuning patients, carry_over_confidence {confidence:g}"
            rates = {"specificity": pairs[:, 0], "sensitivity": pairs[:, 1]}
            figures.append(
                Figure(
                    name=f"share of draws that reach a specificity of 0.95, {where}",
                    value=float((pairs[:, 0] >= TARGET.value).mean()),
                )
            )
            figures += [
                Figure(
                    name=f"{name} on the other patients, {where}",
                    value=float(values.mean()),
                    low=float(np.quantile(values, 0.1)),
                    high=float(np.quantile(values, 0.9)),
                )
                for name, values in rates.items()
            ]
    return figures


def abstention_figures(table: pd.DataFrame) -> list[Figure]:
    """Return errors by coverage (A1) and sets calibrated across folds (A2)."""
    spec = EvaluateSpec()
    draws = draw_patients(table["group"], table["site"], spec, grouping="patient")
    estimates = {
        f"A1, {one.name}": one for one in measure_selective(table, draws).metrics
    }
    sets = fix_sets_across_folds(table, (0.9, 0.95))
    for level in measure_sets(table, sets, spec, grouping="patient"):
        where = f"A2 at {level.level:g}"
        estimates |= {f"{where}, {one.name}": one for one in level.metrics}
        for site, metrics in level.by_site:
            estimates |= {f"{where}, {one.name}, {site}": one for one in metrics}
    return [
        Figure(name=name, value=one.value, low=one.low, high=one.high, note=one.reason)
        for name, one in estimates.items()
    ]


def main() -> int:
    """Measure, print, and write where wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=60, help="tuning parts drawn")
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    arguments = parser.parse_args()
    table = read_scores()
    clipped = np.clip(table["tumor_probability"].to_numpy(), CLIP, 1 - CLIP)
    scores = TuningScores.from_owners(
        np.log(clipped / (1 - clipped)),
        table["label"].to_numpy(),
        table["group"].to_numpy(dtype=object),
    )
    rng = np.random.default_rng(0)
    figures = [
        *method_figures(scores, draws=arguments.draws, rng=rng),
        *margin_figures(scores, draws=arguments.draws, rng=rng),
        *abstention_figures(table),
    ]
    details = {
        "draws": arguments.draws,
        "limit": "Range: 10th to 90th percentile of the draws; for A1 and A2 the "
        "interval over patients. Scores of a simple method, not of a network.",
    }
    report(make_result("calibration_methods", figures, details=details), arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
