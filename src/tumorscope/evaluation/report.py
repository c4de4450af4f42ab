"""The evaluation of a model: what report.html draws and report.json holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.domain.split import GROUPING_WORDS, Grouping
from tumorscope.estimation.bootstrap import MetricSet
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.calibration_error import (
    CalibrationError,
    measure_calibration,
)
from tumorscope.evaluation.comparison import BaselineResult
from tumorscope.evaluation.curves import (
    PrecisionRecallCurve,
    ReliabilityBins,
    RocCurve,
    bin_reliability,
    trace_curves,
)
from tumorscope.evaluation.evaluated import PART_WORDS, evaluated_rows
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

REPORT_VERSION = 1


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
        calibration: Expected calibration error and its null.
        by_fold: One for each fold; empty with a single fold.
        by_site: One for each site; empty where no site is known.
        by_site_reason: Why there is no table of sites; empty where there is one.
        roc: Pooled ROC curve, or None with a single class.
        precision_recall: Pooled precision-recall curve, or None with a single class.
        reliability: Equal-width bins first, quantile bins second.
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
    calibration: CalibrationError
    by_fold: tuple[Subgroup, ...]
    by_site: tuple[Subgroup, ...]
    by_site_reason: str
    roc: RocCurve | None
    precision_recall: PrecisionRecallCurve | None
    reliability: tuple[ReliabilityBins, ...]
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
    predictions: Predictions, spec: EvaluateSpec, *, grouping: Grouping
) -> EvaluationReport:
    """Judge the scores of the test part, or of a set that the model never saw.

    Slices of all folds are pooled; at the tuned operating point each is compared with
    the threshold of its own fold.

    Args:
        predictions: Rows of part "test" or of part "external"; others are not read.
        spec: Draws, level, target specificity, gallery size and seed.
        grouping: What `group` holds: patients, or near-duplicate groups.

    Returns:
        The report, without baselines.

    Raises:
        DataError: If both parts or neither are present, or a row of the part has no
            label or group or repeats a slice.
    """
    table = evaluated_rows(predictions)
    draws = draw_patients(table["group"], table["site"], spec, grouping=grouping)
    labels = table["label"].to_numpy(dtype=np.int64)
    scores = table["tumor_probability"].to_numpy(dtype=np.float64)
    curves = trace_curves(labels, scores)
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
        at_tuned=measure_tuned(table, draws, spec),
        calibration=measure_calibration(table, draws, spec),
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
        worst_false_positives=_worst(table, spec.gallery_size, label=0),
        worst_false_negatives=_worst(table, spec.gallery_size, label=1),
    )


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
