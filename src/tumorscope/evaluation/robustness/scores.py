"""Scores of the same slices, clean and corrupted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.estimation.resampling import PatientDraws


@dataclass(frozen=True, slots=True, kw_only=True)
class CorruptedScores:
    """What the model says of the slices after one corruption.

    Attributes:
        name: Name of the artifact, or what was done to a sequence.
        severity: From 1 to 5; 0 where there is only one.
        probabilities: Shape (slices,), tumor_probability, in [0, 1].
        n_blank: Slices of which nothing was left; the model saw zeros.
    """

    name: str
    severity: int
    probabilities: NDArray[np.float64]
    n_blank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceScores:
    """Another model on the very same slices, clean and corrupted.

    Attributes:
        name: Its name in the report.
        clean: Shape (slices,), tumor_probability of the slices as they are.
        corrupted: After each artifact at each severity.
    """

    name: str
    clean: NDArray[np.float64]
    corrupted: tuple[CorruptedScores, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessScores:
    """Everything that robustness is judged by, in the order of the tested slices.

    Attributes:
        table: Tested rows of `Predictions.table`, the clean scores.
        draws: Draws of these rows' patients, shared by all figures.
        corrupted: After each artifact at each severity.
        missing: After a sequence was replaced; severity 0.
        has_copy: Shape (slices,), bool, slices of which one sequence was a copy of another
            from the start.
        reference: Other models, one at most.

    Raises:
        DataError: If there is not one score for each slice.
    """

    table: pd.DataFrame
    draws: PatientDraws
    corrupted: tuple[CorruptedScores, ...]
    missing: tuple[CorruptedScores, ...] = ()
    has_copy: NDArray[np.bool_]
    reference: tuple[ReferenceScores, ...] = ()

    def __post_init__(self) -> None:
        """Refuse scores that do not belong to the slices."""
        parts: dict[str, NDArray[Any]] = {
            f"scores of {one.name!r} at severity {one.severity}": one.probabilities
            for one in (*self.corrupted, *self.missing)
        }
        parts["marks of copied sequences"] = self.has_copy
        for other in self.reference:
            parts[f"clean scores of {other.name!r}"] = other.clean
            for one in other.corrupted:
                words = f"scores of {other.name!r} for {one.name!r} {one.severity}"
                parts[words] = one.probabilities
        for words, values in parts.items():
            if len(values) != len(self.table):
                raise DataError(f"{len(values)} {words} for {len(self.table)} slices")

    @property
    def labels(self) -> NDArray[np.int64]:
        """Shape (slices,), 0 or 1."""
        return self.table["label"].to_numpy(dtype=np.int64)

    @property
    def clean(self) -> NDArray[np.float64]:
        """Shape (slices,), tumor_probability of the slices as they are."""
        return self.table["tumor_probability"].to_numpy(dtype=np.float64)
