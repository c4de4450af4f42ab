"""The confidence below which a slice is referred, fixed on the tuning part."""

from __future__ import annotations

import math

import numpy as np

from tumorscope.domain.calibration import (
    LogitCalibration,
    ReferralRule,
    ReferWhen,
    calibrate,
    confidence,
)
from tumorscope.evaluation.tuning_scores import TuningScores


def fix_referral(
    tuning: TuningScores,
    calibration: LogitCalibration,
    *,
    target_coverage: float,
    refer_when: ReferWhen,
) -> ReferralRule:
    """Fix the cut so that the wanted share of the tuning slices is decided by it.

    Args:
        tuning: The scored tuning part.
        calibration: From logit to tumor_probability.
        target_coverage: Share of the slices, in (0, 1], whose confidence max(p, 1 - p)
            shall reach the cut. Conformal sets may refer further ones.
        refer_when: Which findings lead to a referral.

    Returns:
        The rule. The cut lies halfway between the last confidence that is decided and
        the next lower one, so that it does not hang on a single slice's own score.
    """
    values = np.sort(confidence(calibrate(tuning.logit, calibration)))[::-1]
    decided = math.ceil(target_coverage * len(values) - 1e-9)
    last = values[decided - 1]
    below = values[values < last]
    cut = (last + below[0]) / 2 if below.size else 0.0
    return ReferralRule(
        refer_when=refer_when,
        confidence_cut=float(cut),
        target_coverage=target_coverage,
        tune_slices=len(values),
        tune_patients=tuning.n_patients,
    )
