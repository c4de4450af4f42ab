"""Means over slices, or over patients, with intervals from a bootstrap over patients."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.estimation.bootstrap import sample_ratios, summarize
from tumorscope.estimation.metrics import RatioTerms
from tumorscope.estimation.resampling import PatientDraws


def estimate_means(
    columns: Mapping[str, NDArray[np.float64]],
    draws: PatientDraws,
    *,
    reasons: Mapping[str, str],
    shares: Collection[str] = (),
    weights: NDArray[np.float64] | None = None,
) -> dict[str, MetricEstimate]:
    """Estimate the mean of each column over the slices that have a value.

    Args:
        columns: By name, shape (slices,), float64; NaN where a slice does not enter.
        draws: Draws of the patients of these slices.
        reasons: By name, why there is no mean where no slice enters.
        shares: Names of those that lie in [0, 1] by definition.
        weights: Shape (slices,), float64, above 0; None counts every slice once.

    Returns:
        One estimate for each column, in its order.
    """
    if not columns:
        return {}
    values = np.stack(list(columns.values()), axis=1)  # (slices, figures)
    weight = np.ones(len(values)) if weights is None else weights
    entered = ~np.isnan(values) * weight[:, None]
    terms = RatioTerms(
        names=tuple(columns),
        numerator=np.where(entered > 0, values, 0.0) * entered,
        denominator=entered,
    )
    samples = sample_ratios(
        terms,
        draws,
        reasons={name: reasons[name] for name in columns},
        shares=[name for name in columns if name in shares],
    )
    return {one.name: one for one in summarize(samples, draws).estimates}


def patient_weights(
    values: NDArray[np.float64], draws: PatientDraws
) -> NDArray[np.float64]:
    """Return weights by which each patient counts once, whatever its slices.

    Args:
        values: Shape (slices,), float64; NaN where a slice does not enter.
        draws: Whose patients the slices belong to.

    Returns:
        Shape (slices,), float64: one over the slices of the patient that enter.
    """
    entered = ~np.isnan(values)
    counts = np.bincount(
        draws.patient_of_slice[entered], minlength=draws.n_patients
    )  # (patients,)
    return 1 / np.maximum(counts, 1)[draws.patient_of_slice]
