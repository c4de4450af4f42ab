"""Measure the peak memory of a training, checkpoints included.

Importing, building the pixel store and two epochs of training run in this process, whose
largest resident set is the figure: start it afresh for each measurement.

    python benchmarks/training_memory.py [--steps 24] [--source lgg|phantom] [--json FILE]
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cohorts import best_cohort, read_cohort, spread_rows
from reporting import Figure, make_result, report

from tumorscope.domain.manifest import Manifest
from tumorscope.domain.specs import RunSpec
from tumorscope.io.pixel_store import open_store
from tumorscope.learning.data import LearningData
from tumorscope.learning.training import fit
from tumorscope.splitting import split_cohort

GOAL_GB = 3.0
EPOCHS = 2


def train_some(manifest: Manifest, spec: RunSpec, *, steps: int, folder: Path) -> int:
    """Build the store of all slices and train on some of them.

    Args:
        manifest: A cohort with patients.
        spec: The run.
        steps: Steps in all, in two epochs, each with a tuning pass and a checkpoint.
        folder: Where store and checkpoints go.

    Returns:
        Bytes of the checkpoint.
    """
    store = open_store(manifest, spec.preprocess, folder=folder / "store")
    split = split_cohort(manifest, None, spec.split)
    train_rows = split.rows("train")
    wanted = max(1, steps // EPOCHS) * spec.train.batch_size
    data = LearningData(
        pixels=store.pixels,
        labels=manifest.labels,
        train_rows=spread_rows(train_rows, manifest.labels, wanted),
        tune_rows=split.rows("tune"),
    )
    fit(data, spec.train, folder=folder / "training")
    return (folder / "training" / "last.ckpt").stat().st_size


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, print the peak; the exit status is 0 whatever the figure is."""
    options = _options(arguments)
    spec = RunSpec.model_validate(
        {
            "preprocess": {"size_px": options.size_px},
            "train": {
                "epochs": EPOCHS,
                "initial_weights": "scratch",
                "batch_size": options.batch,
                "precision": options.precision,
                "device": "cpu",
            },
        }
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        manifest = read_cohort(
            options.source, scratch=folder, patients=options.patients
        )
        checkpoint_bytes = train_some(
            manifest, spec, steps=options.steps, folder=folder
        )
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figure = Figure(
        name=f"peak memory of a training on {options.source}",
        value=peak_kib * 1024 / 1e9,
        unit="GB",
        goal=GOAL_GB,
        note=f"{options.steps} steps of {options.batch} slices, {EPOCHS} checkpoints",
    )
    details = {
        "slices_in_store": len(manifest),
        "checkpoint_mb": round(checkpoint_bytes / 1e6, 1),
        "precision": options.precision,
        "size_px": options.size_px,
    }
    report(make_result("training_memory", [figure], details=details), options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--source", choices=("lgg", "phantom"), default=best_cohort(), help="cohort"
    )
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--batch", type=int, default=32, help="slices in a step")
    parser.add_argument("--size-px", type=int, default=128, help="of the input")
    parser.add_argument("--patients", type=int, default=24, help="of the phantom")
    parser.add_argument("--precision", choices=("auto", "32", "bf16"), default="auto")
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
