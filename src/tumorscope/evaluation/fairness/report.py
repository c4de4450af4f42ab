"""What is said of groups of patients: the values behind fairness.json and the page."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.evaluation.fairness.encoding import EncodingProbe
from tumorscope.evaluation.fairness.gaps import Gap
from tumorscope.evaluation.size_strata import SizeStratum


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group of patients.

    Attributes:
        name: As the source has it; codes stay codes.
        n_patients: Patients (or near-duplicate groups).
        n_slices: Slices that were scored.
        n_tumor_slices: Slices with tumor by the reference standard.
        median_area_px: Median lesion area of the tumor slices with a mask, in pixels at
            256 x 256; NaN where no size is known.
        n_sized: Tumor slices with a known size.
        lacks_sequence: Share of slices in which a channel is a copy of another one.
        figures: auroc, sensitivity and false-positive rate at both cuts, debiased_ece,
            brier, abstained, localization.
        is_compared: Whether it enters gaps.
    """

    name: str
    n_patients: int
    n_slices: int
    n_tumor_slices: int
    median_area_px: float
    n_sized: int
    lacks_sequence: MetricEstimate
    figures: MetricSet
    is_compared: bool

    @property
    def prevalence(self) -> float:
        """Share of slices with tumor, in [0, 1]; NaN without slices."""
        return self.n_tumor_slices / self.n_slices if self.n_slices else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstGroup:
    """The lowest AUROC among groups with enough patients.

    Attributes:
        name: The group, with its attribute.
        auroc: Its AUROC; with a reason where no group has enough patients. The lowest of
            several figures is biased downwards, and so is its interval's center.
        n_groups: Groups that were looked at.
    """

    name: str
    auroc: MetricEstimate
    n_groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeReport:
    """One attribute: its groups, and the gaps between them.

    Attributes:
        text: As it was asked for.
        name: In words.
        is_crossed: Whether attributes are crossed.
        groups: One for each value; empty where none is known.
        gaps: One for each figure, and the size-standardized sensitivity last.
        shared_size_share: Share of the compared groups' tumor slices whose stratum of
            lesion size all of them have; NaN where sizes are not known.
        n_unknown: Patients without a value.
        n_mixed: Patients with several values, in no group.
        shuffled_within: Among whom labels were exchanged; empty where they were not.
        reason: Why nothing is compared; empty where it is.
    """

    text: str
    name: str
    is_crossed: bool
    groups: tuple[Group, ...]
    gaps: tuple[Gap, ...]
    shared_size_share: float
    n_unknown: int
    n_mixed: int
    shuffled_within: str
    reason: str

    def gap(self, measure: str) -> Gap:
        """Return the gap in a figure; a KeyError names the known ones."""
        for one in self.gaps:
            if one.measure == measure:
                return one
        raise KeyError(f"{measure}: known are {[one.measure for one in self.gaps]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeReport:
    """Sensitivity by lesion size, the disparity that is not one of persons.

    Attributes:
        strata: From small to large lesions; empty where no size is known.
        gap: Largest minus smallest sensitivity at t95 over strata. It has no null: sizes
            differ within a patient, so that they cannot be shuffled over patients.
        reason: Why there is none; empty where there is one.
    """

    strata: tuple[SizeStratum, ...]
    gap: Gap
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessReport:
    """Groups of patients beside each other.

    Attributes:
        testing: "internal testing" or "external testing".
        grouping_words: How the split was grouped.
        unit: What `n_patients` counts.
        n_patients: Patients (or near-duplicate groups).
        n_slices: Slices that were scored.
        n_tumor_slices: Slices with tumor by the reference standard.
        t95: The 0.95 quantile of the scores of tumor-free slices, all groups together.
        overall: The figures of all slices.
        attributes: One for each attribute, in the order they were listed.
        sizes: Sensitivity by lesion size.
        worst: The group with the lowest AUROC.
        n_tests: Tests that Holm's correction counts.
        probes: What the features encode; empty where it was not asked for.
        probes_reason: Why there is no probe; empty where there is one.
        spec: The rules.
    """

    testing: str
    grouping_words: str
    unit: str
    n_patients: int
    n_slices: int
    n_tumor_slices: int
    t95: float
    overall: MetricSet
    attributes: tuple[AttributeReport, ...]
    sizes: SizeReport
    worst: WorstGroup
    n_tests: int
    spec: FairnessSpec
    probes: tuple[EncodingProbe, ...] = ()
    probes_reason: str = ""
