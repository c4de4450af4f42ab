"""A space in which slices of one head lie close together, learned from the set itself.

Which traits tell heads apart depends on the set: in skull-stripped pictures the background
says nothing, in raw ones much. So the weights are not trained beforehand. Slices that are
among each other's nearest ones are nearly always neighbors in one head; how they differ is
how slices of a head differ, and the space is stretched until such differences are equal
in all directions.

References:
    Bar-Hillel, Hertz, Shental and Weinshall (2005), Learning a Mahalanobis metric from
    equivalence constraints, JMLR 6:937-965 (relevant component analysis).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.pseudo_patients.fingerprints import HeadFingerprint
from tumorscope.audit.pseudo_patients.neighbors import (
    Pairs,
    find_neighbors,
    pair_neighbors,
)
from tumorscope.domain.errors import DataError

CLOSE_NEIGHBORS = 3
"""A close pair: each is among the other's three nearest slices."""
_COMPONENTS = 24
_COMPONENT_ROWS = 2000
_ROUNDS = 3
_SHRINKAGE = 0.1
_WIDEST = 4.0
"""Robust standard deviations at which a trait is cut off: one odd slice shall not count
for more than all others."""
_SPREAD_PERCENTILES = (16, 84)
_TRAITS = ("outline", "tissue", "texture", "spectrum", "darkness")

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSpace:
    """Where to place a slice.

    Attributes:
        mean: Shape (1024,), float32, mean thumbnail.
        axes: Shape (1024, components), float32, principal axes of the thumbnails.
        medians: Median of each kind of trait, float32.
        spreads: Robust standard deviation of each kind of trait, above 0.
        lengths: Root mean square length of the thumbnails' components, then of each kind
            of trait, above 0.
        stretch: Shape (traits, dimensions), float32, from described to placed slices.
    """

    mean: Matrix
    axes: Matrix
    medians: tuple[Matrix, ...]
    spreads: tuple[Matrix, ...]
    lengths: tuple[float, ...]
    stretch: Matrix

    def place(self, fingerprints: Sequence[HeadFingerprint]) -> Matrix:
        """Place slices, of the set that the space was learned from or of another one.

        Args:
            fingerprints: One for each slice.

        Returns:
            Shape (slices, dimensions), float32.
        """
        return self.describe(fingerprints) @ self.stretch

    def describe(self, fingerprints: Sequence[HeadFingerprint]) -> Matrix:
        """Return all traits side by side, each kind with the same mean square length.

        Shape (slices, traits), float32, before stretching.
        """
        thumbnails = np.stack([each.thumbnail for each in fingerprints])
        blocks = [(thumbnails - self.mean) @ self.axes]
        for name, median, spread in zip(
            _TRAITS, self.medians, self.spreads, strict=True
        ):
            traits = np.stack([getattr(each, name) for each in fingerprints])
            blocks.append(np.clip((traits - median) / spread, -_WIDEST, _WIDEST))
        scaled = [
            block / np.float32(length)
            for block, length in zip(blocks, self.lengths, strict=True)
        ]
        return np.hstack(scaled).astype(np.float32)


def learn_space(fingerprints: Sequence[HeadFingerprint]) -> HeadSpace:
    """Learn where slices of one head lie close together.

    Args:
        fingerprints: At least two slices.

    Returns:
        A space in which the root mean square distance of slices that are among each
        other's three nearest ones, copies left out, is 1. Where all slices are equal,
        all lie at one point.

    Raises:
        DataError: If there are fewer than two slices.
    """
    if len(fingerprints) < 2:
        raise DataError(
            f"{len(fingerprints)} slices: pseudo-patients need at least two to compare"
        )
    plain = _plain_space(fingerprints)
    described = plain.describe(fingerprints)
    stretch = np.eye(described.shape[1], dtype=np.float32)
    for _ in range(_ROUNDS):
        differences = _close_differences(described @ stretch, described)
        if len(differences) == 0:
            return plain
        stretch = _whitening(differences)
    unit = np.float32(_unit(described @ stretch))
    return replace(plain, stretch=stretch / unit)


def _plain_space(fingerprints: Sequence[HeadFingerprint]) -> HeadSpace:
    """Return a space in which each kind of trait counts the same."""
    thumbnails = np.stack([each.thumbnail for each in fingerprints])
    mean = thumbnails.mean(axis=0)
    step = -(-len(thumbnails) // _COMPONENT_ROWS)
    axes = np.linalg.svd(thumbnails[::step] - mean, full_matrices=False)[2]
    traits = [
        np.stack([getattr(each, name) for each in fingerprints]) for name in _TRAITS
    ]
    space = HeadSpace(
        mean=mean,
        axes=axes[:_COMPONENTS].T,
        medians=tuple(np.median(block, axis=0).astype(np.float32) for block in traits),
        spreads=tuple(_robust_spread(block) for block in traits),
        lengths=(1.0,) * (1 + len(_TRAITS)),
        stretch=np.eye(1, dtype=np.float32),
    )
    described = space.describe(fingerprints)
    widths = [space.axes.shape[1], *(block.shape[1] for block in traits)]
    blocks = np.split(described, np.cumsum(widths)[:-1], axis=1)
    return replace(
        space,
        lengths=tuple(_mean_length(block) for block in blocks),
        stretch=np.eye(described.shape[1], dtype=np.float32),
    )


def _robust_spread(traits: Matrix) -> Matrix:
    """Return half the distance of the middle 68 %, which is never quite zero."""
    low, high = np.percentile(traits, _SPREAD_PERCENTILES, axis=0)
    least = 1e-4 * np.abs(traits).max(initial=0) + 1e-6
    return ((high - low) / 2 + least).astype(np.float32)


def _mean_length(block: Matrix) -> float:
    length = float(np.sqrt((block**2).sum(axis=1).mean()))
    return length if length > 0 else 1.0


def _close_pairs(placed: Matrix) -> Pairs:
    return pair_neighbors(find_neighbors(placed, CLOSE_NEIGHBORS), CLOSE_NEIGHBORS)


def _close_differences(placed: Matrix, described: Matrix) -> Matrix:
    """Return how close pairs differ in their description; copies tell nothing."""
    pairs = _close_pairs(placed)
    kept = pairs.is_mutual
    differences = described[pairs.first[kept]] - described[pairs.second[kept]]
    return differences[(differences**2).sum(axis=1) > 0]


def _whitening(differences: Matrix) -> Matrix:
    covariance = differences.T @ differences / (2 * len(differences))
    shrunk = covariance + _SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(
        len(covariance)
    )
    values, vectors = np.linalg.eigh(shrunk)
    return (vectors / np.sqrt(values)).astype(np.float32)


def _unit(placed: Matrix) -> float:
    pairs = _close_pairs(placed)
    apart = pairs.distance[pairs.is_mutual & (pairs.distance > 0)]
    return float(np.sqrt((apart.astype(np.float64) ** 2).mean())) if len(apart) else 1.0
