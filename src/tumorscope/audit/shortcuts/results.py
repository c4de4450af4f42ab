"""What the probes found, and what is made of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.shortcut_spec import ShortcutSpec
from tumorscope.estimation.holm import adjust_holm

Verdict = Literal["passed", "failed", "warning", "cannot be assessed"]
Target = Literal["label", "patient", "site"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedInput:
    """How much a probe, fitted on all slices, relied on one of its inputs.

    Attributes:
        name: The input, in words.
        share: Its share of the sum of absolute weights, in [0, 1].
    """

    name: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What one probe found.

    Attributes:
        probe: Name of the probe.
        is_gate: Whether it can fail; else it can only warn.
        target: What it tried to predict: the label of a slice, whether a patient has a
            tumor slice, or the site of a patient.
        auroc: Out-of-fold AUROC over slices (label) or over patients (patient, and macro
            one-vs-rest for site), with its interval over patients.
        p_value: Over patients, in (0, 1]; NaN where it cannot be assessed.
        permutations: Permutations that were tried; 0 where it cannot be assessed.
        floor: Mean AUROC of the permuted labels: what slice height alone gives the probe
            (label), or chance (patient and site). NaN where it cannot be assessed.
        used: Its most used inputs, at most three.
        p_adjusted: The same after Holm's correction within its family; NaN until judged,
            and where it cannot be assessed.
        verdict: What the rule of `ShortcutSpec` says.
    """

    probe: str
    is_gate: bool
    target: Target
    auroc: MetricEstimate
    p_value: float
    permutations: int
    floor: float
    used: tuple[UsedInput, ...]
    p_adjusted: float = math.nan
    verdict: Verdict = "cannot be assessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortcutReport:
    """All probes of one cohort.

    Attributes:
        spec: How it was probed, and the rule.
        unit: What n counts: "patients" or the word for groups.
        slices: Slices of the cohort.
        slices_probed: Slices that were probed.
        label_probes: In the order of the report.
        patient_probes: In the order of the report.
        site_probes: In the order of the report.
        has_heights: Whether the height of every slice is known, so that anatomy could be
            told from a shortcut.
        sites: Sites that entered the site probes.
        sites_left_out: Sites with too few patients.
    """

    spec: ShortcutSpec
    unit: str
    slices: int
    slices_probed: int
    label_probes: tuple[ProbeResult, ...]
    patient_probes: tuple[ProbeResult, ...]
    site_probes: tuple[ProbeResult, ...]
    has_heights: bool
    sites: tuple[str, ...]
    sites_left_out: tuple[str, ...]


def with_verdicts(
    results: Sequence[ProbeResult], spec: ShortcutSpec
) -> tuple[ProbeResult, ...]:
    """Judge the results of one family of tests.

    Args:
        results: All results of the family; one that cannot be assessed is no test.
        spec: The rule.

    Returns:
        The results in their order, with adjusted p-values and verdicts.

    References:
        Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J.
        Stat. 6:65-70.
    """
    p_adjusted = adjust_holm([each.p_value for each in results])
    return tuple(
        _judged(each, p_value, spec)
        for each, p_value in zip(results, p_adjusted, strict=True)
    )


def _judged(result: ProbeResult, p_adjusted: float, spec: ShortcutSpec) -> ProbeResult:
    verdict: Verdict
    if result.auroc.reason:
        verdict = "cannot be assessed"
    elif (
        result.auroc.low <= max(0.5, result.floor) + spec.min_gain
        or p_adjusted > spec.max_p
    ):
        verdict = "passed"
    else:
        verdict = "failed" if result.is_gate else "warning"
    return replace(result, p_adjusted=p_adjusted, verdict=verdict)
