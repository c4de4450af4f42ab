"""What calibration, threshold and referral are fixed on: the scored tuning part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tumorscope.domain.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningScores:
    """Logits, labels and patients of the tuning slices.

    Attributes:
        logit: Shape (slices,), float64, tumor minus no tumor, as the network gives it.
        label: Shape (slices,), int64, 0 or 1.
        patient: Shape (slices,), int64, number of the patient (or group), from 0 to
            `n_patients` - 1.

    Raises:
        DataError: If there is no slice, the shapes differ, or a logit is not finite.
    """

    logit: NDArray[np.float64]
    label: NDArray[np.int64]
    patient: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse what nothing can be fixed on."""
        sizes = {len(self.logit), len(self.label), len(self.patient)}
        if len(sizes) != 1 or sizes == {0}:
            raise DataError(
                f"the tuning part needs slices with logit, label and patient each; "
                f"found {len(self.logit)}, {len(self.label)} and {len(self.patient)}"
            )
        if not np.isfinite(self.logit).all():
            raise DataError(
                f"{int((~np.isfinite(self.logit)).sum())} of {len(self.logit)} tuning "
                "logits are not finite: the training diverged; lower the learning rate"
            )

    @classmethod
    def from_owners(
        cls, logit: NDArray[np.float64], labels: ArrayLike, owners: NDArray[Any]
    ) -> Self:
        """Number the patients (or groups) of the slices.

        Args:
            logit: Shape (slices,).
            labels: Shape (slices,), 0 or 1.
            owners: Shape (slices,), patient id or group of each.
        """
        _, patient = np.unique(owners.astype(str), return_inverse=True)
        return cls(
            logit=logit.astype(np.float64),
            label=np.asarray(labels, dtype=np.int64),
            patient=patient.astype(np.int64),
        )

    @property
    def n_patients(self) -> int:
        """Patients (or groups) that the slices come from."""
        return len(np.unique(self.patient))

    def rows(self, chosen: NDArray[np.bool_]) -> TuningScores:
        """Return some of the slices, their patients numbered anew.

        Raises:
            DataError: If none is chosen.
        """
        return TuningScores.from_owners(
            self.logit[chosen], self.label[chosen], self.patient[chosen]
        )

    def patient_weights(self) -> NDArray[np.float64]:
        """Return weights with which all patients count equally, shape (slices,), sum 1."""
        _, place, sizes = np.unique(
            self.patient, return_inverse=True, return_counts=True
        )
        weights: NDArray[np.float64] = 1 / (len(sizes) * sizes[place])
        return weights
