"""Copies of one slice belong to one head, whatever the fingerprints of the head say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tumorscope.audit.pseudo_patients.finding import PseudoPatients
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec

Rows = NDArray[np.int64]


def join_copies(
    found: PseudoPatients, first: Rows, second: Rows, spec: PseudoPatientSpec
) -> PseudoPatients:
    """Join the groups of slices that are copies of each other.

    A crop, another contrast or another encoding changes the fingerprint of a head, so that
    the copy of a slice may have been linked elsewhere or nowhere. No limit on the size of a
    group holds here: a copy on the other side of a split is a leak for certain.

    Args:
        found: The groups by fingerprint.
        first: Shape (pairs,), row of one slice.
        second: Shape (pairs,), row of its copy.
        spec: From how many slices on a group is a pseudo-patient.

    Returns:
        The same slices, numbered anew from 0 in the order of the old numbers.
    """
    count = int(found.group.max()) + 1
    edges = (np.ones(len(first)), (found.group[first], found.group[second]))
    joined = connected_components(coo_array(edges, shape=(count, count)))[1]
    group = joined[found.group].astype(np.int64)
    return replace(
        found,
        group=group,
        is_assigned=np.bincount(group)[group] >= spec.min_group_slices,
    )
