"""Clean and corrupted scores -> every figure of robustness.

R1 is the AUROC lost, R2 the errors added relative to a reference model, R3 the sensitivity
lost at the clean t95 and how many new errors were abstained on, R4 what a missing sequence
costs. Nothing is chosen on corrupted slices: t95 and the abstention cut come from clean ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.domain.grouping import GROUPING_WORDS, Grouping
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.robustness_spec import RobustnessSpec
from tumorscope.estimation.bootstrap import MetricSamples, sample_ranking, summarize
from tumorscope.estimation.metrics import rank_slices
from tumorscope.evaluation.decisions import NO_TUMOR, sample_above
from tumorscope.evaluation.evaluated import PART_WORDS
from tumorscope.evaluation.measurement import ONE_CLASS
from tumorscope.evaluation.robustness.relative_error import measure_relative_error
from tumorscope.evaluation.robustness.report import (
    CorruptionResult,
    RobustnessReport,
)
from tumorscope.evaluation.robustness.sampling import (
    CleanScores,
    find_new_errors,
    sample_clean,
    sample_corruption,
)
from tumorscope.evaluation.robustness.scores import (
    CorruptedScores,
    RobustnessScores,
)
from tumorscope.evaluation.robustness.summaries import (
    DROP_BANDS,
    SENSITIVITY_SEVERITY,
    blank_samples,
    pool_new_errors,
    summarize_figure,
)

NO_SEQUENCES = (
    "the source does not say which channel is FLAIR and which is T1 before or after "
    "contrast"
)
NOT_ASKED = "switched off by robustness.missing_sequences=false"
NO_COPIES = "no sequence of any tested slice is a copy of another"


def measure_robustness(
    scores: RobustnessScores,
    spec: RobustnessSpec,
    *,
    grouping: Grouping,
    artifacts_version: int,
    progress: Progress = silent,
) -> RobustnessReport:
    """Compare corrupted with clean scores.

    Args:
        scores: Of the run, and of its reference where there is one.
        spec: Which corruptions were asked for, and the clean coverage.
        grouping: What was kept on one side of the split.
        artifacts_version: Version of the definitions.
        progress: Shows how far it got.

    Returns:
        Every figure with a paired interval over patients, or why it has none.
    """
    clean = sample_clean(
        scores.labels, scores.clean, scores.draws, coverage=spec.coverage
    )
    samples = {
        (one.name, one.severity): sample_corruption(clean, one)
        for one in progress(
            scores.corrupted, total=len(scores.corrupted), label="judging"
        )
    }
    found = {
        (one.name, one.severity): find_new_errors(clean, one)
        for one in scores.corrupted
    }
    return RobustnessReport(
        testing=PART_WORDS[str(scores.table["part"].iat[0])],
        grouping_words=GROUPING_WORDS[grouping],
        unit=scores.draws.unit,
        n_patients=scores.draws.n_patients,
        n_slices=len(scores.table),
        n_tumor_slices=int(scores.labels.sum()),
        artifacts_version=artifacts_version,
        t95=float(clean.decision.cuts[0]),
        confidence_cut=clean.confidence_cut,
        clean=_clean_figures(clean),
        results=tuple(
            _result(one, samples[one.name, one.severity], clean)
            for one in scores.corrupted
        ),
        drops=tuple(
            summarize_figure(samples, clean, figure="auroc_drop", severities=band)
            for band in DROP_BANDS
        ),
        sensitivity=summarize_figure(
            samples,
            clean,
            figure="sensitivity_lost",
            severities=(SENSITIVITY_SEVERITY,),
        ),
        new_errors_abstained=pool_new_errors(
            found, clean, severity=SENSITIVITY_SEVERITY
        ),
        relative=measure_relative_error(scores, clean),
        missing=tuple(
            _result(one, sample_corruption(clean, one), clean) for one in scores.missing
        ),
        missing_reason=_missing_reason(scores, spec),
        copies=_measure_copies(scores, clean),
        spec=spec,
    )


def _clean_figures(clean: CleanScores) -> MetricSet:
    every = np.ones(len(clean.labels), dtype=bool)
    tumor = clean.labels == 1
    wrong = clean.draws.sum_by_patient(clean.is_wrong.astype(np.float64)[:, None])
    slices = clean.draws.sum_by_patient(np.ones((len(every), 1)))
    counts = clean.draws.counts
    return summarize(
        [
            clean.auroc,
            MetricSamples(
                name="error",
                values=((counts @ wrong) / (counts @ slices))[:, 0],
                entered=every,
                reason="no slices",
                is_share=True,
            ),
            MetricSamples(
                name="sensitivity_at_t95",
                values=sample_above(clean.decision, tumor, clean.draws),
                entered=tumor,
                reason=clean.decision.reason or NO_TUMOR,
                is_share=True,
            ),
        ],
        clean.draws,
    )


def _result(
    corrupted: CorruptedScores,
    samples: Mapping[str, MetricSamples],
    clean: CleanScores,
) -> CorruptionResult:
    return CorruptionResult(
        name=corrupted.name,
        severity=corrupted.severity,
        figures=summarize(list(samples.values()), clean.draws),
        n_blank=corrupted.n_blank,
    )


def _missing_reason(scores: RobustnessScores, spec: RobustnessSpec) -> str:
    if scores.missing:
        return ""
    return NO_SEQUENCES if spec.missing_sequences else NOT_ASKED


def _measure_copies(scores: RobustnessScores, clean: CleanScores) -> MetricEstimate:
    """Return the AUROC among slices of patients who truly lack a sequence."""
    name = "auroc_of_copies"
    owners = scores.draws.patient_of_slice
    entered = np.isin(owners, owners[scores.has_copy])
    if not entered.any():
        return summarize([blank_samples(name, clean, NO_COPIES)], scores.draws)[name]
    strata = np.where(entered, 0, -1)
    area, _ = sample_ranking(
        rank_slices(scores.labels, scores.clean, strata), scores.draws
    )
    samples = MetricSamples(
        name=name, values=area, entered=entered, reason=ONE_CLASS, is_share=True
    )
    return summarize([samples], scores.draws)[name]
