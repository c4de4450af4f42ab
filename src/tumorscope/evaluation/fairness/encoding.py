"""Whether the site or the sex of an unseen patient can be read from what a network computes.

A model that encodes who or where a patient is can lean on it as soon as the link between
that and the label changes. The probe sees tumor-free slices only, so that it cannot read the
group from the lesions; a patient is never both fitted on and judged.

References:
    Yang et al. (2024), Nature Medicine 30:2838-2848 (models that encode less demography
    keep their fairness out of distribution).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.estimation.bootstrap import MetricSamples, sample_ranking, summarize
from tumorscope.estimation.metrics import rank_slices
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.fairness.attributes import GroupAttribute

FOLDS = 5
MAX_DEPTH, MAX_ITER = 3, 60
INPUT_PERCENTILES = (50, 75, 90, 95, 99, 99.9)
_TIE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingProbe:
    """How well a group is predicted from features of tumor-free slices.

    Attributes:
        attribute: What was looked for, in words.
        features: Whose features: "network", or "input statistics" (the trivial answer).
        groups: Names of the groups that entered.
        group_sizes: Patients of each.
        n_networks: Networks whose figures were averaged.
        auroc: One-vs-rest AUROC over patients, mean over groups and networks.
        p: Share of shufflings of the groups over patients, probabilities fixed, with at
            least this AUROC; NaN where it cannot be assessed.
    """

    attribute: str
    features: str
    groups: tuple[str, ...]
    group_sizes: tuple[int, ...]
    n_networks: int
    auroc: MetricEstimate
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTarget:
    """Patients whose group is looked for.

    Attributes:
        attribute: In words.
        groups: Names of the groups with enough patients.
        group_of_patient: Shape (patients,), int64, place in `groups`, -1 for none.
        reason: Why nothing can be looked for; empty where it can.
    """

    attribute: str
    groups: tuple[str, ...]
    group_of_patient: NDArray[np.int64]
    reason: str = ""


def choose_target(attribute: GroupAttribute, spec: FairnessSpec) -> ProbeTarget:
    """Leave groups with few patients out.

    Args:
        attribute: Groups of the patients that have tumor-free slices.
        spec: Patients that a group needs.
    """
    kept = np.flatnonzero(attribute.sizes >= spec.min_patients)
    place = np.full(len(attribute.groups) + 1, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))  # the last entry stays -1, for "no group"
    reason = attribute.reason
    if not reason and len(kept) < 2:
        reason = f"less than two groups with at least {spec.min_patients} patients"
    return ProbeTarget(
        attribute=attribute.name,
        groups=tuple(attribute.groups[number] for number in kept),
        group_of_patient=place[attribute.group_of_patient],
        reason=reason,
    )


def predict_groups(
    features: NDArray[Any],
    patient_of_slice: NDArray[np.int64],
    target: ProbeTarget,
    *,
    seed: int,
) -> NDArray[np.float64]:
    """Predict each patient's group from the features of slices of other patients.

    Args:
        features: Shape (slices, features), of tumor-free slices.
        patient_of_slice: Shape (slices,), int64.
        target: What is looked for; it must be assessable.
        seed: Seed of the folds and of the boosting.

    Returns:
        Shape (patients, groups), probabilities averaged over the patient's slices; NaN for
        patients in no group or without slices.
    """
    group_of_slice = target.group_of_patient[patient_of_slice]
    rows = np.flatnonzero(group_of_slice >= 0)
    found = np.full((len(features), len(target.groups)), np.nan)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for fit, test in folds.split(rows, group_of_slice[rows], patient_of_slice[rows]):
        model = HistGradientBoostingClassifier(
            max_depth=MAX_DEPTH, max_iter=MAX_ITER, random_state=seed
        )
        model.fit(features[rows[fit]], group_of_slice[rows[fit]])
        predicted = np.zeros((len(test), len(target.groups)))
        predicted[:, model.classes_] = model.predict_proba(features[rows[test]])
        found[rows[test]] = predicted
    return _mean_by_patient(found, patient_of_slice, len(target.group_of_patient))


def judge_probe(
    probabilities: Sequence[NDArray[np.float64]],
    target: ProbeTarget,
    draws: PatientDraws,
    spec: FairnessSpec,
    *,
    features: str,
) -> EncodingProbe:
    """Turn predicted groups into an AUROC with interval and p-value.

    The p-value shuffles groups over patients and keeps the probabilities. Had the probe
    been fitted anew for each shuffle, its AUROC would lie below 0.5 on average (each fold
    fits what the left-out patients lack), so that this p-value is rather too large.

    Args:
        probabilities: For each network, from `predict_groups`; empty where there is a
            reason.
        target: What was looked for.
        draws: Draws of patients, one "slice" for each patient.
        spec: Number of shuffles and seed.
        features: Whose features.
    """
    reason = target.reason
    entered = target.group_of_patient >= 0
    values = np.full(len(draws.counts), math.nan)
    p = math.nan
    if not reason:
        aurocs = [_macro_auroc(each, target, draws) for each in probabilities]
        values = np.mean(aurocs, axis=0)
        p = _permutation_p(probabilities, target, spec)
    samples = MetricSamples(
        name="macro_auroc",
        values=values,
        entered=entered,
        reason=reason or "a group has no patient with tumor-free slices",
        is_share=True,
    )
    sizes = np.bincount(target.group_of_patient[entered], minlength=len(target.groups))
    return EncodingProbe(
        attribute=target.attribute,
        features=features,
        groups=target.groups,
        group_sizes=tuple(int(size) for size in sizes),
        n_networks=len(probabilities),
        auroc=summarize([samples], draws)[samples.name],
        p=p,
    )


def measure_input(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the intensity statistics of prepared slices: the trivial answer.

    Args:
        pixels: Shape (slices, size, size, 3), uint8, as the network gets them.

    Returns:
        Shape (slices, 24): for each channel mean, standard deviation and the percentiles
        50, 75, 90, 95, 99, 99.9.
    """
    rows = []
    for one in pixels:
        flat = one.reshape(-1, one.shape[-1]).astype(np.float64)
        percentiles = np.percentile(flat, INPUT_PERCENTILES, axis=0)
        by_channel = np.vstack([flat.mean(axis=0), flat.std(axis=0), percentiles])
        rows.append(by_channel.T.ravel())
    return np.stack(rows)


def _macro_auroc(
    probabilities: NDArray[np.float64], target: ProbeTarget, draws: PatientDraws
) -> NDArray[np.float64]:
    """Return the mean one-vs-rest AUROC over patients, on the set and on every draw."""
    strata = np.where(target.group_of_patient >= 0, 0, -1)
    by_group = []
    for group in range(len(target.groups)):
        labels = (target.group_of_patient == group).astype(np.int64)
        scores = np.nan_to_num(probabilities[:, group])
        ranking = rank_slices(labels, scores, strata)
        by_group.append(sample_ranking(ranking, draws)[0])
    return np.mean(by_group, axis=0)


def _permutation_p(
    probabilities: Sequence[NDArray[np.float64]],
    target: ProbeTarget,
    spec: FairnessSpec,
) -> float:
    known = target.group_of_patient >= 0
    codes = target.group_of_patient[known]
    rng = np.random.default_rng(spec.seed)
    shuffled = rng.permuted(np.tile(codes, (spec.permutations, 1)), axis=1)
    rows = np.vstack([codes, shuffled])  # (1 + shuffles, patients)
    found = np.zeros(len(rows))
    for each in probabilities:
        ranks = rankdata(each[known], axis=0)
        for group in range(len(target.groups)):
            inside = rows == group
            ones = inside.sum(axis=1)
            wins = inside @ ranks[:, group] - ones * (ones + 1) / 2
            found += wins / (ones * (len(codes) - ones))
    as_large = int((found[1:] >= found[0] - _TIE).sum())
    return (1 + as_large) / (1 + spec.permutations)


def _mean_by_patient(
    values: NDArray[np.float64], patient_of_slice: NDArray[np.int64], patients: int
) -> NDArray[np.float64]:
    slices = np.bincount(patient_of_slice, minlength=patients)[:, None]
    sums = np.stack(
        [
            np.bincount(patient_of_slice, column, minlength=patients)
            for column in values.T
        ],
        axis=1,
    )
    mean = np.full(sums.shape, np.nan)
    return np.divide(sums, slices, out=mean, where=slices > 0)
