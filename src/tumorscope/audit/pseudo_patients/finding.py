"""Pseudo-patients: groups of slices that seem to come from one head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.pseudo_patients.file_order import OrderEvidence, order_pairs
from tumorscope.audit.pseudo_patients.fingerprints import HeadFingerprint
from tumorscope.audit.pseudo_patients.grouping import group_slices
from tumorscope.audit.pseudo_patients.head_space import learn_space
from tumorscope.audit.pseudo_patients.linking import Links, find_links
from tumorscope.domain.errors import DataError
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudoPatients:
    """Which slices seem to come from one head.

    Attributes:
        group: Shape (slices,), int64, from 0; a slice that belongs to no pseudo-patient
            has a number of its own, or shares it with a few others.
        is_assigned: Shape (slices,), bool, whether the slice's group is large enough to
            be a pseudo-patient.
        is_capped: Shape (slices,), bool, whether the slice's group would have grown
            beyond what one head plausibly holds.
        order: What the file order told.
        link_places: Shape (links, 2), int64, file positions of the strong links inside
            groups, the earlier one first.

    Raises:
        DataError: If lengths differ.
    """

    group: Rows
    is_assigned: NDArray[np.bool_]
    is_capped: NDArray[np.bool_]
    order: OrderEvidence
    link_places: Rows

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the same slices."""
        lengths = {len(self.group), len(self.is_assigned), len(self.is_capped)}
        if len(lengths) > 1:
            raise DataError(f"pseudo-patients of differing lengths {sorted(lengths)}")

    def __len__(self) -> int:
        """Return the number of slices."""
        return len(self.group)

    @property
    def sizes(self) -> Rows:
        """Slices of each pseudo-patient, largest first."""
        counts = np.bincount(self.group[self.is_assigned])
        return np.sort(counts[counts > 0])[::-1].astype(np.int64)


def find_pseudo_patients(
    fingerprints: Sequence[HeadFingerprint],
    spec: PseudoPatientSpec,
    *,
    position: Rows | None = None,
) -> PseudoPatients:
    """Link slices that seem to come from one head.

    Args:
        fingerprints: One for each slice, at least two.
        spec: Distances and sizes.
        position: Shape (slices,), place of each slice in the order of the files, each
            place once; the order of `fingerprints` where it is not given. The order
            is used only where it is found to tell heads apart.

    Returns:
        The groups. No label, patient id or file name is looked at.

    Raises:
        DataError: If there are fewer than two slices, or `position` is no order of them.
    """
    count = len(fingerprints)
    place = np.arange(count) if position is None else position
    if not np.array_equal(np.sort(place), np.arange(count)):
        raise DataError(
            f"position must hold each of 0 to {count - 1} once, for {count} slices"
        )
    vectors = learn_space(fingerprints).place(fingerprints)
    links = find_links(vectors, place, spec)
    group, is_capped = group_slices(links, count, spec)
    sizes = np.bincount(group)
    return PseudoPatients(
        group=group,
        is_assigned=sizes[group] >= spec.min_group_slices,
        is_capped=is_capped,
        order=links.order,
        link_places=_strong_places(links, group, place),
    )


def _strong_places(links: Links, group: Rows, position: Rows) -> Rows:
    inside = links.is_strong & (group[links.first] == group[links.second])
    places = order_pairs(position, links.first[inside], links.second[inside])
    return np.unique(places, axis=0)
