"""Which test slices of a fold are explained, and which are looked at more closely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.explanation.slice_sample import sampling_weights, spread_over_patients
from tumorscope.workflows.mapped_slices import ExplainedFold
from tumorscope.workflows.run_folder import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldRows:
    """Which test slices of a fold are looked at; rows of the manifest, rising.

    Attributes:
        mapped: Of which maps are made: tumor slices with a mask, and the samples below.
        checked: Tumor slices of which maps are made again.
        deleted: Tumor slices whose pixels go.
        weights: For how many slices each of `mapped` stands.
    """

    mapped: NDArray[np.int64]
    checked: NDArray[np.int64]
    deleted: NDArray[np.int64]
    weights: NDArray[np.float64]


def choose_rows(opened: ExplainedFold) -> FoldRows:
    """Choose the test slices of a fold that are looked at, and what for.

    All tumor slices with a mask; of others, and for what takes long, as many as the
    settings say, spread over the patients and the folds.
    """
    run, spec = opened.run, opened.spec
    tumor = tumor_rows(run, "test", opened.fold, masked=False)
    masked = tumor_rows(run, "test", opened.fold, masked=True)
    test = run.split.rows("test", opened.fold)
    free = test[run.manifest.labels[test] == 0]
    owners = run.owners()

    def sample(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        share = _share_of_fold(opened, count)
        return spread_over_patients(owners[rows], share, seed=spec.seed)

    looked_at = sample(free, spec.tumor_free_slices)
    checked = tumor[sample(tumor, spec.check_slices)]
    deleted = tumor[sample(tumor, spec.deletion_slices)]
    weight = dict(
        zip(
            free[looked_at].tolist(),
            sampling_weights(owners[free], looked_at),
            strict=True,
        )
    )
    mapped = np.unique(np.concatenate([masked, checked, deleted, free[looked_at]]))
    return FoldRows(
        mapped=mapped,
        checked=checked,
        deleted=deleted,
        weights=np.array([weight.get(int(row), 1.0) for row in mapped]),
    )


def _share_of_fold(opened: ExplainedFold, count: int) -> int:
    """Return how many of `count` slices of the run fall to a fold."""
    n_folds = len(opened.run.split.fold_names)
    return count // n_folds + (opened.fold < count % n_folds)


def tumor_rows(run: Run, part: str, fold: int, *, masked: bool) -> NDArray[np.int64]:
    """Return the tumor slices of a part of a fold, rising; those with a mask if `masked`."""
    table = run.manifest.table
    usable = (table["label"] == 1).to_numpy(dtype=bool)
    if masked:
        usable &= table["mask"].notna().to_numpy(dtype=bool)
    return np.flatnonzero(usable & (run.split.part[:, fold] == part))
