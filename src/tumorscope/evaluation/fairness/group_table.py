"""One attribute: figures of its groups, the gaps between them, and their nulls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.estimation.bootstrap import MetricSamples, summarize
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.fairness.attributes import GroupAttribute
from tumorscope.evaluation.fairness.gaps import Gap, blank_gap, measure_gap
from tumorscope.evaluation.fairness.measures import Cuts, Measure
from tumorscope.evaluation.fairness.report import AttributeReport, Group
from tumorscope.evaluation.fairness.scores import ScoredSlices
from tumorscope.evaluation.fairness.shuffling import Shuffled, shuffle_groups
from tumorscope.evaluation.fairness.size_standard import (
    NAME,
    NO_COMMON_SIZE,
    sample_standardized,
    size_masks,
)
from tumorscope.evaluation.size_strata import NO_MASKS

NO_SEQUENCES = "the channels' sequences are not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruments:
    """What every attribute is measured with.

    Attributes:
        scored: The slices.
        cuts: Cuts of the set and of every draw.
        measures: Figures that are sampled with the draws.
        null_cuts: The cuts of the set, for every shuffling.
        null_measures: The same figures, sampled with shuffled labels.
    """

    scored: ScoredSlices
    cuts: Cuts
    measures: tuple[Measure, ...]
    null_cuts: Cuts
    null_measures: tuple[Measure, ...]


def measure_attribute(
    attribute: GroupAttribute, tools: Instruments, spec: FairnessSpec
) -> AttributeReport:
    """Measure one attribute.

    Args:
        attribute: The groups.
        tools: The slices and their figures.
        spec: Which groups are compared, and how labels are shuffled.

    Returns:
        Figures of every group, and gaps between the groups with enough patients.
    """
    codes = attribute.group_of_patient
    least = spec.min_patients_firm if attribute.is_crossed else spec.min_patients
    compared = np.flatnonzero(attribute.sizes >= least)
    figures = [
        _figures(tools, codes == number) for number in range(len(attribute.groups))
    ]
    reason = attribute.reason
    if not reason and len(compared) < 2:
        reason = f"less than two groups with at least {least} patients"
    kept = np.where(np.isin(codes, compared), codes, -1)
    shuffled = shuffle_groups(kept, tools.scored.site_of_patient, spec)
    comparison = _Comparison(
        tools=tools,
        names=tuple(attribute.groups[number] for number in compared),
        codes=compared,
        kept=kept,
        shuffled=shuffled,
        reason=reason,
    )
    by_group = [figures[number] for number in compared]
    gaps = [
        comparison.gap(place, by_group, is_tested=measure.name in spec.tested)
        for place, measure in enumerate(tools.measures)
    ]
    standardized, shared = comparison.standardized_gap()
    return AttributeReport(
        text=attribute.text,
        name=attribute.name,
        is_crossed=attribute.is_crossed,
        groups=tuple(
            _describe(
                tools,
                codes == number,
                found,
                name=name,
                is_compared=not reason and number in compared,
            )
            for number, (name, found) in enumerate(
                zip(attribute.groups, figures, strict=True)
            )
        ),
        gaps=(*gaps, standardized),
        shared_size_share=shared,
        n_unknown=attribute.n_unknown,
        n_mixed=attribute.n_mixed,
        shuffled_within="" if reason else shuffled.within,
        reason=reason,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """The groups of one attribute that are compared."""

    tools: Instruments
    names: tuple[str, ...]
    codes: NDArray[np.int64]
    kept: NDArray[np.int64]
    shuffled: Shuffled
    reason: str

    def gap(
        self,
        place: int,
        by_group: Sequence[Sequence[MetricSamples]],
        *,
        is_tested: bool,
    ) -> Gap:
        """Measure the gap in one figure."""
        draws = self.tools.scored.draws
        if self.reason:
            return blank_gap(self.tools.measures[place].name, self.reason, draws)
        measure = self.tools.null_measures[place]
        null = np.stack([measure.sample(each) for each in self._shuffled_groups()])
        figures = {
            name: found[place] for name, found in zip(self.names, by_group, strict=True)
        }
        return measure_gap(figures, draws, null=null, is_tested=is_tested)

    def standardized_gap(self) -> tuple[Gap, float]:
        """Measure the gap in sensitivity at t95 as if lesions had the same sizes.

        Returns:
            The gap, and the share of tumor slices in strata that all groups have.
        """
        scored = self.tools.scored
        draws = scored.draws
        reason = self.reason or ("" if _has_sizes(scored) else NO_MASKS)
        if reason or scored.areas_px is None:
            return blank_gap(NAME, reason, draws), float("nan")
        strata = size_masks(scored.labels, scored.areas_px)
        groups = [
            replace(draws, counts=draws.counts * (self.kept == code))
            for code in self.codes
        ]
        values = sample_standardized(self.tools.cuts.ranked, strata, groups)
        null = sample_standardized(
            self.tools.null_cuts.ranked, strata, self._shuffled_groups()
        )
        figures = {
            name: MetricSamples(
                name=NAME,
                values=found,
                entered=strata.any(axis=0)
                & (self.kept == code)[draws.patient_of_slice],
                reason=NO_COMMON_SIZE,
            )
            for name, code, found in zip(self.names, self.codes, values, strict=True)
        }
        return measure_gap(figures, draws, null=null), self._shared(strata)

    def _shuffled_groups(self) -> list[PatientDraws]:
        draws = self.tools.scored.draws
        return [
            replace(draws, counts=(self.shuffled.codes == code).astype(np.float64))
            for code in self.codes
        ]

    def _shared(self, strata: NDArray[np.bool_]) -> float:
        """Return the share of sized tumor slices in strata that all groups have."""
        group = self.kept[self.tools.scored.draws.patient_of_slice]
        counts = np.array(
            [
                [int((one & (group == code)).sum()) for one in strata]
                for code in self.codes
            ]
        )  # (groups, strata)
        total = int(counts.sum())
        common = (counts > 0).all(axis=0)
        return float(counts[:, common].sum() / total) if total else float("nan")


def _figures(tools: Instruments, members: NDArray[np.bool_]) -> list[MetricSamples]:
    draws = tools.scored.draws
    return [measure.of_group(members, draws) for measure in tools.measures]


def _describe(
    tools: Instruments,
    members: NDArray[np.bool_],
    figures: Sequence[MetricSamples],
    *,
    name: str,
    is_compared: bool,
) -> Group:
    scored = tools.scored
    inside = members[scored.draws.patient_of_slice]
    own = _draws_of(scored, members)
    areas = np.zeros(0) if scored.areas_px is None else scored.areas_px[inside]
    sized = areas[(areas > 0) & (scored.labels[inside] == 1)] if areas.size else areas
    return Group(
        name=name,
        n_patients=int(members.sum()),
        n_slices=int(inside.sum()),
        n_tumor_slices=int(scored.labels[inside].sum()),
        median_area_px=float(np.median(sized)) if sized.size else float("nan"),
        n_sized=int(sized.size),
        lacks_sequence=summarize([_lacking(scored, members)], own)["lacks_sequence"],
        figures=summarize(figures, own),
        is_compared=is_compared,
    )


def _lacking(scored: ScoredSlices, members: NDArray[np.bool_]) -> MetricSamples:
    draws = scored.draws
    counts = draws.counts * members
    entered = members[draws.patient_of_slice]
    values = np.full(len(counts), np.nan)
    if scored.lacks_sequence is not None:
        pair = np.stack([scored.lacks_sequence, np.ones(len(entered))], axis=1)
        sums = counts @ draws.sum_by_patient(pair.astype(np.float64))
        np.divide(sums[:, 0], sums[:, 1], out=values, where=sums[:, 1] > 0)
    return MetricSamples(
        name="lacks_sequence",
        values=values,
        entered=entered,
        reason=NO_SEQUENCES if scored.lacks_sequence is None else "no slices",
        is_share=True,
    )


def _draws_of(scored: ScoredSlices, members: NDArray[np.bool_]) -> PatientDraws:
    """Return the draws with as many strata as the group's patients come from."""
    sites = len(np.unique(scored.site_of_patient[members]))
    return replace(scored.draws, strata=max(1, min(scored.draws.strata, sites)))


def _has_sizes(scored: ScoredSlices) -> bool:
    return scored.areas_px is not None and bool((scored.areas_px > 0).any())
