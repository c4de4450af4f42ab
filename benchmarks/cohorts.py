"""The cohorts that the benchmarks run on: the real sets where they are, else a phantom."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.manifest import Manifest
from tumorscope.phantom.spec import PhantomSpec
from tumorscope.workflows.phantom import make_phantom
from tumorscope.workflows.prepare import SourceOptions, read_source

LIMIT = (
    "Every patient of the real sets has a tumor: the figures measure detection on slices "
    "inside tumor patients, never specificity on healthy people."
)


def data_folder() -> Path:
    """Return the folder of the real data sets; it may be absent."""
    return Path(os.environ.get("TUMORSCOPE_DATA", "../shared/data"))


def read_cohort(name: str, *, scratch: Path, patients: int = 24) -> Manifest:
    """Read a cohort.

    Args:
        name: "lgg" or "seed" below the data folder, or "phantom".
        scratch: Where a phantom is made, once.
        patients: Patients of the phantom, 20 slices each.

    Returns:
        The manifest.

    Raises:
        ConfigError: If the set is not there.
    """
    if name == "phantom":
        folder = scratch / f"phantom-{patients}"
        if not folder.exists():
            # A second process would import torch anew, which takes longer than it saves.
            make_phantom(folder, PhantomSpec(patients=patients), workers=1)
    else:
        folder = data_folder() / name
        if not folder.is_dir():
            raise ConfigError(
                f"{name} is not below TUMORSCOPE_DATA: set it, or choose the phantom"
            )
    return read_source(folder, SourceOptions()).manifest


def best_cohort() -> str:
    """Return "lgg" where it is at hand, else "phantom"."""
    return "lgg" if (data_folder() / "lgg").is_dir() else "phantom"


def spread_rows(
    rows: NDArray[np.int64], labels: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Return some rows, evenly spread over both classes and over the cohort.

    Args:
        rows: Shape (rows,), rows of the cohort.
        labels: Shape (slices,), labels of the whole cohort.
        count: How many, at least 2; all where there are fewer.
    """
    by_label = rows[np.argsort(labels[rows], kind="stable")]
    picked = np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(np.int64)
    return by_label[picked]
