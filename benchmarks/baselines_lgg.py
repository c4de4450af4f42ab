"""Recompute what simple methods reach on the LGG set, and compare with known figures.

Reads the folder `lgg` below TUMORSCOPE_DATA (default ../shared/data): a folder for each
patient, named PROJECT_SITE_PATIENT_DATE, slices NAME_K.tif with channels pre-contrast,
FLAIR, post-contrast, and masks NAME_K_mask.tif. The exit status is 1 if a figure is off
by more than 0.01.

    python benchmarks/baselines_lgg.py [--out FILE.json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import (
    MetricSamples,
    draw_patients,
    sample_ranking,
    summarize,
)
from tumorscope.estimation.metrics import rank_slices
from tumorscope.estimation.positions import position_strata
from tumorscope.evaluation.baseline_features import baseline_features
from tumorscope.evaluation.baselines import Fold, score_baselines
from tumorscope.evaluation.comparison import BaselineScores

TOLERANCE = 0.01
EXPECTED_SLICES, EXPECTED_TUMOR_SLICES = 1785, 600
# Measured on the 45 patients with an independent implementation.
EXPECTED = {
    ("patient CV", "position", "auroc"): 0.856,
    ("patient CV", "hand_position", "auroc"): 0.921,
    ("patient CV", "hand_position_neighbors", "auroc"): 0.922,
    ("leave one site out", "hand_position", "auroc"): 0.884,
    ("leave one site out", "hand_position_neighbors", "auroc"): 0.869,
    ("patient CV", "hand_position", "sensitivity_at_t95"): 0.672,
    ("patient CV", "hand_position_neighbors", "sensitivity_at_t95"): 0.683,
    ("patient CV", "hand_position", "position_matched_auroc"): 0.839,
    ("patient CV", "hand_position_neighbors", "position_matched_auroc"): 0.849,
}
Row = dict[str, str | float | None]


def read_table(root: Path) -> pd.DataFrame:
    """List the slices: path, label, patient, site, rank and number of slices."""
    rows = []
    for mask_path in sorted(root.glob("*/*_mask.tif")):
        name = mask_path.name.removesuffix("_mask.tif")
        with Image.open(mask_path) as mask:
            label = int(np.asarray(mask).any())
        rows.append(
            {
                "path": mask_path.with_name(f"{name}.tif"),
                "label": label,
                "patient_id": mask_path.parent.name,
                "site": mask_path.parent.name.split("_")[1],
                "number": int(name.rsplit("_", 1)[1]),
            }
        )
    table = pd.DataFrame(rows).sort_values(["patient_id", "number"], ignore_index=True)
    by_patient = table.groupby("patient_id")["number"]
    table["slice_index"] = by_patient.rank().astype("Int64") - 1
    table["slice_count"] = by_patient.transform("size").astype("Int64")
    return table


def read_images(paths: Sequence[Path]) -> Iterator[NDArray[np.uint8]]:
    """Yield slices one by one, shape (256, 256, 3), uint8."""
    for path in paths:
        with Image.open(path) as image:
            yield np.asarray(image)


def make_folds(table: pd.DataFrame, scheme: str) -> list[Fold]:
    """Split by patient in five folds, or leave one site out."""
    labels = table["label"]
    if scheme == "patient CV":
        splitter = StratifiedGroupKFold(5, shuffle=True, random_state=0)
        return list(splitter.split(labels, labels, table["patient_id"]))
    return list(LeaveOneGroupOut().split(labels, labels, table["site"]))


def measure(scores: BaselineScores, table: pd.DataFrame, scheme: str) -> list[Row]:
    """Estimate AUROC, position-matched AUROC and the sensitivity at t95."""
    labels = table["label"].to_numpy(dtype=np.int64)
    spec = EvaluateSpec()
    draws = draw_patients(table["patient_id"], table["site"], spec, grouping="patient")
    strata = position_strata(labels, table["slice_index"], table["slice_count"])
    samples = [
        MetricSamples(
            name=name,
            values=sample_ranking(rank_slices(labels, scores.scores, part), draws)[0],
            entered=part >= 0,
            reason="one class only",
        )
        for name, part in (
            ("auroc", np.zeros_like(labels)),
            ("position_matched_auroc", strata),
        )
    ]
    t95 = np.quantile(scores.scores[labels == 0], 0.95)
    found: list[tuple[str, float, str]] = [
        (each.name, each.value, str(each)) for each in summarize(samples, draws)
    ]
    sensitivity = float((scores.scores[labels == 1] > t95).mean())
    found.append(("sensitivity_at_t95", sensitivity, f"{sensitivity:.3f}"))
    return [
        {
            "scheme": scheme,
            "method": scores.name,
            "metric": metric,
            "value": value,
            "printed": printed,
            "expected": EXPECTED.get((scheme, scores.name, metric)),
        }
        for metric, value, printed in found
    ]


def main() -> int:
    """Compute, print the table, return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    out = parser.parse_args().out
    root = Path(os.environ.get("TUMORSCOPE_DATA", "../shared/data")) / "lgg"
    table = read_table(root)
    tumor_slices = int(table["label"].sum())
    sys.stdout.write(f"{len(table)} slices, {tumor_slices} with tumor\n")
    if (len(table), tumor_slices) != (EXPECTED_SLICES, EXPECTED_TUMOR_SLICES):
        sys.stdout.write("this is another set: the expected figures do not apply\n")
        return 1
    features = baseline_features(
        read_images(table["path"].tolist()),
        series=table["patient_id"],
        slice_index=table["slice_index"],
        slice_count=table["slice_count"],
    )
    labels = table["label"].to_numpy(dtype=np.int64)
    rows = []
    for scheme in ("patient CV", "leave one site out"):
        for scores in score_baselines(features, labels, make_folds(table, scheme)):
            rows += measure(scores, table, scheme)
    status = report(rows)
    if out:
        out.write_text(json.dumps(rows, indent=1) + "\n")
    return status


def report(rows: list[Row]) -> int:
    """Print every figure beside the expected one; 1 if any is off."""
    off = 0
    for row in rows:
        expected = row["expected"]
        verdict = ""
        if isinstance(expected, float) and isinstance(row["value"], float):
            wrong = abs(row["value"] - expected) > TOLERANCE
            off += wrong
            verdict = f"expected {expected:.3f} {'OFF' if wrong else 'ok'}"
        sys.stdout.write(
            f"{row['scheme']:19} {row['method']:24} {row['metric']:23} "
            f"{row['printed']:22} {verdict}\n"
        )
    sys.stdout.write(f"{off} of {len(EXPECTED)} figures are off by > {TOLERANCE}\n")
    return int(off > 0)


if __name__ == "__main__":
    sys.exit(main())
