"""Tests of `predict`: the same score as in testing, and a reason for each refusal."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import BundleError, DataError
from tumorscope.io.bundle import read_card
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
    """The table tells scores, refusals, threshold and the notice."""
    found = predict(trained, [scans])

    head, whole, truncated, blank, tail = found.as_table().splitlines()
    threshold = read_card(trained / "bundle").threshold.threshold_probability
    assert head.split() == ["image", "tumor_probability", "above_threshold"]
    assert whole.split()[-1] in {"yes", "no"}
    assert "refused: 2 truncated.png" in truncated
    assert "refused: 3 blank.png" in blank
    assert f"threshold_probability {threshold:.3f}" in tail
    assert "Not a medical device" in tail


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
