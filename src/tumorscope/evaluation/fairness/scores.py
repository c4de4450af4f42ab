"""What is compared between groups: scored slices, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.estimation.resampling import PatientDraws

UNKNOWN = "not given"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSlices:
    """Scored slices of patients, and what is known of each slice.

    Attributes:
        table: Rows of `Predictions.table` that are evaluated, a label each.
        known: The same slices in the manifest, in the same order.
        draws: Draws of their patients.
        areas_px: Shape (slices,), lesion area in pixels at 256 x 256, NaN where unknown;
            None where no mask was read.
        lacks_sequence: Shape (slices,), bool, whether a channel is a bit-identical copy
            of another one; None where the channels' sequences are not known.
        referred: Shape (slices,), bool, whether the rule of the slice's bundle refers it to
            a reader; None where the scores come without rules.
        localization: Shape (slices,), how well the map marks the lesion, in [0, 1], NaN
            where it was not scored; None where no slice was.
        localization_name: Which map and which score; used where `localization` is there.

    Raises:
        DataError: If there is not one value for each slice.
    """

    table: pd.DataFrame
    known: pd.DataFrame
    draws: PatientDraws
    areas_px: NDArray[np.float64] | None = None
    lacks_sequence: NDArray[np.bool_] | None = None
    referred: NDArray[np.bool_] | None = None
    localization: NDArray[np.float64] | None = None
    localization_name: str = UNKNOWN

    def __post_init__(self) -> None:
        """Refuse columns that do not belong to the slices."""
        n_slices = len(self.draws.patient_of_slice)
        parts = {
            "scores": self.table,
            "rows of the manifest": self.known,
            "lesion areas": self.areas_px,
            "missing sequences": self.lacks_sequence,
            "referrals": self.referred,
            "localization scores": self.localization,
        }
        for name, values in parts.items():
            if values is not None and len(values) != n_slices:
                raise DataError(f"{len(values)} {name} for {n_slices} slices")

    @property
    def labels(self) -> NDArray[np.int64]:
        """Shape (slices,), 0 or 1."""
        return self.table["label"].to_numpy(dtype=np.int64)

    @property
    def scores(self) -> NDArray[np.float64]:
        """Shape (slices,), tumor_probability, in [0, 1]."""
        return self.table["tumor_probability"].to_numpy(dtype=np.float64)

    @property
    def site_of_patient(self) -> NDArray[np.int64]:
        """Shape (patients,), int64, the same number for patients of one site."""
        sites = pd.DataFrame(
            {
                "patient": self.draws.patient_of_slice,
                "site": self.table["site"].fillna("").to_numpy(dtype=str),
            }
        )
        first = sites.groupby("patient")["site"].min()
        codes, _ = pd.factorize(first.reindex(range(self.draws.n_patients)))
        return codes.astype(np.int64)
