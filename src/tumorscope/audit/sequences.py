"""Sequences that are missing: a channel that is a copy of another one, or blank.

Sets with several sequences in the channels of one picture often fill a missing sequence
with a copy of another one. A model then learns who was scanned without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.audit.audited import AuditedCohort
from tumorscope.audit.gates import GateOutcome
from tumorscope.audit.slice_facts import CHANNEL_PAIRS
from tumorscope.audit.ties import MIN_PATIENTS, permuted_p
from tumorscope.domain.audit_spec import AuditSpec
from tumorscope.estimation.holm import adjust_holm


class _Draws(TypedDict):
    permutations: int
    generator: np.random.Generator


SEQUENCE_GATE = "missing-sequences"
_CHANNELS = ("channel 1", "channel 2", "channel 3")
_KEPT = "flair"
"""Of two equal channels this one is taken for the original: it shows the lesion best, and
is the one that public sets copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSequence:
    """One sequence that some patients lack.

    Attributes:
        sequence: Its name.
        how: "copy of flair", "blank" and the like.
        patients: Who lacks it; group names where no patients are known.
        n_slices: Slices of these patients.
    """

    sequence: str
    how: str
    patients: tuple[str, ...]
    n_slices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Whether lacking a sequence goes with something else, over patients.

    Attributes:
        what: "site" or "label".
        difference: Largest difference, between patients that lack a sequence and others:
            of the share on one site, or of the mean share of tumor slices. NaN where it
            cannot be assessed.
        p_value: By exchanging, between patients, who lacks a sequence.
        p_adjusted: After Holm's correction over both.
        n_missing: Patients that lack a sequence.
        n_patients: Patients that were compared.
        reason: Why it cannot be assessed; empty where it can.
    """

    what: str
    difference: float
    p_value: float
    p_adjusted: float
    n_missing: int
    n_patients: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceReport:
    """Which sequences are missing, and with what that goes.

    Attributes:
        unit: What an owner is called.
        names: What the channels show; "channel 1" and so on where it is not known.
        has_names: Whether the source tells what the channels show.
        is_single_sequence: Whether every slice is grey: one sequence, no copies.
        n_slices: Slices.
        n_patients: Patients (or groups).
        missing: Sequences that some patients lack.
        n_missing_patients: Patients that lack any.
        by_site: Site, patients that lack any, and patients; empty without sites.
        associations: With the site and with the label.
    """

    unit: str
    names: tuple[str, ...]
    has_names: bool
    is_single_sequence: bool
    n_slices: int
    n_patients: int
    missing: tuple[MissingSequence, ...]
    n_missing_patients: int
    by_site: tuple[tuple[str, int, int], ...]
    associations: tuple[Association, ...]


def check_sequences(cohort: AuditedCohort, spec: AuditSpec) -> SequenceReport:
    """Find channels that are copies or blank in most slices of a patient.

    Args:
        cohort: Slices with facts of their pixels.
        spec: From which share of a patient's slices a sequence counts as missing.

    Returns:
        Who lacks what, and whether that goes with site or label. A cohort of which every
        slice is grey shows one sequence; nothing is missing there.
    """
    known = cohort.manifest.table["sequences"].dropna().unique()
    told = tuple(str(known[0]).split(",")) if len(known) == 1 else ()
    has_names = len(told) == 3
    names = told if has_names else _CHANNELS
    equal = np.array([fact.equal_pairs for fact in cohort.facts])  # (slices, 3)
    is_single = bool(equal.all())
    patient_of_slice, patients = pd.factorize(cohort.owners.astype(str))
    lacks: dict[tuple[str, str], NDArray[np.bool_]] = {}
    if not is_single:
        blank = np.array([fact.blank_channels for fact in cohort.facts])
        shares = [
            np.stack([_mean_by(column, patient_of_slice) for column in each.T])
            for each in (equal, blank)
        ]  # two of (3, patients)
        lacks = dict(_lacking(names, *shares, min_share=spec.min_copied_share))
    lacks_any = np.any([*lacks.values(), np.zeros(len(patients), bool)], axis=0)
    slices = np.bincount(patient_of_slice, minlength=len(patients))
    site = _site_of(cohort, patient_of_slice)
    return SequenceReport(
        unit=cohort.unit,
        names=names,
        has_names=has_names,
        is_single_sequence=is_single,
        n_slices=len(cohort.manifest),
        n_patients=len(patients),
        missing=tuple(
            MissingSequence(
                sequence=sequence,
                how=how,
                patients=tuple(str(each) for each in patients[who]),
                n_slices=int(slices[who].sum()),
            )
            for (sequence, how), who in lacks.items()
        ),
        n_missing_patients=int(lacks_any.sum()),
        by_site=tuple(
            (str(one), int(lacks_any[site == one].sum()), int((site == one).sum()))
            for one in sorted(set(site.dropna()))
        ),
        associations=_associations(
            lacks_any, site, _mean_by(cohort.manifest.labels, patient_of_slice), spec
        ),
    )


def sequence_gate(report: SequenceReport, spec: AuditSpec) -> GateOutcome:
    """Judge whether a missing sequence goes with the label.

    That it goes with the site is reported and not judged: sites scan differently, and a
    model can be tested for it by leaving sites out.

    Returns:
        The gate `missing-sequences`.
    """
    tied = [
        each
        for each in report.associations
        if each.what == "label" and each.p_adjusted <= spec.max_p
    ]
    lacking = f"{report.n_missing_patients} of {report.n_patients} {report.unit}"
    if report.is_single_sequence:
        sentence = "Every slice is grey, so there is one sequence and none is missing."
    elif tied:
        sentence = (
            f"{lacking} lack a sequence, and their share of tumor slices differs by "
            f"{tied[0].difference:.2f} (adjusted p = {tied[0].p_adjusted:.2g}): a model "
            "can read the label from what was not scanned."
        )
    elif report.missing:
        sentence = f"{lacking} lack a sequence; no tie to the label was found."
    else:
        sentence = f"None of {report.n_patients} {report.unit} lacks a sequence."
    return GateOutcome(gate=SEQUENCE_GATE, has_failed=bool(tied), sentence=sentence)


def _lacking(
    names: tuple[str, ...],
    equal: NDArray[np.float64],
    blank: NDArray[np.float64],
    *,
    min_share: float,
) -> Iterator[tuple[tuple[str, str], NDArray[np.bool_]]]:
    """Yield sequence and how it is missing, with who lacks it. (patients,) each."""
    for channel, name in enumerate(names):
        who = blank[channel] > min_share
        if who.any():
            yield (name, "blank"), who
    original = names.index(_KEPT) if _KEPT in names else 0
    others = [pair for pair in CHANNEL_PAIRS if original not in pair]
    done = np.zeros(equal.shape[1], dtype=bool)
    for pair in [pair for pair in CHANNEL_PAIRS if original in pair] + others:
        both_blank = (blank[list(pair)] > min_share).all(axis=0)
        who = (equal[CHANNEL_PAIRS.index(pair)] > min_share) & ~both_blank
        if pair in others:  # where all three are equal, both were counted already
            who &= ~done
        done |= who
        copied, kept = sorted(pair, key=lambda channel: channel == original)
        if pair in others:
            kept, copied = pair
        if who.any():
            yield (names[copied], f"copy of {names[kept]}"), who


def _associations(
    lacks_any: NDArray[np.bool_],
    site: pd.Series,
    prevalence: NDArray[np.float64],
    spec: AuditSpec,
) -> tuple[Association, ...]:
    settings: _Draws = {
        "permutations": spec.permutations,
        "generator": np.random.default_rng(spec.seed),
    }
    is_known = site.notna().to_numpy()
    codes, sites = pd.factorize(site[is_known])
    on_site = np.eye(max(len(sites), 1))[codes]  # (patients with a site, sites)
    found = [
        _associate("site", lacks_any[is_known], on_site, **settings),
        _associate("label", lacks_any, prevalence[:, None], **settings),
    ]
    if len(sites) < 2:
        reason = "no `site`" if not len(sites) else "one site only"
        found[0] = _unknown("site", lacks_any[is_known], reason)
    adjusted = adjust_holm([each.p_value for each in found])
    return tuple(
        replace(each, p_adjusted=p_value)
        for each, p_value in zip(found, adjusted, strict=True)
    )


def _associate(
    what: str,
    lacks: NDArray[np.bool_],
    values: NDArray[np.float64],
    *,
    permutations: int,
    generator: np.random.Generator,
) -> Association:
    """Compare mean values of those who lack a sequence with those who do not."""
    n_missing, n_patients = int(lacks.sum()), len(lacks)
    if not n_missing:
        return _unknown(what, lacks, "no sequence is missing")
    if n_missing == n_patients or n_patients < MIN_PATIENTS:
        return _unknown(what, lacks, "too few patients to compare")
    weights = np.where(lacks, 1 / n_missing, -1 / (n_patients - n_missing))
    observed = weights @ values
    drawn = np.array(
        [
            ((generator.permutation(weights) @ values) ** 2).sum()
            for _ in range(permutations)
        ]
    )
    p_value = permuted_p(float((observed**2).sum()), drawn)
    return Association(
        what=what,
        difference=float(np.abs(observed).max()),
        p_value=p_value,
        p_adjusted=p_value,
        n_missing=n_missing,
        n_patients=n_patients,
    )


def _unknown(what: str, lacks: NDArray[np.bool_], reason: str) -> Association:
    nan = float("nan")
    return Association(
        what=what,
        difference=nan,
        p_value=nan,
        p_adjusted=nan,
        n_missing=int(lacks.sum()),
        n_patients=len(lacks),
        reason=reason,
    )


def _mean_by(
    values: NDArray[np.generic], owner: NDArray[np.int64]
) -> NDArray[np.float64]:
    return np.bincount(owner, values.astype(float)) / np.bincount(owner)


def _site_of(cohort: AuditedCohort, patient_of_slice: NDArray[np.int64]) -> pd.Series:
    """Return the first site, in alphabetical order, of each patient; null if unknown."""
    pairs = pd.DataFrame(
        {"patient": patient_of_slice, "site": cohort.manifest.table["site"].array}
    )
    return pairs.sort_values("site").groupby("patient")["site"].first()
