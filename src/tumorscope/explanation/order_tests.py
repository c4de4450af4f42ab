"""Whether a map's order of pixels does better than a random one and than brightness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wilcoxon

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.estimation.holm import adjust_holm
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.explanation.mean_figures import estimate_means, patient_weights

REFERENCE_ORDERS = ("random", "brightness")
"""What every method's order is compared with."""
CURVES = ("deletion", "insertion")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTest:
    """One method's order against another one, paired by patient.

    Attributes:
        method: Name of the method.
        curve: "deletion" or "insertion".
        against: "random" (mean of five) or "brightness".
        difference: Area of the method minus that of the other order, mean over patients.
        p_value: Wilcoxon's signed-rank test over patients, two-sided; NaN where no
            patient differs.
        p_holm: Corrected by Holm for all methods and both references of this curve.
        n_patients: Patients that enter.
    """

    method: str
    curve: str
    against: str
    difference: MetricEstimate
    p_value: float
    p_holm: float
    n_patients: int

    @property
    def is_better(self) -> bool:
        """Whether the difference points the right way; says nothing of chance."""
        sign = -1 if self.curve == "deletion" else 1
        return sign * self.difference.value > 0


def compare_orders(
    areas: Mapping[str, NDArray[np.float64]],
    draws: PatientDraws,
    *,
    curve: str,
    methods: Sequence[str],
) -> tuple[OrderTest, ...]:
    """Compare every method with a random order and with brightness.

    Args:
        areas: By order, shape (slices,), NaN where a slice was not looked at; holds the
            methods and `REFERENCE_ORDERS`.
        draws: Draws of the patients of these slices.
        curve: One of `CURVES`.
        methods: Which orders are tested.

    Returns:
        One for each method and reference.

    References:
        Wilcoxon 1945, Individual comparisons by ranking methods.
    """
    tests = [
        _compare(areas[method] - areas[against], draws, names=(method, curve, against))
        for method in methods
        for against in REFERENCE_ORDERS
    ]
    corrected = adjust_holm([each.p_value for each in tests])
    return tuple(
        replace(each, p_holm=p) for each, p in zip(tests, corrected, strict=True)
    )


def _compare(
    differences: NDArray[np.float64],
    draws: PatientDraws,
    *,
    names: tuple[str, str, str],
) -> OrderTest:
    method, curve, against = names
    by_patient = _patient_means(differences, draws)
    estimates = estimate_means(
        {curve: differences},
        draws,
        reasons={curve: "no slice was looked at"},
        weights=patient_weights(differences, draws),
    )
    return OrderTest(
        method=method,
        curve=curve,
        against=against,
        difference=estimates[curve],
        p_value=_signed_rank(by_patient),
        p_holm=float("nan"),
        n_patients=len(by_patient),
    )


def _patient_means(
    values: NDArray[np.float64], draws: PatientDraws
) -> NDArray[np.float64]:
    entered = ~np.isnan(values)
    patient = draws.patient_of_slice[entered]
    sums = np.bincount(patient, values[entered], minlength=draws.n_patients)
    counts = np.bincount(patient, minlength=draws.n_patients)
    return sums[counts > 0] / counts[counts > 0]


def _signed_rank(differences: NDArray[np.float64]) -> float:
    if not np.any(differences):
        return float("nan")  # also without any patient
    return float(wilcoxon(differences).pvalue)
