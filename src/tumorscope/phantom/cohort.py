"""Who is in a cohort: persons, sites and planted faults, fixed before any picture is made.

Every draw comes from a seed of its own, so that a patient looks the same whichever worker
makes it, and whatever else is in the cohort's plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tumorscope.phantom.scanners import SITES
from tumorscope.phantom.spec import PhantomSpec

COPY_KINDS = ("reencoded", "rescaled", "recontrasted")
_PLAN, _PERSON, _SCAN, _CUE, _COPY = range(5)  # kinds of seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """One patient id of the cohort.

    Attributes:
        patient_id: "P0001" and so on.
        person: Index of the person, below `PhantomSpec.patients`.
        repeat_of: Id under which the same person is enrolled as well; empty for the first.
        site: Name of the site.
        scanner_index: Which scanner of the site.
        has_tumor: Whether the person has a tumour.
    """

    patient_id: str
    person: int
    repeat_of: str
    site: str
    scanner_index: int
    has_tumor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCopy:
    """One slice that comes again under another patient's id.

    Attributes:
        source_index: Index of the patient id that the slice is of.
        slice_index: Which slice.
        target_index: Index of the patient id that it is stored under.
        position: Number of this copy in the target's folder, after its own slices.
        kind: How it is altered, one of `COPY_KINDS`.
    """

    source_index: int
    slice_index: int
    target_index: int
    position: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortPlan:
    """Everything about a cohort but its pictures."""

    enrolments: tuple[Enrolment, ...]
    copies: tuple[PlannedCopy, ...]


@lru_cache(maxsize=8)
def plan_cohort(spec: PhantomSpec) -> CohortPlan:
    """Deal tumours, sites and faults; the same spec gives the same plan.

    Args:
        spec: The cohort wanted.

    Returns:
        Patient ids in order, and the slices that are to be copied.
    """
    rng = seeded(spec, _PLAN)
    tumors = np.zeros(spec.patients, dtype=bool)
    tumors[: round(spec.tumor_share * spec.patients)] = True
    rng.shuffle(tumors)
    sites = _deal_sites(tumors, spec, rng)
    scanner_index = rng.integers(0, 2, spec.patients)
    second = rng.choice(spec.patients, spec.repeats, replace=False)
    persons = np.concatenate([np.arange(spec.patients), second])
    # Second scans stand anywhere in the list, not at its end.
    order = rng.permutation(len(persons)) if spec.repeats else np.arange(len(persons))
    first_id: dict[int, str] = {}
    enrolments = []
    for index, person in enumerate(persons[order].tolist()):
        patient_id = f"P{index + 1:04d}"
        enrolments.append(
            Enrolment(
                patient_id=patient_id,
                person=person,
                repeat_of=first_id.get(person, ""),
                site=SITES[sites[person]],
                scanner_index=int(scanner_index[person]),
                has_tumor=bool(tumors[person]),
            )
        )
        first_id.setdefault(person, patient_id)
    copies = _plan_copies(tuple(enrolments), spec, rng)
    return CohortPlan(enrolments=tuple(enrolments), copies=copies)


def seeded(spec: PhantomSpec, *key: int) -> np.random.Generator:
    """Return the generator of one part of the cohort, whoever else draws."""
    return np.random.default_rng(np.random.SeedSequence(spec.seed, spawn_key=key))


def person_rng(spec: PhantomSpec, person: int) -> np.random.Generator:
    """Return the generator of a person: head and lesions."""
    return seeded(spec, _PERSON, person)


def scan_rng(spec: PhantomSpec, index: int) -> np.random.Generator:
    """Return the generator of one patient id's scan: contrast, vessels, noise."""
    return seeded(spec, _SCAN, index)


def cue_rng(spec: PhantomSpec, index: int) -> np.random.Generator:
    """Return the generator of the cues planted in one patient id's slices."""
    return seeded(spec, _CUE, index)


def copy_rng(spec: PhantomSpec, copy: PlannedCopy) -> np.random.Generator:
    """Return the generator of one copied slice."""
    return seeded(spec, _COPY, copy.target_index, copy.position)


def _deal_sites(
    tumors: NDArray[np.bool_], spec: PhantomSpec, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return a site for each person, balanced for tumours unless tied to them."""
    sites = np.empty(spec.patients, dtype=np.int64)
    start = 0
    for has_tumor in (True, False):
        members = rng.permutation(np.flatnonzero(tumors == has_tumor))
        # Go on where the other group stopped, so that sites are of equal size too.
        sites[members] = (np.arange(len(members)) + start) % spec.sites
        start += len(members)
    tied = rng.random(spec.patients) < spec.site_label_tie
    with_tumor = rng.integers(0, (spec.sites + 1) // 2, spec.patients)
    without = rng.integers((spec.sites + 1) // 2, max(spec.sites, 2), spec.patients)
    return np.where(tied, np.where(tumors, with_tumor, without), sites)


def _plan_copies(
    enrolments: tuple[Enrolment, ...], spec: PhantomSpec, rng: np.random.Generator
) -> tuple[PlannedCopy, ...]:
    """Choose slices and other persons with the same tumour state to store them under."""
    total = len(enrolments) * spec.slices_per_patient
    wanted = round(spec.near_duplicates * total)
    copies: list[PlannedCopy] = []
    filled: dict[int, int] = {}
    for flat in np.sort(rng.choice(total, wanted, replace=False)).tolist():
        source, slice_index = divmod(flat, spec.slices_per_patient)
        targets = [
            index
            for index, other in enumerate(enrolments)
            if other.person != enrolments[source].person
            and other.has_tumor == enrolments[source].has_tumor
        ]
        if not targets:
            continue
        target = int(rng.choice(targets))
        position = filled.get(target, 0)
        filled[target] = position + 1
        copies.append(
            PlannedCopy(
                source_index=source,
                slice_index=slice_index,
                target_index=target,
                position=position,
                kind=str(rng.choice(COPY_KINDS)),
            )
        )
    return tuple(copies)
