"""Tests of `predict`: the same score as in testing, and a reason for each refusal."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.calibration import (
    ConformalLevel,
    ConformalSets,
    LogitCalibration,
    ReferralRule,
)
from tumorscope.domain.errors import BundleError, DataError
from tumorscope.io.bundle import read_card, update_card
from tumorscope.io.images import write_png
from tumorscope.workflows.predict import predict

pytestmark = pytest.mark.xdist_group("trained-run")


@pytest.fixture
def scans(cohort, tmp_path):
    """Return a folder with a whole, a truncated and a blank picture."""
    folder = tmp_path / "scans"
    folder.mkdir()
    whole = cohort / "P0001" / "P0001_3.png"
    shutil.copy(whole, folder / "1 whole.png")
    (folder / "2 truncated.png").write_bytes(whole.read_bytes()[:500])
    write_png(folder / "3 blank.png", np.zeros((64, 64, 3), np.uint8))
    return folder


def test_a_file_scores_as_it_did_in_testing(evaluated, cohort):
    """Serving cannot drift from the evaluation: same file, same probability."""
    table = pd.read_parquet(evaluated / "predictions.parquet")
    table = table[table["part"] == "test"]
    files = [cohort / image for image in table["image"]]

    found = predict(evaluated / "bundle", files)

    assert [entry.tumor_probability for entry in found.slices] == pytest.approx(
        table["tumor_probability"].tolist(), abs=1e-5
    )
    assert all(
        entry.above_threshold == (entry.tumor_probability > entry.threshold_probability)
        for entry in found.slices
    )


def test_a_bad_file_does_not_stop_the_others(trained, scans):
    """What cannot be scored is listed with its reason, in its place."""
    found = predict(trained, [scans])

    whole, truncated, blank = found.slices
    assert 0 <= whole.tumor_probability <= 1
    assert whole.refused == ""
    for refused, reason in ((truncated, "truncated"), (blank, "constant")):
        assert reason in refused.refused
        assert refused.tumor_probability is None
        assert refused.above_threshold is None
    assert not found.all_refused


def test_the_table_has_a_line_for_each_file(trained, scans):
    """The table tells scores, decisions, refusals, all rules and the notice."""
    found = predict(trained, [scans])

    head, whole, truncated, blank, name, *notes, tail = found.as_table().splitlines()
    threshold = read_card(trained / "bundle").threshold.threshold_probability
    assert head.split() == [
        "image",
        "tumor_probability",
        "decision",
        "set",
        "and",
        "reasons",
    ]
    assert found.slices[0].decision in whole
    assert "refused: 2 truncated.png" in truncated
    assert "refused: 3 blank.png" in blank
    assert name == "bundle run:"
    assert f"threshold_probability {threshold:.3f}" in notes[0]
    assert "tumor_probability holds where about" in notes[-1]
    assert "Not a medical device" in tail


def with_rules(run, **changes):
    """Exchange rules on the card of a run's bundle."""
    card = read_card(run / "bundle")
    update_card(run / "bundle", card.model_copy(update=changes))


def cuts(no_tumor, tumor):
    level = ConformalLevel(level=0.9, largest_score=(no_tumor, tumor))
    lacking = ConformalLevel(level=0.95, largest_score=(None, None))
    return ConformalSets(
        patients=(9, 9), slices=(9, 9), levels=(level, lacking), deciding=level
    )


def test_an_ambiguous_slice_is_referred_with_its_reason(trained, own, scans):
    """Both labels stay possible: no decision, and the table and JSON say why."""
    run = own(trained)
    with_rules(
        run,
        conformal=cuts(1.0, 1.0),
        referral=ReferralRule(refer_when="either", confidence_cut=1.0),
    )

    found = predict(run, [scans])

    whole, truncated, _ = found.slices
    assert whole.decision == "refer"
    assert whole.reasons == (
        "both labels stay possible at 90 %",
        "confidence below 1.000",
    )
    assert whole.deciding_labels == ("no_tumor", "tumor")
    assert "{no_tumor, tumor}; both labels stay possible at 90 %" in found.as_table()
    assert found.as_dict()["slices"][0]["decision"] == "refer"
    assert truncated.decision is None
    assert truncated.label_sets == ()


def test_a_level_that_cannot_be_promised_has_no_set(trained, own, scans):
    """Too few tuning patients: a reason stands in place of labels."""
    run = own(trained)
    with_rules(run, conformal=cuts(0.5, 0.5))

    promised, lacking = predict(run, [scans]).slices[0].label_sets

    assert (promised.level, promised.reason) == (0.9, "")
    assert lacking.labels is None
    assert "needs 19 tuning patients" in lacking.reason


def test_a_clear_slice_is_decided_by_the_threshold(trained, own, scans):
    """Nothing is referred without a reason."""
    run = own(trained)
    with_rules(run, referral=ReferralRule())

    whole = predict(run, [scans]).slices[0]

    assert whole.decision == (
        "above threshold" if whole.above_threshold else "not above"
    )
    assert whole.reasons == ()


def test_probabilities_are_calibrated_by_the_card(trained, own, scans):
    """Another slope on the card gives another probability of the same slice."""
    run = own(trained)
    scores = []
    for slope in (0.5, 2.0):
        with_rules(run, calibration=LogitCalibration(method="temperature", slope=slope))
        scores.append(predict(run, [scans]).slices[0].tumor_probability)

    logits = [np.log(one / (1 - one)) for one in scores]
    assert logits[1] == pytest.approx(4 * logits[0], rel=1e-6)


def test_the_json_is_complete_and_valid(trained, scans):
    """A program reads all that the table says."""
    content = predict(trained, [scans]).as_dict()

    again = json.loads(json.dumps(content, allow_nan=False))
    assert again["bundle"] == "run"
    assert "Not a medical device" in again["notice"]
    assert [bool(entry["refused"]) for entry in again["slices"]] == [False, True, True]


def test_a_lesion_mask_is_no_scan(trained, cohort):
    """A folder of a cohort can be named whole: masks are refused by name."""
    found = predict(trained, [cohort / "P0001"])

    masks = [entry for entry in found.slices if "_mask" in entry.image]
    assert len(found.slices) == 12
    assert len(masks) == 6
    assert all("lesion mask of P0001_" in entry.refused for entry in masks)
    assert all(
        entry.refused == "" for entry in found.slices if "_mask" not in entry.image
    )


def test_nothing_usable_is_told_apart(trained, scans):
    """The caller can turn it into an exit status."""
    found = predict(trained, [scans / "3 blank.png"])

    assert found.all_refused


def test_paths_without_images_are_errors(trained, tmp_path):
    """A typing error in a path is not an empty success."""
    with pytest.raises(DataError, match="no such file or folder"):
        predict(trained, [tmp_path / "absent.png"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no PNG, JPEG or TIFF"):
        predict(trained, [tmp_path / "empty"])


def test_a_damaged_bundle_is_refused(trained, own, scans):
    """One changed byte of the weights, or a folder that is no bundle, is an error."""
    run = own(trained)
    weights = run / "bundle" / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.unlink()
    weights.write_bytes(bytes(content))

    with pytest.raises(BundleError, match="damaged or exchanged"):
        predict(run, [scans])
    with pytest.raises(BundleError, match="not a bundle"):
        predict(scans, [scans])
