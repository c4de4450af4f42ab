"""Time the evaluation of scored slices, bootstrap included.

The goal is 5 s for 1,000 slices of 40 patients with 2,000 draws. 100,000 slices of 2,500
patients show that memory stays bounded. Scores are simulated; every size runs in this
process after one small warm-up, on one thread if OMP_NUM_THREADS=1.

    python benchmarks/evaluation_speed.py [--out FILE.json] [--repeats 3] [--skip-large]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.report import evaluate_predictions

GOAL_S = 5.0
SMALL = (40, 25)
LARGE = (2500, 40)


def simulate(patients: int, slices: int) -> Predictions:
    """Return scores with a patient effect, in five folds and three sites."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(patients), slices)
    index = np.tile(np.arange(slices), patients)
    labels = ((index > 0.4 * slices) & (index < 0.75 * slices)).astype(np.int64)
    logit = 3 * labels - 1.5 + rng.normal(size=patients)[patient]
    logit += rng.normal(size=len(patient))
    name = [f"p{number}" for number in patient]
    table = pd.DataFrame(
        {
            "image": [f"{a}/{b}.png" for a, b in zip(name, index, strict=True)],
            "frame": None,
            "label": labels,
            "patient_id": name,
            "group": name,
            "site": [f"site {number % 3}" for number in patient],
            "slice_index": index,
            "slice_count": slices,
            "fold": [f"fold {number % 5}" for number in patient],
            "part": "test",
            "logit": logit,
            "tumor_probability": 1 / (1 + np.exp(-logit)),
            "threshold_probability": 0.6,
        }
    )
    return Predictions(table=table)


def measure(size: tuple[int, int], repeats: int) -> dict[str, object]:
    """Evaluate a simulated set some times; seconds and peak memory."""
    predictions, spec = simulate(*size), EvaluateSpec()
    seconds, processor_seconds = [], []
    for _ in range(repeats):
        start, processor_start = time.perf_counter(), time.process_time()
        evaluate_predictions(predictions, spec, grouping="patient")
        seconds.append(time.perf_counter() - start)
        processor_seconds.append(time.process_time() - processor_start)
    return {
        "patients": size[0],
        "slices": size[0] * size[1],
        "bootstrap_draws": spec.bootstrap_draws,
        "seconds": seconds,
        "median_s": statistics.median(seconds),
        "median_processor_s": statistics.median(processor_seconds),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> int:
    """Measure, print a line for each size; 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--skip-large", action="store_true")
    options = parser.parse_args()
    measure((4, 10), 1)
    results = [measure(SMALL, options.repeats)]
    if not options.skip_large:
        results.append(measure(LARGE, 1))
    for result in results:
        sys.stdout.write(
            f"{result['slices']:>7} slices, {result['patients']:>5} patients, "
            f"{result['bootstrap_draws']} draws: {result['median_s']:.2f} s "
            f"(processor {result['median_processor_s']:.2f} s, median of "
            f"{len(result['seconds'])}), "
            f"peak {result['peak_memory_mib']:.0f} MiB\n"
        )
    small_s = results[0]["median_s"]
    reached = isinstance(small_s, float) and small_s <= GOAL_S
    sys.stdout.write(
        f"goal {GOAL_S:g} s for 1000 slices: {'ok' if reached else 'missed'}\n"
    )
    if options.out:
        record = {
            "goal_s": GOAL_S,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "machine": platform.machine(),
            "cpu_count": os.cpu_count(),
            "threads": os.environ.get("OMP_NUM_THREADS", "default"),
            "results": results,
        }
        options.out.write_text(json.dumps(record, indent=1) + "\n")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
