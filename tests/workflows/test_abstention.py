"""Tests of referrals in the report: the figures of the run's own cards."""

from __future__ import annotations

import json

import pytest

from tumorscope.domain.card import OperatingThreshold
from tumorscope.domain.errors import ConfigError
from tumorscope.io.bundle import read_card, update_card
from tumorscope.workflows.evaluate import evaluate_run
from tumorscope.workflows.external_testing import evaluate_external

pytestmark = pytest.mark.xdist_group("trained-run")


def for_sensitivity(run):
    """Make a trained run one whose threshold was fixed for a sensitivity of 0.9."""
    card = read_card(run / "bundle")
    threshold = OperatingThreshold(
        threshold_probability=0.3,
        target_sensitivity=0.9,
        tune_slices=3,
        tune_patients=2,
    )
    update_card(run / "bundle", card.model_copy(update={"threshold": threshold}))
    record = json.loads((run / "run.json").read_text())
    record["spec"]["calibrate"]["target_sensitivity"] = 0.9
    (run / "run.json").unlink()
    (run / "run.json").write_text(json.dumps(record))


def test_report_and_page_tell_what_referrals_do(evaluated):
    """JSON and page hold referral rate, AURC and the sets, each with its n."""
    content = json.loads((evaluated / "report.json").read_text())["abstention"]
    page = (evaluated / "report.html").read_text()

    assert content["referrals"]["referral_rate"]["n_slices"] == 24
    assert content["selective"]["metrics"]["aurc"]["n_patients"] == 4
    assert [one["is_deciding"] for one in content["sets"]].count(True) == 1
    assert content["sets_across_folds"] == []
    assert "Referral and confidence" in page
    assert "cannot be promised at 95 %" in page


def test_a_threshold_for_a_sensitivity_is_told_as_such(trained, own):
    """Neither settings nor page speak of a specificity that nobody asked for."""
    run = own(trained)
    for_sensitivity(run)

    written = evaluate_run(run)

    assert "a sensitivity of 0.9" in written.html.read_text()
    with pytest.raises(ConfigError, match="exclude each other"):
        evaluate_run(run, assignments=["evaluate.target_specificity=0.8"])


def test_external_testing_keeps_the_bundles_target(trained, own, cohort, tmp_path):
    """A sensitivity target is carried along, and another target is refused."""
    run = own(trained)
    for_sensitivity(run)

    with pytest.raises(ConfigError, match="exclude each other"):
        evaluate_external(
            run,
            cohort,
            out=tmp_path / "out",
            assignments=["evaluate.target_specificity=0.8"],
        )
