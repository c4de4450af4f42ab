"""The evaluation of a model: what report.html draws and report.json holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.grouping import GROUPING_WORDS, Grouping
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import MetricSet
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.calibration_error import (
    CalibrationError,
    measure_tumor_shares,
)
from tumorscope.evaluation.comparison import (
    BaselineResult,
    BaselineScores,
    best_rival,
    compare_baselines,
)
from tumorscope.evaluation.curves import (
    PrecisionRecallCurve,
    ReliabilityBins,
    RocCurve,
    bin_reliability,
    trace_curves,
)
from tumorscope.evaluation.decision_curve import DecisionCurve, measure_decision_curve
from tumorscope.evaluation.decisions import (
    RankedPoint,
    measure_ranked,
    ranked_decision,
    tuned_decision,
)
from tumorscope.evaluation.evaluated import (
    PART_WORDS,
    evaluated_rows,
    labels_of,
    scores_of,
)
from tumorscope.evaluation.logistic_calibration import (
    ScaleCalibration,
    measure_scales,
)
from tumorscope.evaluation.measurement import (
    FIXED_THRESHOLD,
    OperatingPoint,
    Subgroup,
    is_above,
    measure_fixed,
    measure_ranking,
    measure_subgroups,
    measure_tuned,
)
from tumorscope.evaluation.patient_figures import PatientFigures, measure_patients
from tumorscope.evaluation.size_strata import LesionSizeTable, measure_size_strata

REPORT_VERSION = 2
"""2 added at_ranked, patients, by_lesion_size, scales, reliability_band and decision_curve,
and widened the intervals for few patients. It took nothing away: what reads version 1 reads
version 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceError:
    """One slice on which score and reference standard disagree.

    Attributes:
        row: Row of the table of the `Predictions` that were evaluated, from 0.
        image: Path of the slice's file, as in the manifest.
        frame: Index inside a multi-frame file, or None.
        label: 1 tumour, 0 no tumour, by the reference standard.
        tumor_probability: The score, in [0, 1].
        threshold_probability: The threshold that the score was compared with.
        fold: Fold whose model gave the score.
    """

    row: int
    image: str
    frame: int | None
    label: int
    tumor_probability: float
    threshold_probability: float
    fold: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationReport:
    """Figures, curves and worst errors of one part.

    Attributes:
        part: "test" (internal testing) or "external" (external testing).
        grouping: What stays on one side of the split.
        unit: What `n_patients` counts: "patients" or "near-duplicate groups".
        resampled: What the bootstrap drew, for example "patients within site".
        spec: Draws, level, target specificity and seed.
        n_slices: Slices that were scored, pooled over folds.
        n_tumor_slices: Slices with tumour by the reference standard.
        n_patients: Patients (or groups).
        ranking: Figures that need no threshold: auroc, average_precision,
            within_patient_auroc, position_matched_auroc, auroc_without_boundary, brier,
            log_loss.
        at_half: Figures at the threshold 0.5.
        at_tuned: Figures at the threshold that each fold fixed on its tuning part.
        at_ranked: Sensitivity where 95 % of the tumor-free slices are not above (t95).
        patients: Hits and false positives by patient: at t95, then at the tuned threshold.
        by_lesion_size: Sensitivity by the size of the lesion, at t95 and tuned.
        calibration: Expected calibration error and its null.
        scales: Error, Brier score, slope and intercept of tumor_probability and, where
            calibration changed it, of the raw score.
        by_fold: One for each fold; empty with a single fold.
        by_site: One for each site; empty where no site is known.
        by_site_reason: Why there is no table of sites; empty where there is one.
        roc: Pooled ROC curve, or None with a single class.
        precision_recall: Pooled precision-recall curve, or None with a single class.
        reliability: Equal-width bins first, quantile bins second.
        reliability_band: Share of tumor slices in each equal-width bin, with interval.
        decision_curve: Net benefit of the model and of what it is compared with.
        worst_false_positives: Most confident first.
        worst_false_negatives: Most confident first.
        baselines: Simple methods on the same slices; empty where none was run.
    """

    part: str
    grouping: Grouping
    unit: str
    resampled: str
    spec: EvaluateSpec
    n_slices: int
    n_tumor_slices: int
    n_patients: int
    ranking: MetricSet
    at_half: OperatingPoint
    at_tuned: OperatingPoint
    at_ranked: RankedPoint
    patients: tuple[PatientFigures, ...]
    by_lesion_size: LesionSizeTable
    calibration: CalibrationError
    scales: tuple[ScaleCalibration, ...]
    by_fold: tuple[Subgroup, ...]
    by_site: tuple[Subgroup, ...]
    by_site_reason: str
    roc: RocCurve | None
    precision_recall: PrecisionRecallCurve | None
    reliability: tuple[ReliabilityBins, ...]
    reliability_band: tuple[MetricEstimate, ...]
    decision_curve: DecisionCurve
    worst_false_positives: tuple[SliceError, ...]
    worst_false_negatives: tuple[SliceError, ...]
    baselines: tuple[BaselineResult, ...] = ()

    @property
    def testing(self) -> str:
        """The part in words: "internal testing" or "external testing"."""
        return PART_WORDS[self.part]

    @property
    def grouping_words(self) -> str:
        """How the split was grouped, as the report says it."""
        return GROUPING_WORDS[self.grouping]

    @property
    def prevalence(self) -> float:
        """Share of slices with tumour, in [0, 1]."""
        return self.n_tumor_slices / self.n_slices

    def as_dict(self) -> dict[str, Any]:
        """Return the content of report.json.

        Returns:
            Dicts, lists, strings, numbers and nulls with the attributes' names as keys.
            A figure that cannot be assessed is null and has its `reason`.
        """
        heading = {
            "kind": "tumorscope-evaluation",
            "version": REPORT_VERSION,
            "notice": RESEARCH_USE,
            "testing": self.testing,
            "grouping_words": self.grouping_words,
            "prevalence": self.prevalence,
        }
        return heading | to_json_value(self)


def evaluate_predictions(
    predictions: Predictions,
    spec: EvaluateSpec,
    *,
    grouping: Grouping,
    lesion_areas_px: NDArray[np.float64] | None = None,
) -> EvaluationReport:
    """Judge the scores of the test part, or of a set that the model never saw.

    Slices of all folds are pooled; at the tuned operating point each is compared with
    the threshold of its own fold.

    Args:
        predictions: Rows of part "test" or of part "external"; others are not read.
        spec: Draws, level, target specificity, gallery size and seed.
        grouping: What `group` holds: patients, or near-duplicate groups.
        lesion_areas_px: Shape (rows of `predictions.table`,), lesion area in pixels at
            256 x 256, NaN where unknown; None where no mask was read.

    Returns:
        The report, without baselines.

    Raises:
        DataError: If both parts or neither are present, a row of the part has no label or
            group or repeats a slice, or there is not one area for each row.
    """
    table = evaluated_rows(predictions)
    draws = draw_patients(table["group"], table["site"], spec, grouping=grouping)
    labels, scores = labels_of(table), scores_of(table)
    decisions = (ranked_decision(labels, scores, draws), tuned_decision(table, draws))
    curves = trace_curves(labels, scores)
    scales = measure_scales(table, draws, spec)
    many_folds = table["fold"].nunique() > 1
    return EvaluationReport(
        part=str(table["part"].iat[0]),
        grouping=grouping,
        unit=draws.unit,
        resampled=draws.resampled,
        spec=spec,
        n_slices=len(table),
        n_tumor_slices=int(labels.sum()),
        n_patients=draws.n_patients,
        ranking=measure_ranking(table, draws),
        at_half=measure_fixed(table, draws),
        at_tuned=measure_tuned(table, draws),
        at_ranked=measure_ranked(labels, decisions[0], draws),
        patients=tuple(measure_patients(table, each, draws) for each in decisions),
        by_lesion_size=measure_size_strata(
            labels, _areas_of(table, predictions, lesion_areas_px), decisions, draws
        ),
        calibration=scales[0].error,
        scales=scales,
        by_fold=(
            measure_subgroups(table, "fold", spec, grouping=grouping)
            if many_folds
            else ()
        ),
        by_site=measure_subgroups(table, "site", spec, grouping=grouping),
        by_site_reason="no `site`" if table["site"].isna().all() else "",
        roc=curves[0] if curves else None,
        precision_recall=curves[1] if curves else None,
        reliability=(
            bin_reliability(labels, scores, "equal-width"),
            bin_reliability(labels, scores, "quantile"),
        ),
        reliability_band=measure_tumor_shares(table, draws),
        decision_curve=measure_decision_curve(labels, scores, draws),
        worst_false_positives=_worst(table, spec.gallery_size, label=0),
        worst_false_negatives=_worst(table, spec.gallery_size, label=1),
    )


def beside_baselines(
    report: EvaluationReport,
    predictions: Predictions,
    baselines: Sequence[BaselineScores],
) -> EvaluationReport:
    """Put simple methods beside the model, in ranking and in net benefit.

    Args:
        report: From `evaluate_predictions` of the same predictions.
        predictions: As for `evaluate_predictions`.
        baselines: Scores of the tested slices, in the order of
            `evaluated_rows(predictions)`.

    Returns:
        The report with the methods, and with the best of them in the decision curve.

    Raises:
        DataError: If a method without a reason has not one finite score for each tested
            slice.
    """
    table = evaluated_rows(predictions)
    spec, grouping = report.spec, report.grouping
    results = compare_baselines(predictions, baselines, spec, grouping=grouping)
    draws = draw_patients(table["group"], table["site"], spec, grouping=grouping)
    labels, scores = labels_of(table), scores_of(table)
    curve = measure_decision_curve(
        labels, scores, draws, best_rival(baselines, results)
    )
    return replace(report, baselines=results, decision_curve=curve)


def _areas_of(
    table: pd.DataFrame, predictions: Predictions, areas: NDArray[np.float64] | None
) -> NDArray[np.float64] | None:
    if areas is None:
        return None
    if areas.shape != (len(predictions.table),):
        raise DataError(
            f"lesion areas of shape {areas.shape} for {len(predictions.table)} predicted "
            "slices: give one for each, NaN where it is unknown"
        )
    return areas[table.index.to_numpy()]


def _worst(table: pd.DataFrame, size: int, *, label: int) -> tuple[SliceError, ...]:
    thresholds = table["threshold_probability"].fillna(FIXED_THRESHOLD)
    wrong = is_above(table, thresholds) != (label == 1)
    rows = table[wrong & (table["label"] == label).to_numpy(dtype=bool)]
    # The image breaks ties, so that the order of the rows does not matter.
    rows = rows.sort_values(
        ["tumor_probability", "image", "frame"], ascending=[label == 1, True, True]
    )
    return tuple(
        SliceError(
            row=row,
            image=image,
            frame=None if pd.isna(frame) else int(frame),
            label=label,
            tumor_probability=probability,
            threshold_probability=threshold,
            fold=fold,
        )
        for row, image, frame, probability, threshold, fold in zip(
            rows.index.tolist()[:size],
            rows["image"],
            rows["frame"],
            rows["tumor_probability"],
            thresholds[rows.index],
            rows["fold"].fillna(""),
            strict=False,
        )
    )
