"""Tests of `evaluate`: figures that can be computed again, and refusal of seen data."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    precision_score,
    recall_score,
    roc_auc_score,
)

from tumorscope.domain.errors import BundleError, ConfigError, DataError, LeakageError
from tumorscope.io.artifacts import read_manifest, write_manifest
from tumorscope.io.bundle import read_card
from tumorscope.io.images import read_mask
from tumorscope.phantom import PhantomSpec
from tumorscope.workflows.evaluate import evaluate_run, refresh_report
from tumorscope.workflows.external_testing import evaluate_external
from tumorscope.workflows.phantom import make_phantom
from tumorscope.workflows.prepare import prepare
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")
FAST = ["evaluate.bootstrap_draws=100"]


@pytest.fixture(scope="module")
def tables(evaluated):
    """Return the tuning and the test rows of predictions.parquet."""
    table = pd.read_parquet(evaluated / "predictions.parquet")
    return table[table["part"] == "tune"], table[table["part"] == "test"]


@pytest.fixture(scope="module")
def report(evaluated):
    """Return the content of report.json."""
    return json.loads((evaluated / "report.json").read_text())


@pytest.fixture(scope="module")
def other_cohort(tmp_path_factory):
    """Return a phantom cohort of other heads under ids of its own."""
    spec = PhantomSpec(patients=6, slices_per_patient=4, size_px=64, seed=9)
    return make_phantom(tmp_path_factory.mktemp("other") / "ph", spec, workers=1)


@pytest.fixture(scope="module")
def other_run(tmp_path_factory, other_cohort, spec):
    """Return a run prepared from the other cohort."""
    return prepare(other_cohort, tmp_path_factory.mktemp("other") / "else", spec).folder


def test_lesion_sizes_of_a_run_come_from_its_masks(tables, evaluated, report):
    """Every tested tumor slice of the phantom is in the stratum of its own mask."""
    _, test = tables
    manifest = read_manifest(evaluated / "manifest.parquet")
    tumor = set(test.loc[test["label"] == 1, "image"])
    areas = [
        read_mask(manifest.mask_path(row)).mean() * 256**2
        for row, image in enumerate(manifest.table["image"])
        if image in tumor
    ]

    counts = pd.cut(areas, [0, 200, 735, 1529, 2765, np.inf]).value_counts()
    strata = report["by_lesion_size"]["strata"]
    assert [each["n_slices"] for each in strata] == counts.tolist()
    assert sum(counts) == len(tumor)
    assert report["by_lesion_size"]["n_unknown"] == 0


def test_the_figures_are_those_of_scikit_learn(tables, report):
    """Anyone can compute the report again from predictions.parquet."""
    _, test = tables
    label, score = test["label"].to_numpy(dtype=int), test["tumor_probability"]
    half, tuned = score > 0.5, score > test["threshold_probability"]

    ranking = {name: one["value"] for name, one in report["ranking"].items()}
    assert ranking["auroc"] == pytest.approx(roc_auc_score(label, score))
    assert ranking["average_precision"] == pytest.approx(
        average_precision_score(label, score)
    )
    assert ranking["brier"] == pytest.approx(brier_score_loss(label, score))
    for point, positive in (("at_half", half), ("at_tuned", tuned)):
        found = report[point]["metrics"]
        tn, fp, _, _ = confusion_matrix(label, positive).ravel()
        assert found["accuracy"]["value"] == pytest.approx(
            accuracy_score(label, positive)
        )
        assert found["recall"]["value"] == pytest.approx(recall_score(label, positive))
        assert found["specificity"]["value"] == pytest.approx(tn / (tn + fp))
        if positive.any():
            assert found["precision"]["value"] == pytest.approx(
                precision_score(label, positive)
            )


def test_every_figure_has_interval_and_n(report):
    """No number stands alone; a missing one has its reason."""
    figures = [
        *report["ranking"].values(),
        *report["at_half"]["metrics"].values(),
        *report["at_tuned"]["metrics"].values(),
    ]

    assert len(figures) > 15
    for figure in figures:
        assert figure["reason"] or figure["low"] <= figure["value"] <= figure["high"]
        assert figure["n_slices"] >= 0
        assert figure["n_patients"] >= 0


def test_the_threshold_comes_from_the_tuning_part_alone(tables, evaluated):
    """It lies between the last tumor-free tuning slice that may not be above, and the next."""
    tune, test = tables

    free = np.sort(tune.loc[tune["label"] == 0, "tumor_probability"])
    allowed = int(0.05 * len(free))
    (threshold,) = test["threshold_probability"].unique()
    card = read_card(evaluated / "bundle")
    assert threshold == card.threshold.threshold_probability
    assert allowed == 1
    assert free[-2] < threshold < free[-1]


def test_the_test_part_holds_the_test_slices(tables, evaluated):
    """Each test slice is scored once, and no training slice at all."""
    run = open_run(evaluated)
    tune, test = tables

    images = run.manifest.table["image"]
    assert sorted(test["image"]) == sorted(images.iloc[run.split.rows("test")])
    assert sorted(tune["image"]) == sorted(images.iloc[run.split.rows("tune")])


def test_the_page_asks_no_other_host(evaluated):
    """The report is one file: pictures and styles lie inside, nothing is loaded."""
    page = (evaluated / "report.html").read_text()

    assert not re.findall(r"(?:src|href|action|data)\s*=\s*[\"']?(?:https?:)?//", page)
    assert not re.findall(r"url\(\s*[\"']?(?!data:|#)", page)
    assert "<script" not in page
    assert "data:image/png;base64" in page
    assert "Research use only. Not a medical device." in page


def test_the_card_gets_the_measured_figures(evaluated, report):
    """A bundle that is handed on carries its figures with interval and n."""
    measured = read_card(evaluated / "bundle").measured

    assert measured["testing"] == "internal testing"
    assert measured["ranking"] == report["ranking"]
    assert measured["n_patients"] == 4


def test_settings_of_the_evaluation_are_recorded(trained, own):
    """The record tells which level the intervals have."""
    run = own(trained)

    evaluate_run(run, assignments=["evaluate.level=0.9"])

    record = open_run(run).record
    assert record.spec.evaluate.level == 0.9
    assert record.stages[-1].stage == "evaluate"
    assert "auroc" in record.stages[-1].details


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("evaluate.target_specificity=0.8", "never chosen after testing"),
        ("preprocess.size_px=64", "section 'evaluate' only"),
        ("evaluate.levels=0.9", "did you mean level"),
    ],
)
def test_settings_that_cannot_hold_are_refused(trained, own, assignment, message):
    """What was fixed in training is not changed in testing; the record stays."""
    run = own(trained)
    before = (run / "run.json").read_bytes()

    with pytest.raises(ConfigError, match=message):
        evaluate_run(run, assignments=[assignment])

    assert (run / "run.json").read_bytes() == before
    assert not (run / "report.json").exists()


def test_a_run_without_model_is_not_evaluated(prepared, own):
    """The message says what is missing."""
    with pytest.raises(BundleError, match=r"not a bundle \(no card\.json\)"):
        evaluate_run(own(prepared))


def test_a_leaking_split_is_not_evaluated(trained, own, leak):
    """A split edited after training is refused with exit status 3."""
    run = own(trained)
    leak(run)

    with pytest.raises(LeakageError) as caught:
        evaluate_run(run)

    assert caught.value.exit_status == 3


def test_a_model_of_another_split_is_not_evaluated(trained, own, deal_again):
    """A split that is sound in itself may still test on what the model saw."""
    run = own(trained)
    deal_again(run)

    with pytest.raises(LeakageError, match="another split") as caught:
        evaluate_run(run)

    assert caught.value.exit_status == 3


@pytest.mark.slow
def test_simple_methods_stand_beside_the_model(trained, own):
    """On request the report has the trivial answer on the same slices."""
    written = evaluate_run(own(trained), assignments=["evaluate.baselines=true"])

    names = [one.name for one in written.report.baselines]
    assert "position" in names
    assert all(f"  {name}" in written.summary for name in names)
    assert "position" in written.html.read_text()


@pytest.mark.slow
def test_external_testing_judges_a_set_that_the_model_never_saw(
    trained, other_run, tmp_path
):
    """Another cohort is scored at the threshold of the bundle, beside its own report."""
    written = evaluate_external(
        trained / "bundle", other_run, out=tmp_path / "out", assignments=FAST
    )

    table = pd.read_parquet(tmp_path / "out" / "predictions.parquet")
    threshold = read_card(trained / "bundle").threshold.threshold_probability
    assert written.report.testing == "external testing"
    assert written.html == tmp_path / "out" / "report.html"
    assert (written.report.n_slices, written.report.n_patients) == (24, 6)
    assert set(table["part"]) == {"external"}
    assert set(table["threshold_probability"]) == {threshold}
    assert "external testing" in written.html.read_text()
    assert json.loads(written.json.read_text())["n_slices"] == 24


@pytest.mark.slow
def test_external_testing_reads_a_source_as_prepare_does(
    trained, other_cohort, tmp_path
):
    """A set needs no split of its own to be tested on, however few its patients."""
    written = evaluate_external(
        trained, other_cohort, out=tmp_path / "out", assignments=FAST
    )

    assert written.report.n_patients == 6
    assert written.report.testing == "external testing"


def test_external_testing_takes_a_manifest_and_finds_a_place(trained, other_run, own):
    """Without --out the report lies beside the bundle; it is never overwritten."""
    run = own(trained)
    manifest = other_run / "manifest.parquet"

    written = evaluate_external(run, manifest, assignments=FAST)

    assert written.html == run / "external-manifest" / "report.html"
    with pytest.raises(ConfigError, match="never overwritten"):
        evaluate_external(run, manifest, assignments=FAST)


def test_a_patient_of_the_training_is_not_external(trained, cohort, tmp_path):
    """New pictures of a known patient are refused with exit status 3."""
    manifest = read_manifest(open_run(trained).folder / "manifest.parquet")
    table = manifest.table.assign(pixel_digest="0" * 64)
    same_people = type(manifest)(table=table, root=cohort)
    write_manifest(tmp_path / "same.parquet", same_people)

    with pytest.raises(LeakageError, match="slices of patients") as caught:
        evaluate_external(trained, tmp_path / "same.parquet", out=tmp_path / "out")

    assert caught.value.exit_status == 3
    assert "prefix" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_identical_pixels_are_not_external(trained, cohort, tmp_path):
    """A copy under another patient's name is found by its pixels."""
    manifest = read_manifest(trained / "manifest.parquet")
    renamed = "new-" + manifest.table["patient_id"]
    table = manifest.table.assign(patient_id=renamed)
    write_manifest(tmp_path / "copy.parquet", type(manifest)(table=table, root=cohort))

    with pytest.raises(LeakageError, match="60 slices with the very pixels") as caught:
        evaluate_external(trained, tmp_path / "copy.parquet", out=tmp_path / "out")

    assert caught.value.exit_status == 3
    assert not (tmp_path / "out").exists()


def test_other_sequences_are_not_scored(trained, other_cohort, other_run, tmp_path):
    """A network that learned FLAIR in one channel is not asked about T2 there."""
    manifest = read_manifest(other_run / "manifest.parquet")
    table = manifest.table.assign(sequences="t2,t2,t2")
    other = type(manifest)(table=table, root=other_cohort)
    write_manifest(tmp_path / "t2.parquet", other)

    with pytest.raises(DataError, match="cannot be exchanged"):
        evaluate_external(trained, tmp_path / "t2.parquet", out=tmp_path / "out")


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("evaluate.baselines=true", "need a training part"),
        ("evaluate.target_specificity=0.8", "never chosen after testing"),
        ("train.recipe=strong", "section 'evaluate' only"),
    ],
)
def test_settings_without_sense_in_external_testing_are_refused(
    trained, other_run, tmp_path, *, assignment, message
):
    """Nothing is ignored in silence."""
    with pytest.raises(ConfigError, match=message):
        evaluate_external(
            trained, other_run, out=tmp_path / "out", assignments=[assignment]
        )


@pytest.mark.slow
def test_a_model_without_patients_tests_others_with_a_warning(
    without_patients, own, other_run, tmp_path
):
    """Names of near-duplicate groups are not taken for patients of another set."""
    run = own(without_patients)

    inside = evaluate_run(run)
    outside = evaluate_external(run, other_run, out=tmp_path / "out", assignments=FAST)

    words = "grouped by near-duplicates, not by patient"
    assert words in inside.html.read_text()
    assert json.loads(inside.json.read_text())["grouping_words"] == words
    assert inside.report.unit == "near-duplicate groups"
    assert read_card(run / "bundle").single_sequence_repeated
    assert "No patient ids in the training data" in outside.html.read_text()


def test_the_page_is_drawn_anew_with_the_same_figures(evaluated, own):
    """`explain` adds pictures; numbers stay."""
    run = own(evaluated)
    before = (run / "report.json").read_text()
    (run / "report.html").unlink()

    assert refresh_report(run) == run / "report.html"

    assert (run / "report.json").read_text() == before
    assert (run / "report.html").is_file()


def test_a_run_that_was_not_evaluated_has_no_page_to_draw(trained):
    """Explaining first is no error."""
    assert refresh_report(trained) is None
