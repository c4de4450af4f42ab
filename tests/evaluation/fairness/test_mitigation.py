"""The rule by which a mitigation is accepted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.domain.manifest_columns import COLUMNS
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.fairness.mitigation import judge_mitigation
from tumorscope.evaluation.fairness.mitigation_section import mitigation_section

SPEC = FairnessSpec(groups=("sex",), permutations=1000)


def _scores(simulate, shift):
    """Return scores whose tumor slices are moved by `shift` (logits) for each sex."""
    predictions = simulate(patients=24, slices=9, folds=1)
    table = predictions.table
    number = table["group"].str[-3:].astype(int)
    logit = table["logit"] + np.where(number % 2, shift[1], shift[0]) * table["label"]
    logit = logit.astype(float)
    return Predictions(
        table=table.assign(logit=logit, tumor_probability=1 / (1 + np.exp(-logit)))
    )


@pytest.fixture
def judge(simulate):
    """Return a function that judges scores after against scores before a mitigation."""

    def run(before, after, *, spec=SPEC, change=None):
        first, second = _scores(simulate, before), _scores(simulate, after)
        if change is not None:
            second = Predictions(table=change(second.table))
        known = pd.DataFrame({name: [None] * len(first.table) for name in COLUMNS})
        number = first.table["group"].str[-3:].astype(int)
        known["sex"] = np.where(number % 2, "M", "F")
        known["site"] = first.table["site"].to_numpy()
        return judge_mitigation(
            first,
            second,
            known,
            spec,
            evaluate=EvaluateSpec(bootstrap_draws=200),
            grouping="patient",
        )

    return run


def test_a_gain_of_the_worst_group_is_accepted(judge):
    """The men's tumors were missed and now are not; the women lose nothing."""
    verdict = judge((0, -2), (0, 0))

    assert verdict.verdict == "accepted"
    assert verdict.worst_before == "sex: M"
    assert verdict.worst.difference.low > 0
    assert verdict.worst.difference.value >= 0.01
    assert verdict.overall.difference.value > 0
    assert verdict.sentence.startswith(
        "accepted: AUROC of the worst group changes by +"
    )
    assert "24 patients" in verdict.sentence
    assert [one.name for one in verdict.groups] == ["sex: F", "sex: M"]


def test_a_gain_that_costs_the_others_is_rejected(judge):
    """The worst group gains, but all slices together lose more than 0.003."""
    verdict = judge((2, -1.2), (-0.6, -0.6))

    assert verdict.worst.difference.value >= 0.01
    assert verdict.overall.difference.value < -0.003
    assert verdict.verdict == "rejected"


def test_no_change_is_rejected(judge):
    """The same scores gain nothing: the rule asks for 0.01."""
    verdict = judge((0, -1), (0, -1))

    assert verdict.worst.difference.value == 0
    assert verdict.verdict == "rejected"


def test_a_gain_that_chance_could_show_is_undecided(judge):
    """Scores with other noise: the worst group gains, its interval holds zero."""

    def shake(table):
        rng = np.random.default_rng(5)
        logit = (
            table["logit"] + rng.normal(size=len(table)) * 0.6 + 0.35 * table["label"]
        )
        return table.assign(tumor_probability=1 / (1 + np.exp(-logit.astype(float))))

    spec = FairnessSpec(groups=("sex",), smallest_gain=0.0, largest_loss=1.0)
    verdict = judge((0, 0), (0, 0), spec=spec, change=shake)

    assert verdict.worst.difference.low <= 0 <= verdict.worst.difference.value
    assert verdict.verdict == "undecided"
    assert "the interval of the gain holds zero" in verdict.sentence


def test_without_groups_nothing_is_judged(judge):
    """Groups below ten patients are no ground for a verdict."""
    spec = FairnessSpec(groups=("sex",), min_patients_firm=13)

    verdict = judge((0, -2), (0, 0), spec=spec)

    assert verdict.verdict == "cannot be assessed"
    assert "no group has at least 13 patients" in verdict.sentence
    assert verdict.overall.difference.value > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.iloc[9:], "216 and 207 slices, 207 of them the same"),
        (lambda table: table.assign(image="x" + table["image"]), "0 of them the same"),
        (lambda table: table.assign(label=1 - table["label"]), "another label or pat"),
    ],
)
def test_other_slices_are_not_compared(judge, change, message):
    """A model on easier slices would look better without being it."""
    with pytest.raises(DataError, match=message):
        judge((0, 0), (0, 0), change=change)


def test_the_order_of_the_second_scores_does_not_matter(judge):
    """Slices are matched by their names."""
    mixed = judge((0, -2), (0, 0), change=lambda table: table.iloc[::-1])

    assert mixed == judge((0, -2), (0, 0))


@pytest.mark.parametrize(("after", "status"), [((0, 0), "passed"), ((0, -2), "failed")])
def test_the_page_shows_the_verdict_with_its_numbers(judge, after, status):
    """One line for all slices, one for the worst group, one for each group."""
    section = mitigation_section(judge((0, -2), after), against="plain")

    assert section.status == status
    (table,) = section.tables
    assert [row[0] for row in table.rows] == [
        "all slices",
        "worst group",
        "sex: F",
        "sex: M",
    ]
    assert "Before (plain)" in table.columns
