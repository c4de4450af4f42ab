"""What 45 patients can show: group gaps of a simple method on the LGG set, and their nulls.

The method (hand features and slice position, boosted trees) is fitted by patient in five
folds, as in `baselines_lgg.py`. Group labels are shuffled over patients with the scores held
fixed. The expected figures were measured with an independent implementation that shuffles
over the whole cohort; the nulls within site, which the product uses unless told otherwise,
stand beside them.

    python benchmarks/fairness_lgg.py [--out FILE]
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from baselines_lgg import make_folds
from cohorts import LIMIT, read_cohort
from reporting import Figure, make_result, report

from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.predictions import PREDICTION_COLUMNS
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.baseline_features import BaselineFeatures
from tumorscope.evaluation.baselines import BASELINES, score_baselines
from tumorscope.evaluation.fairness.attributes import assign_patients
from tumorscope.evaluation.fairness.comparison import measure_fairness
from tumorscope.evaluation.fairness.encoding import (
    choose_target,
    judge_probe,
    predict_groups,
)
from tumorscope.evaluation.fairness.report import FairnessReport
from tumorscope.evaluation.fairness.scores import ScoredSlices
from tumorscope.workflows.lesion_sizes import read_lesion_areas
from tumorscope.workflows.simple_methods import read_baseline_features

METHOD = "hand_position"
GROUPS = ("sex", "age_years:40,60", "site", "sex-x-age_years:40,60")
EXPECTED_NULLS = {"sex": 0.199, "age_years": 0.286, "site": 0.290}
TOLERANCE = 0.03
"""A 95th percentile of 2,000 shufflings has a standard error of about 0.005; folds and
boosting differ by library version."""
GAP = "sensitivity_at_t95"


def score_floor(manifest: Manifest, features: BaselineFeatures) -> pd.DataFrame:
    """Score every slice by the simple method, out of fold; rows of `Predictions`."""
    methods = [one for one in BASELINES if one.name == METHOD]
    folds = make_folds(manifest.table, "patient CV")
    (scores,) = score_baselines(features, manifest.labels, folds, methods=methods)
    columns = {
        "group": manifest.table["patient_id"],
        "fold": "pooled",
        "part": "test",
        "logit": np.log(scores.scores) - np.log1p(-scores.scores),
        "tumor_probability": scores.scores,
        "threshold_probability": np.nan,
    }
    return manifest.table.assign(**columns)[list(PREDICTION_COLUMNS)]


def measure(manifest: Manifest, table: pd.DataFrame, within: str) -> FairnessReport:
    """Measure all groups, labels shuffled within site or over the cohort."""
    draws = draw_patients(
        table["group"], table["site"], EvaluateSpec(), grouping="patient"
    )
    scored = ScoredSlices(
        table=table,
        known=manifest.table,
        draws=draws,
        areas_px=read_lesion_areas(manifest),
    )
    spec = FairnessSpec.model_validate({"groups": GROUPS, "shuffle_within": within})
    return measure_fairness(scored, spec, grouping="patient")


def probe_intensity(manifest: Manifest, features: BaselineFeatures) -> list[Figure]:
    """Tell site and sex of unseen patients from intensities of tumor-free slices."""
    rows = np.flatnonzero(manifest.labels == 0)
    known = manifest.table.iloc[rows].reset_index(drop=True)
    draws = draw_patients(
        known["patient_id"], known["site"], EvaluateSpec(), grouping="patient"
    )
    by_patient = replace(draws, patient_of_slice=np.arange(draws.n_patients))
    figures = []
    for text in ("site", "sex"):
        target = choose_target(assign_patients(text, known, draws), FairnessSpec())
        found = predict_groups(
            features.intensity[rows], draws.patient_of_slice, target, seed=0
        )
        probe = judge_probe(
            [found], target, by_patient, FairnessSpec(), features="intensity"
        )
        sizes = zip(probe.groups, probe.group_sizes, strict=True)
        figures.append(
            Figure(
                name=f"{text} from raw intensity statistics, macro AUROC over patients",
                value=probe.auroc.value,
                low=probe.auroc.low,
                high=probe.auroc.high,
                note=f"p {probe.p:.4f}; "
                + ", ".join(f"{name} {size}" for name, size in sizes),
            )
        )
    return figures


def gap_figures(by_cohort: FairnessReport, by_site: FairnessReport) -> list[Figure]:
    """Return each attribute's gap, and its null under both ways of shuffling."""
    figures = []
    for one, twin in zip(by_cohort.attributes, by_site.attributes, strict=True):
        gap = one.gap(GAP)
        figures.append(
            Figure(
                name=f"{one.name}: gap in sensitivity at t95",
                value=gap.estimate.value,
                low=gap.estimate.low,
                high=gap.estimate.high,
                note=f"{gap.lowest} below {gap.highest}",
            )
        )
        expected = EXPECTED_NULLS.get(one.name)
        verdict = ""
        if expected is not None:
            off = abs(gap.null_high - expected) > TOLERANCE
            verdict = f"; expected {expected:.3f}, {'OFF' if off else 'ok'}"
        figures += [
            Figure(
                name=f"{one.name}: 95th percentile, shuffled within {within}",
                value=found.null_high,
                note=f"p {found.p:.3f}, Holm {found.p_holm:.3f}{extra}",
            )
            for within, found, extra in (
                ("cohort", gap, verdict),
                ("site", twin.gap(GAP), ""),
            )
        ]
    return figures


def main() -> int:
    """Measure, print, and leave the figures where wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    out = parser.parse_args().out
    manifest = read_cohort("lgg", scratch=Path())
    features = read_baseline_features(manifest)
    table = score_floor(manifest, features)
    figures = probe_intensity(manifest, features)
    by_cohort, by_site = (
        measure(manifest, table, within) for within in ("cohort", "site")
    )
    figures += gap_figures(by_cohort, by_site)
    sizes = by_site.sizes.gap.estimate
    figures.append(
        Figure(
            name="lesion size: gap in sensitivity at t95",
            value=sizes.value,
            low=sizes.low,
            high=sizes.high,
            note=f"{by_site.sizes.gap.lowest} below {by_site.sizes.gap.highest}",
        )
    )
    details = {"limit": LIMIT, "worst_group": by_site.worst.name}
    report(make_result("fairness_lgg", figures, details=details), out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
