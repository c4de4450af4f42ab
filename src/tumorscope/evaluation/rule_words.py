"""Calibration, threshold, sets and referral of a card, each in a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from tumorscope.domain.calibration import (
    LABELS,
    ConformalLevel,
    ConformalSets,
    Decisions,
    LogitCalibration,
    ReferralRule,
)
from tumorscope.domain.card import BundleCard, OperatingThreshold

NO_LEVEL = (
    "sets of possible labels cannot be promised at any level: the tuning part lacks "
    "slices of one label"
)


def unit_of(card: BundleCard) -> str:
    """Return what the card's counts of patients count."""
    is_patient = card.data.grouping == "patient"
    return "patients" if is_patient else "near-duplicate groups"


def describe_threshold(threshold: OperatingThreshold, unit: str) -> str:
    """Return value, target and n of the operating threshold."""
    target = threshold.target
    kind = "tumor-free" if target.rate == "specificity" else "tumor"
    words = (
        f"threshold_probability {threshold.threshold_probability:.3f}, fixed for "
        f"{target} on {threshold.tune_slices} {kind} tuning slices of "
        f"{threshold.tune_patients} {unit}"
    )
    if threshold.carry_over_confidence > 0.5:
        words += f", with a margin of {threshold.carry_over_confidence:g} confidence"
    if threshold.left_out_rate is not None:
        words += (
            f"; {threshold.left_out_rate:.2f} is reached when each of them is judged by "
            "a threshold fixed on the others"
        )
    return words


def describe_calibration(calibration: LogitCalibration, unit: str) -> str:
    """Return method, fitted numbers and n of the calibration."""
    if calibration.method == "none":
        return "tumor_probability is that of the raw logit: no calibration was fitted"
    fitted = f"temperature {1 / calibration.slope:.2f}"
    if calibration.method == "platt":
        fitted = f"slope {calibration.slope:.2f}, intercept {calibration.intercept:.2f}"
    words = (
        f"tumor_probability is calibrated ({fitted}) on {calibration.tune_slices} tuning "
        f"slices of {calibration.tune_patients} {unit}"
    )
    raw, left_out = calibration.log_loss_raw, calibration.log_loss_left_out
    if raw is None or left_out is None:
        return words
    return f"{words}: log loss {raw:.3f} raw, {left_out:.3f} calibrated by other {unit}"


def describe_sets(conformal: ConformalSets, unit: str) -> str:
    """Return which level the sets of possible labels promise, and which they cannot."""
    deciding = conformal.deciding
    if deciding is None:
        return NO_LEVEL
    counts = " and ".join(
        f"{count} with {label} slices"
        for count, label in zip(conformal.patients, LABELS, strict=True)
    )
    words = (
        f"sets of possible labels hold the true one in at least "
        f"{_percent(deciding.level)} of new {unit}' slices of each label, on average "
        f"over tuning parts like this one ({unit}: {counts})"
    )
    lacking = [one.level for one in conformal.levels if not one.is_promised]
    return "; ".join([words, *(_lacking_words(one, conformal) for one in lacking)])


def describe_referral(referral: ReferralRule) -> str:
    """Return when a slice is referred."""
    grounds = []
    if referral.refer_when in {"either", "set"}:
        grounds.append(
            "its set of possible labels is not exactly the label of the threshold"
        )
    if referral.refer_when in {"either", "confidence"}:
        grounds.append(
            f"its confidence is below {referral.confidence_cut:.3f}, the cut that "
            f"{_percent(referral.target_coverage)} of {referral.tune_slices} tuning "
            "slices reached"
        )
    if not grounds:
        return "no slice is referred"
    return f"a slice is referred if {', or if '.join(grounds)}"


def promise_reason(level: ConformalLevel, conformal: ConformalSets) -> str:
    """Return why a level cannot be promised; empty where it can."""
    return "" if level.is_promised else _lacking_words(level.level, conformal)


def prevalence_note(card: BundleCard) -> str:
    """Return for which share of tumor slices the probabilities hold."""
    share = card.data.prevalence.get("tune")
    if share is None:
        return "the share of tumor slices that tumor_probability holds for is not known"
    return (
        f"tumor_probability holds where about {_percent(share)} of the slices show tumor, "
        "as in the tuning part: where tumors are rarer it is too high, where they are "
        "more frequent too low"
    )


def referral_reasons(
    decisions: Decisions, card: BundleCard, slice_number: int
) -> Iterator[str]:
    """Yield why one slice is referred, as far as the card's rule counts it.

    Args:
        decisions: What `decide` found.
        card: Whose rules were applied.
        slice_number: Which slice, from 0.
    """
    rule, deciding = card.referral, card.conformal.deciding
    if deciding is not None and rule.refer_when in {"either", "set"}:
        level = _percent(deciding.level)
        if decisions.is_ambiguous[slice_number]:
            both = decisions.in_set[slice_number].all()
            which = "both labels stay" if both else "neither label is"
            yield f"{which} possible at {level}"
        if decisions.is_contradicted[slice_number]:
            yield f"the only label possible at {level} is not that of the threshold"
    if (
        rule.refer_when in {"either", "confidence"}
        and decisions.is_unsure[slice_number]
    ):
        yield f"confidence below {rule.confidence_cut:.3f}"


def _lacking_words(level: float, conformal: ConformalSets) -> str:
    needed = round(level / (1 - level))
    least = min(conformal.patients)
    return (
        f"cannot be promised at {_percent(level)}: needs {needed} tuning patients of "
        f"each label, has {least}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
