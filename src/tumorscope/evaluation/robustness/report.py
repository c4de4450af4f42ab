"""What robustness is reported as."""

from __future__ import annotations

from dataclasses import dataclass

from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.domain.robustness_spec import RobustnessSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class CorruptionResult:
    """What one corruption did.

    Attributes:
        name: Artifact, or what was done to a sequence.
        severity: From 1 to 5; 0 for a missing sequence.
        figures: As `sampling.sample_corruption` names them.
        n_blank: Slices of which nothing was left; the model saw zeros.
    """

    name: str
    severity: int
    figures: MetricSet
    n_blank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One figure over the eight MRI artifacts (R1, R3).

    Attributes:
        figure: "auroc_drop" or "sensitivity_lost".
        severities: Averaged over these.
        mean: Mean over the eight artifacts.
        worst: The artifact with the largest value.
        worst_artifact: Its name; empty where there is none.
    """

    figure: str
    severities: tuple[int, ...]
    mean: MetricEstimate
    worst: MetricEstimate
    worst_artifact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeError:
    """Errors that corruptions add, relative to a reference model (R2).

    Attributes:
        reference: Name of the reference; empty where none was given.
        per_artifact: For each artifact, 100 times the added error summed over the
            severities, divided by that of the reference; the name is the artifact.
        mean: Mean of those that have a value.
        left_out: Artifacts that cost the reference less than 0.01.
    """

    reference: str
    per_artifact: tuple[MetricEstimate, ...]
    mean: MetricEstimate
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessReport:
    """All figures of one run.

    Attributes:
        testing: "internal testing" or "external testing".
        grouping_words: What was kept on one side of the split.
        unit: What was resampled: "patients", or what stands for them.
        n_patients: Patients (or groups).
        n_slices: Tested slices.
        n_tumor_slices: Those with tumor.
        artifacts_version: Version of the definitions.
        t95: The 0.95 quantile of clean scores of tumor-free slices; NaN without any.
        confidence_cut: Confidence below which a slice counts as abstained on.
        clean: auroc, error, sensitivity_at_t95 of the slices as they are.
        results: One for each artifact and severity.
        drops: R1: severities 1 and 2 together, 3, 4 and 5.
        sensitivity: R3: sensitivity lost at severity 3.
        new_errors_abstained: R3: share of the new errors of severity 3, pooled over the
            eight artifacts, that are abstained on.
        relative: R2.
        missing: R4: one for each way in which a sequence may be missing.
        missing_reason: Why there is none; empty where there are some.
        copies: R4: AUROC among patients of whom a sequence is a copy of another.
        spec: Settings.
    """

    testing: str
    grouping_words: str
    unit: str
    n_patients: int
    n_slices: int
    n_tumor_slices: int
    artifacts_version: int
    t95: float
    confidence_cut: float
    clean: MetricSet
    results: tuple[CorruptionResult, ...]
    drops: tuple[Summary, ...]
    sensitivity: Summary
    new_errors_abstained: MetricEstimate
    relative: RelativeError
    missing: tuple[CorruptionResult, ...]
    missing_reason: str
    copies: MetricEstimate
    spec: RobustnessSpec

    def result(self, name: str, severity: int) -> CorruptionResult:
        """Return the result of one artifact at one severity; a KeyError where none."""
        for one in self.results:
            if (one.name, one.severity) == (name, severity):
                return one
        raise KeyError(f"{name} at severity {severity} was not measured")
