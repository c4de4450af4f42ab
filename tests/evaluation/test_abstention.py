"""What referrals cost and save on tested slices."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.calibration import (
    ConformalLevel,
    ConformalSets,
    ReferralRule,
)
from tumorscope.domain.card import OperatingThreshold
from tumorscope.domain.errors import DataError
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.abstention import decide_rows, measure_abstention

SPEC = EvaluateSpec(bootstrap_draws=100)
LEVEL = ConformalLevel(level=0.9, largest_score=(0.6, 0.6))
RULES = {
    "conformal": ConformalSets(
        patients=(9, 9), slices=(9, 9), levels=(LEVEL,), deciding=LEVEL
    ),
    "referral": ReferralRule(refer_when="either", confidence_cut=0.55),
}


def _threshold(value):
    return OperatingThreshold(
        threshold_probability=value,
        target_specificity=0.95,
        tune_slices=20,
        tune_patients=4,
    )


def _predictions(simulate, probability, label, fold="holdout"):
    base = simulate(patients=len(label), slices=1, folds=1).table
    return Predictions(
        table=base.assign(tumor_probability=probability, label=label, fold=fold)
    )


def _measure(predictions, cards):
    return measure_abstention(predictions, cards, SPEC, grouping="patient")


def test_referrals_are_counted_by_hand(simulate, make_card):
    """Of eight slices three are referred, among them one of three wrong ones."""
    predictions = _predictions(
        simulate,
        [0.1, 0.1, 0.45, 0.9, 0.9, 0.55, 0.2, 0.5],
        [0, 0, 0, 0, 1, 1, 1, 0],
    )
    card = make_card(threshold=_threshold(0.6), **RULES)

    found = _measure(predictions, {"holdout": card}).referrals

    # Wrong at 0.6: 0.9 of a tumor-free slice, 0.55 and 0.2 of tumor slices.
    # Referred: 0.45, 0.55 and 0.5, whose sets hold both labels.
    assert found["referral_rate"].value == pytest.approx(3 / 8)
    assert found["referral_rate_no_tumor"].value == pytest.approx(2 / 5)
    assert found["referral_rate_tumor"].value == pytest.approx(1 / 3)
    assert found["error"].value == pytest.approx(3 / 8)
    assert found["error_decided"].value == pytest.approx(2 / 5)
    assert found["wrong_referred"].value == pytest.approx(1 / 3)
    assert found["sensitivity_decided"].value == pytest.approx(1 / 2)
    assert found["specificity_decided"].value == pytest.approx(2 / 3)
    assert found["missed"].value == pytest.approx(1 / 3)
    assert found["ambiguous"].value == pytest.approx(3 / 8)
    assert found["unsure"].value == pytest.approx(1 / 8)  # 0.5 alone
    assert found["referral_rate"].n_patients == 8


def test_each_row_is_decided_by_the_card_of_its_fold(simulate, make_card):
    """Rows of several folds come back in their own order."""
    predictions = _predictions(
        simulate,
        [0.5, 0.5, 0.9, 0.5],
        [0, 0, 1, 1],
        fold=["low", "high", "high", "low"],
    )
    cards = {
        "low": make_card(fold="low", threshold=_threshold(0.4)),
        "high": make_card(fold="high", threshold=_threshold(0.6)),
    }

    found = decide_rows(predictions.table, cards)

    assert found.is_above.tolist() == [True, False, True, True]
    assert not found.is_referred.any()


def test_a_card_from_before_the_rules_refers_nothing(simulate, make_card):
    """An upgraded card decides all, and its sets cannot be assessed."""
    found = _measure(simulate(folds=1, fold="holdout"), {"holdout": make_card()})

    assert found.referrals["referral_rate"].value == 0
    assert found.sets == ()
    assert found.sets_across_folds == ()


def test_sites_and_folds_have_their_figures(simulate, make_card):
    """Referrals by site, own sets of each fold, and sets across folds."""
    predictions = simulate(patients=24)
    cards = {fold: make_card(fold=fold, **RULES) for fold in ("fold-0", "fold-1")}

    found = _measure(predictions, cards)

    assert [site for site, _ in found.by_site] == ["site-0", "site-1"]
    assert [one.level for one in found.sets] == [0.9]
    assert [one.level for one in found.sets_across_folds] == [0.9]
    assert found.selective.metrics["aurc"].n_patients == 24


def test_the_report_is_valid_json(simulate, make_card):
    """Every figure keeps its name, interval and n."""
    found = _measure(simulate(folds=1, fold="holdout"), {"holdout": make_card(**RULES)})

    content = json.loads(json.dumps(to_json_value(found), allow_nan=False))

    assert content["referrals"]["referral_rate"]["n_patients"] == 12
    assert content["sets"][0]["level"] == 0.9
    assert len(content["selective"]["coverage"]) > 10


def test_one_class_leaves_the_other_out(simulate, make_card):
    """A set without tumor slices has no sensitivity, and says why."""
    predictions = _predictions(simulate, [0.1, 0.2, 0.3], [0, 0, 0])

    found = _measure(predictions, {"holdout": make_card(**RULES)}).referrals

    assert found["missed"].reason == "no tumor slice"
    assert found["referral_rate_no_tumor"].value == 0


def test_nothing_to_judge_is_an_error(simulate, make_card):
    """Tuning slices alone are no test."""
    table = simulate(folds=1).table.assign(part="tune")

    with pytest.raises(DataError, match="exactly one of the parts"):
        _measure(Predictions(table=pd.DataFrame(table)), {"fold-0": make_card()})


def test_referring_the_unsure_lowers_the_error(simulate, make_card):
    """On scores whose confidence means something, decided slices err less."""
    found = _measure(
        simulate(patients=40, folds=1, fold="holdout"),
        {
            "holdout": make_card(
                threshold=_threshold(0.5),
                referral=ReferralRule(refer_when="confidence", confidence_cut=0.75),
            )
        },
    ).referrals

    assert 0 < found["referral_rate"].value < 1
    assert found["error_decided"].value < found["error"].value
    assert np.isfinite(found["error_decided"].low)
