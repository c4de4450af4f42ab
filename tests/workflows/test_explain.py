"""Tests of `explain`: scored maps, pictures with captions, and honest blanks."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from tumorscope.domain.errors import BundleError, ConfigError
from tumorscope.domain.specs import ExplainSpec
from tumorscope.io.images import read_image
from tumorscope.io.slice_tables import read_slice_table
from tumorscope.workflows.evaluate import refresh_report
from tumorscope.workflows.explain import explain
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")
TRIVIAL = ["asymmetry", "brightness", "center"]
QUICK = {"tumor_free_slices": 0, "check_slices": 0, "deletion_slices": 0}


@pytest.fixture(scope="module")
def explained(tmp_path_factory, evaluated):
    """Return the folder of a run that was explained, and what was found."""
    folder = tmp_path_factory.mktemp("explained") / "run"
    shutil.copytree(evaluated, folder, copy_function=os.link)
    return folder, explain(folder)


def test_every_method_stands_beside_the_trivial_maps(explained):
    """A map of the model is worth what it adds to the brightest spot."""
    folder, found = explained
    content = json.loads((folder / "explanations" / "localization.json").read_text())

    methods = [entry["method"] for entry in content["methods"]]
    assert methods[:2] == ["cam", "occlusion"]
    assert sorted(methods[2:]) == TRIVIAL
    assert [score.method for score in found.scores] == methods
    assert "Not a medical device" in content["notice"]


def test_every_tumor_slice_with_a_mask_is_scored(explained):
    """Not only those that the model found."""
    folder, found = explained
    run = open_run(folder)

    tumors = int(run.manifest.labels[run.split.rows("test")].sum())
    assert {score.n_slices for score in found.scores} == {tumors}
    for score in found.scores:
        assert 0 <= score.pointing.value <= 1
        assert score.dice.low <= score.dice.value <= score.dice.high


def test_pictures_have_captions_that_claim_no_more_than_they_show(explained):
    """A map is no segmentation, and the caption says so beside score and reference."""
    folder, found = explained
    content = json.loads((folder / "explanations" / "localization.json").read_text())

    captions = content["overlays"]
    assert [path.name for path in found.overlays] == list(captions)
    assert len(captions) == 3
    for name, caption in captions.items():
        assert read_image(folder / "explanations" / name).ndim == 3
        assert "tumor_probability 0." in caption
        assert "reference standard" in caption
        assert "not where the tumor is" in caption


def test_the_report_gets_maps_and_pictures(explained):
    """One page tells figures and explanations."""
    folder, _ = explained

    page = refresh_report(folder).read_text()

    assert "no explanations were made" not in page
    assert "occlusion" in page
    assert "not where the tumor is" in page


def test_the_table_for_the_terminal_has_n_and_the_notice(explained):
    """What is printed can be quoted."""
    _, found = explained

    text = found.as_text()

    assert "tumor slices of" in text
    assert "re-initialized weights" in text
    assert "Not a medical device" in text
    assert all(score.method in text for score in found.scores)


def test_other_settings_are_used_and_recorded(trained, own):
    """One method, without pictures."""
    run = own(trained)

    found = explain(run, spec=ExplainSpec(methods=("cam",), overlays=0, **QUICK))

    record = open_run(run).record
    assert found.overlays == ()
    assert found.scores[0].method == "cam"
    assert record.spec.explain.methods == ("cam",)
    assert record.stages[-1].stage == "explain"


def test_explaining_again_replaces_the_pictures(trained, own):
    """No picture of an earlier run is left between the new ones."""
    run = own(trained)
    (run / "explanations").mkdir()
    (run / "explanations" / "old.png").touch()

    explain(run, spec=ExplainSpec(methods=("cam",), overlays=1, **QUICK))

    names = sorted(path.name for path in (run / "explanations").iterdir())
    assert names == ["001.png", "localization.json", "quality.json", "scores.parquet"]


def test_verdicts_stand_beside_the_scores_in_report_and_captions(explained):
    """A map that failed the check, or was not checked, carries that along."""
    folder, found = explained
    content = json.loads((folder / "explanations" / "localization.json").read_text())

    verdicts = {each["method"]: each["verdict"] for each in content["methods"]}
    assert set(verdicts.values()) <= {
        "passed",
        "failed",
        "cannot be assessed",
        "no model",
    }
    for method in found.quality.untrusted:
        assert verdicts[method] == "failed"
        assert all(
            method in text.split("is.")[1] for text in content["overlays"].values()
        )
    page = refresh_report(folder).read_text()
    assert "Can the maps be trusted?" in page
    assert ("(not to be trusted" in page) == (
        {"failed", "cannot be assessed"} & set(verdicts.values()) != set()
    )


def test_slices_can_be_joined_with_their_scores(explained):
    """Each tumor slice has hit and Dice for each method; tumor-free ones have none."""
    folder, found = explained
    columns = ["image", "frame", "label", "method", "hit", "dice"]

    table = read_slice_table(folder / "explanations" / "scores.parquet", columns)

    assert not table.duplicated(["image", "frame", "method"]).any()
    assert set(table["method"]) == {score.method for score in found.scores}
    tumor = table["label"] == 1
    assert table.loc[tumor, ["hit", "dice"]].notna().all(axis=None)
    assert table.loc[~tumor, ["hit", "dice"]].isna().all(axis=None)
    cam = table[tumor & (table["method"] == "cam")]
    assert cam["dice"].mean() == pytest.approx(found.scores[0].dice.value)


def test_a_stopped_explanation_leaves_the_earlier_one(explained, own):
    """What is there stays whole until the new one is complete."""
    run = own(explained[0])
    before = (run / "explanations" / "quality.json").read_bytes()

    def stop(items, *, total, label):
        if label.startswith("small noise"):
            raise KeyboardInterrupt
        yield from items

    with pytest.raises(KeyboardInterrupt):
        explain(run, progress=stop)

    assert (run / "explanations" / "quality.json").read_bytes() == before
    assert not list(run.glob(".explanations*"))


@pytest.mark.slow
def test_without_masks_localization_cannot_be_assessed(without_patients, own):
    """The reason stands where the figures would be; pictures are drawn all the same."""
    run = own(without_patients)

    found = explain(run)

    content = json.loads((run / "explanations" / "localization.json").read_text())
    assert found.scores == ()
    assert content["reason"] == "no lesion masks in this cohort"
    assert found.as_text().startswith(
        "localization cannot be assessed: no lesion masks"
    )
    assert len(found.overlays) == 3


def test_without_a_model_nothing_is_explained(prepared, own, tmp_path):
    """A failure leaves neither pictures nor a record."""
    run = own(prepared)

    with pytest.raises(BundleError, match="not a bundle"):
        explain(run)
    with pytest.raises(ConfigError, match="not a run folder"):
        explain(tmp_path)

    assert not (run / "explanations").exists()
    assert [stage.stage for stage in open_run(run).record.stages] == ["prepare"]
