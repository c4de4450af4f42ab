"""The figures of a group, in the set, in draws and under shuffled labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from tumorscope.evaluation.fairness.group_calibration import sum_calibration
from tumorscope.evaluation.fairness.measures import (
    abstained_decision,
    find_cuts,
    make_measures,
)


def _sums(scored):
    rng = np.random.default_rng(0)
    return sum_calibration(scored.labels, scored.scores, scored.draws, rng)


def _measures(scored):
    cuts = find_cuts(scored, coverage=0.9)
    found = make_measures(scored, cuts, _sums(scored))
    return cuts, {one.name: one for one in found}


def _values(scored, members):
    _, measures = _measures(scored)
    inside = np.array(members, dtype=bool)
    return {
        name: float(one.of_group(inside, scored.draws).values[0])
        for name, one in measures.items()
    }


def test_figures_of_a_group_are_those_of_its_slices_alone(simulate, make_scored):
    """AUROC and Brier score agree with scikit-learn on the group's rows."""
    table = simulate(patients=10, slices=9).table
    members = np.arange(10) < 4

    found = _values(make_scored(table), members)

    own = table[table["group"].isin(sorted(table["group"].unique())[:4])]
    labels, scores = own["label"].astype(int), own["tumor_probability"]
    assert found["auroc"] == pytest.approx(roc_auc_score(labels, scores))
    assert found["brier"] == pytest.approx(brier_score_loss(labels, scores))


def test_one_cut_serves_all_groups(hand, make_scored):
    """t95 of the eight tumor-free slices is 0.3: the men's low scores are missed."""
    scored = make_scored(hand)
    cuts, _ = _measures(scored)

    women = _values(scored, [True, True, False, False])
    men = _values(scored, [False, False, True, True])

    assert cuts.ranked.cuts[0] == pytest.approx(0.3)
    assert (women["sensitivity_at_t95"], men["sensitivity_at_t95"]) == (1.0, 0.5)
    assert (women["sensitivity"], men["sensitivity"]) == (1.0, 0.5)
    assert (women["false_positive_rate"], men["false_positive_rate"]) == (0.0, 0.0)


def test_a_bootstrap_draw_repeats_patients_and_shuffled_labels_do_not(
    hand, make_scored
):
    """The same figure answers both questions, each with the right cut."""
    scored = make_scored(hand)
    cuts = find_cuts(scored, coverage=0.9).held_fixed(2)
    measure = make_measures(scored, cuts, _sums(scored))[1]

    groups = np.array([[1.0, 0, 0, 0], [1, 0, 1, 0]])
    found = measure.sample(replace(scored.draws, counts=groups))

    assert measure.name == "sensitivity_at_t95"
    np.testing.assert_allclose(found, [1.0, 0.75])


def test_the_most_confident_slices_are_decided(hand, make_scored):
    """Of ten scores the least confident is left undecided; ties are decided."""
    scored = make_scored(hand)
    scores = np.linspace(0.55, 1.0, 16)

    decision = abstained_decision(scores, scored.draws, coverage=0.9)
    ties = abstained_decision(np.full(16, 0.7), scored.draws, coverage=0.9)

    assert (decision.margins > decision.cuts[0]).sum() == 2  # 16 - floor(14.4)
    assert not (ties.margins > ties.cuts[0]).any()


def test_what_was_not_scored_has_a_reason(hand, make_scored):
    """No map and no rule of referral: said, not shown as zero."""
    _, measures = _measures(make_scored(hand))

    assert np.isnan(measures["localization"].sample(make_scored(hand).draws)[0])
    assert "tumorscope explain" in measures["localization"].reason
    assert "without a rule" in measures["referred"].reason


def test_localization_is_the_mean_over_scored_slices(hand, make_scored):
    """Slices without a score do not count as misses."""
    scores = np.full(16, np.nan)
    scores[[0, 1, 8]] = [0.2, 0.6, 0.5]
    referred = np.arange(16) < 4

    scored = make_scored(hand, localization=scores, referred=referred)

    women = _values(scored, [True, True, False, False])
    men = _values(scored, [False, False, True, True])
    assert women["localization"] == pytest.approx(0.4)
    assert men["localization"] == pytest.approx(0.5)
    assert (women["referred"], men["referred"]) == (0.5, 0.0)


def test_unknown_thresholds_are_a_reason(hand, make_scored):
    """Without a fixed threshold there is no sensitivity at it."""
    scored = make_scored(hand.assign(threshold_probability=np.nan))

    found = _values(scored, [True] * 4)

    assert np.isnan(found["sensitivity"])
    assert found["sensitivity_at_t95"] == pytest.approx(0.75)


def test_point_estimates_agree_with_fairlearn(simulate, make_scored, by_patient):
    """An independent implementation of group figures gives the same numbers."""
    fairlearn = pytest.importorskip("fairlearn.metrics", reason="an optional check")
    table = simulate(patients=12, slices=10).table
    sexes = np.array(by_patient(table, ["F", "M", "M"]))
    above = (table["tumor_probability"] > table["threshold_probability"]).to_numpy()
    frame = fairlearn.MetricFrame(
        metrics={
            "sensitivity": fairlearn.true_positive_rate,
            "false_positive_rate": fairlearn.false_positive_rate,
        },
        y_true=table["label"].astype(int).to_numpy(),
        y_pred=above.astype(int),
        sensitive_features=pd.Series(sexes, name="sex"),
    )

    women = _values(make_scored(table), np.arange(12) % 3 == 0)

    for name in ("sensitivity", "false_positive_rate"):
        assert women[name] == pytest.approx(frame.by_group.loc["F", name])
