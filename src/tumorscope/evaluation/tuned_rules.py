"""All that is fixed on the tuning part, in one step."""

from __future__ import annotations

from dataclasses import dataclass

from tumorscope.domain.calibration import (
    ConformalSets,
    LogitCalibration,
    OperatingTarget,
    ReferralRule,
)
from tumorscope.domain.card import OperatingThreshold
from tumorscope.domain.specs import CalibrateSpec
from tumorscope.evaluation.conformal import fix_conformal_sets
from tumorscope.evaluation.referral import fix_referral
from tumorscope.evaluation.temperature import fit_calibration
from tumorscope.evaluation.thresholds import fix_threshold
from tumorscope.evaluation.tuning_scores import TuningScores


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedRules:
    """What a bundle's card holds beside its weights.

    Attributes:
        calibration: From logit to tumor_probability.
        threshold: The operating threshold on tumor_probability.
        conformal: Sets of possible labels.
        referral: When a slice is referred.
    """

    calibration: LogitCalibration
    threshold: OperatingThreshold
    conformal: ConformalSets
    referral: ReferralRule


def fix_rules(
    tuning: TuningScores, spec: CalibrateSpec, target: OperatingTarget
) -> TunedRules:
    """Calibrate the tuning part, then fix threshold, sets and referral on its result.

    Calibration keeps the order of the slices, so that it may use the same slices as the
    rules after it: none of them changes with the fitted line.

    Args:
        tuning: The scored tuning part.
        spec: Method, levels and wanted coverage.
        target: Sensitivity or specificity of the operating point.

    Returns:
        The four rules.

    Raises:
        DataError: If the class that the target counts is missing from the tuning part.
    """
    calibration = fit_calibration(tuning, spec.method)
    return TunedRules(
        calibration=calibration,
        threshold=fix_threshold(
            tuning,
            calibration,
            target,
            carry_over_confidence=spec.carry_over_confidence,
            seed=spec.seed,
        ),
        conformal=fix_conformal_sets(tuning, calibration, levels=spec.conformal_levels),
        referral=fix_referral(
            tuning,
            calibration,
            target_coverage=spec.target_coverage,
            refer_when=spec.refer_when,
        ),
    )
