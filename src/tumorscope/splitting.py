"""Deals patients to train, tune and test.

Every function takes the manifest, so patient and site are always known where a part is
chosen; a split of single slices cannot be asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.specs import SplitSpec
from tumorscope.domain.split import Split

_CANDIDATES = 512
"""Random dealings to parts of which the best balanced one is taken."""
_FOLD_CANDIDATES = 256
"""Random dealings to folds of which the best balanced one is taken."""
_GROUPS_WEIGHT = 0.5
"""Like numbers of groups matter less than like numbers of slices in folds."""
_SHUFFLE = 0.5
"""How far the order of dealing strays from large to small, as a spread of log size."""


def split_cohort(
    manifest: Manifest, duplicate_groups: NDArray[np.int64] | None, spec: SplitSpec
) -> Split:
    """Deal whole patients, or near-duplicate groups where no patient is known.

    Args:
        manifest: The cohort; every slice needs a label.
        duplicate_groups: Shape (slices,), group number of each slice, needed where the
            manifest has slices without patient id. Where patients are known and groups
            are given too, patients that share a group are kept together.
        spec: Shares, folds, or the column to leave out.

    Returns:
        A split that is balanced in slices, label share and site as well as whole groups
        allow.

    Raises:
        DataError: If there are too few groups, or labels are missing.
        ConfigError: If sites are to be left out and fewer than two are known.
    """
    group, grouping = _groups(manifest, duplicate_groups)
    labels = manifest.labels
    sites = manifest.table["site"]
    if spec.leave_out == "site":
        part, names = _leave_sites_out(group, labels, sites, spec)
    elif spec.folds:
        part, names = _cross_validation(group, labels, sites, spec)
    else:
        part, names = _hold_out(group, labels, sites, spec), ("holdout",)
    patient_id = manifest.table["patient_id"]
    return Split(
        manifest_digest=manifest.digest,
        grouping=grouping,
        patient_id=patient_id.astype(object).where(patient_id.notna(), None).to_numpy(),
        group=group,
        part=part.reshape(len(manifest), len(names)),
        fold_names=names,
        seed=spec.seed,
    )


def _groups(
    manifest: Manifest, duplicate_groups: NDArray[np.int64] | None
) -> tuple[NDArray[np.object_], Grouping]:
    if manifest.has_patients:
        patients = manifest.table["patient_id"].to_numpy(dtype=object)
        if duplicate_groups is None:
            return patients, "patient"
        return _joined(patients, duplicate_groups), "patient"
    if duplicate_groups is None:
        raise DataError(
            "slices without patient id can only be split by near-duplicate groups: "
            "find them first"
        )
    known = manifest.table["patient_id"]
    owners = known.where(
        known.notna(), pd.Series([f"slice {row}" for row in range(len(manifest))])
    )
    return _joined(owners.to_numpy(dtype=object), duplicate_groups), "near-duplicates"


def _joined(
    owner: NDArray[np.object_], duplicate_group: NDArray[np.int64]
) -> NDArray[np.object_]:
    """Join owners that share a near-duplicate group, to connected components."""
    codes, names = pd.factorize(owner)
    parent = np.arange(len(names))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = int(parent[node])
        return node

    order = np.argsort(duplicate_group, kind="stable")
    for before, after in pairwise(order):
        if duplicate_group[before] == duplicate_group[after]:
            first, second = root(int(codes[before])), root(int(codes[after]))
            parent[max(first, second)] = min(first, second)
    return np.array([str(names[root(int(code))]) for code in codes], dtype=object)


def _hold_out(
    group: NDArray[np.object_],
    labels: NDArray[np.int64],
    sites: pd.Series,
    spec: SplitSpec,
) -> NDArray[np.object_]:
    train_share = 1 - spec.tune_share - spec.test_share
    return _deal(
        group,
        labels,
        sites,
        shares={"train": train_share, "tune": spec.tune_share, "test": spec.test_share},
        seed=spec.seed,
    )


def _cross_validation(
    group: NDArray[np.object_],
    labels: NDArray[np.int64],
    sites: pd.Series,
    spec: SplitSpec,
) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    if len(set(group)) < 2 * spec.folds:
        raise DataError(
            f"{len(set(group))} patients or groups are too few for {spec.folds} folds"
        )
    dealt = _deal_folds(group, labels, sites, folds=spec.folds, seed=spec.seed)
    columns = [
        _with_tune(
            group,
            labels,
            sites,
            test=np.flatnonzero(dealt == fold),
            spec=spec,
            fold=fold,
        )
        for fold in range(spec.folds)
    ]
    names = tuple(f"fold{fold}" for fold in range(spec.folds))
    return np.stack(columns, axis=1), names


def _deal_folds(
    group: NDArray[np.object_],
    labels: NDArray[np.int64],
    sites: pd.Series,
    *,
    folds: int,
    seed: int,
) -> NDArray[np.int64]:
    """Deal whole groups to folds of like size, label share and sites, anew for each seed.

    Groups are dealt one by one, the larger ones rather first, each to the fold that has
    least of what the group brings (groups, slices, tumor slices, slices of its site). The
    order is random, so that it is done many times and the best balanced dealing is kept.
    scikit-learn's StratifiedGroupKFold shuffles only groups of equal counts: with sites
    among its strata hardly any are equal, and every seed would deal nearly the same folds.

    Returns:
        Shape (slices,), int64, fold of each slice, from 0.
    """
    codes, names = pd.factorize(group)
    traits = np.column_stack([np.ones(len(names)), _traits(codes, labels, sites)])
    wanted = np.append(_GROUPS_WEIGHT, np.ones(traits.shape[1] - 1))
    shares = wanted * traits / np.maximum(traits.sum(axis=0), 1)  # (groups, traits)
    generator = np.random.default_rng(seed)
    stray = generator.normal(0, _SHUFFLE, (_FOLD_CANDIDATES, len(names)))
    orders = np.argsort(-np.log(traits[:, 1]) + stray, axis=1)
    totals = np.zeros((_FOLD_CANDIDATES, folds, shares.shape[1]))
    dealt = np.zeros((_FOLD_CANDIDATES, len(names)), dtype=np.int64)
    every = np.arange(_FOLD_CANDIDATES)
    for chosen in orders.T:  # (candidates,): the next group of each
        # Sum of squares over folds grows least where totals and group overlap least.
        overlap = np.einsum("ckt,ct->ck", totals, shares[chosen])
        fold = overlap.argmin(axis=1)
        dealt[every, chosen] = fold
        totals[every, fold] += shares[chosen]
    best = ((totals - wanted / folds) ** 2).sum(axis=(1, 2)).argmin()
    return dealt[best][codes]


def _leave_sites_out(
    group: NDArray[np.object_],
    labels: NDArray[np.int64],
    sites: pd.Series,
    spec: SplitSpec,
) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    if sites.isna().any() or sites.nunique() < 2:
        raise ConfigError(
            "leave_out=site needs a site for every slice and at least two sites; this "
            f"manifest has {sites.nunique()} sites and {int(sites.isna().sum())} slices "
            "without one"
        )
    names = sorted(sites.unique())
    columns = [
        _with_tune(
            group,
            labels,
            sites,
            test=np.flatnonzero(sites == site),
            spec=spec,
            fold=fold,
        )
        for fold, site in enumerate(names)
    ]
    return np.stack(columns, axis=1), tuple(f"site-{name}" for name in names)


def _with_tune(
    group: NDArray[np.object_],
    labels: NDArray[np.int64],
    sites: pd.Series,
    *,
    test: NDArray[np.int64],
    spec: SplitSpec,
    fold: int,
) -> NDArray[np.object_]:
    """Deal a tuning part out of what is not tested."""
    part = np.full(len(group), "test", dtype=object)
    rest = np.setdiff1d(np.arange(len(group)), test)
    tune_share = min(0.5, spec.tune_share / (1 - len(test) / len(group)))
    part[rest] = _deal(
        group[rest],
        labels[rest],
        sites.iloc[rest].reset_index(drop=True),
        shares={"train": 1 - tune_share, "tune": tune_share},
        seed=spec.seed + 1000 * (fold + 1),
    )
    return part


def _deal(
    group: NDArray[np.object_],
    labels: NDArray[np.int64],
    sites: pd.Series,
    *,
    shares: dict[str, float],
    seed: int,
) -> NDArray[np.object_]:
    """Deal whole groups so that each part has its share of slices, tumors and sites.

    Many random dealings are drawn and the best balanced one is kept: with a few dozen
    patients of unequal size this comes closer than any stratified sampling of groups.
    """
    codes, names = pd.factorize(group)
    if len(names) < 2 * len(shares):
        raise DataError(
            f"{len(names)} patients or groups are too few for {len(shares)} parts: at "
            f"least {2 * len(shares)} are needed"
        )
    traits = _traits(codes, labels, sites)  # (groups, traits)
    wanted = np.array(list(shares.values()))
    generator = np.random.default_rng(seed)
    best, best_cost = np.zeros(len(names), dtype=np.int64), np.inf
    for _ in range(_CANDIDATES):
        dealt = _one_dealing(traits[:, 0], wanted, generator)
        cost = _imbalance(dealt, traits, wanted)
        if cost < best_cost:
            best, best_cost = dealt, cost
    return np.array(list(shares), dtype=object)[best[codes]]


def _one_dealing(
    slices: NDArray[np.float64],
    wanted: NDArray[np.float64],
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    order = generator.permutation(len(slices))
    middle = (np.cumsum(slices[order]) - slices[order] / 2) / slices.sum()
    dealt = np.empty(len(slices), dtype=np.int64)
    dealt[order] = np.searchsorted(np.cumsum(wanted)[:-1], middle, side="right")
    return dealt


def _imbalance(
    dealt: NDArray[np.int64],
    traits: NDArray[np.float64],
    wanted: NDArray[np.float64],
) -> float:
    totals = np.zeros((len(wanted), traits.shape[1]))
    np.add.at(totals, dealt, traits)
    shares = totals / np.maximum(traits.sum(axis=0), 1)
    empty = (totals[:, 0] == 0).any()
    return float("inf") if empty else float((((shares.T - wanted) / wanted) ** 2).sum())


def _traits(
    codes: NDArray[np.int64], labels: NDArray[np.int64], sites: pd.Series
) -> NDArray[np.float64]:
    """Count slices, tumor slices, and slices of each site, for each group."""
    columns: list[NDArray[np.float64]] = [
        np.ones(len(codes)),
        labels.astype(np.float64),
        (1 - labels).astype(np.float64),
    ]
    known: Sequence[str] = sorted(sites.dropna().unique())
    columns += [(sites == site).to_numpy().astype(np.float64) for site in known]
    totals = np.zeros((int(codes.max()) + 1, len(columns)))
    np.add.at(totals, codes, np.stack(columns, axis=1))
    return totals
