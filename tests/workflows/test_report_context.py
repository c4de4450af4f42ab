"""Tests of what a report tells beside its figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.evaluation.rendering.limits import find_limits
from tumorscope.evaluation.report import evaluate_predictions
from tumorscope.io.artifacts import read_predictions
from tumorscope.io.bundle import read_bundle
from tumorscope.io.images import write_png
from tumorscope.workflows.report_context import context_of_external, context_of_run
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")


@pytest.fixture(scope="module")
def parts(evaluated):
    """Return run, bundle, predictions and report of the evaluated run."""
    run = open_run(evaluated)
    predictions = read_predictions(evaluated / "predictions.parquet")
    report = evaluate_predictions(
        predictions, run.record.spec.evaluate, grouping=run.split.grouping
    )
    return run, read_bundle(evaluated / "bundle"), predictions, report


def test_a_run_tells_data_recipe_and_training(parts):
    """Whoever reads the page can judge the figures, and make them again."""
    run, bundle, predictions, report = parts

    context = context_of_run(run, [bundle], report, predictions)

    assert [part.part for part in context.parts] == ["train", "tune", "test"]
    assert [part.n_slices for part in context.parts] == [36, 24, 24]
    assert [part.n_groups for part in context.parts] == [6, 4, 4]
    assert context.manifest_digest == run.manifest.digest
    assert context.is_phantom
    assert context.recipe["first weights"] == "random initialization"
    assert context.recipe["input"] == "32 x 32 pixels, sequences t1, flair, t1c"
    assert [epoch.epoch for epoch in context.history["holdout"]] == [1]
    assert "tumorscope explain" in context.localization_reason


def test_weak_designs_are_warned_of_once(parts):
    """Few patients, a single split and missing ids stand on the page, each one time."""
    run, bundle, predictions, report = parts
    unnamed = replace(report, grouping="near-duplicates", n_patients=50)

    told, told_unnamed = (
        [
            limit.lead
            for limit in find_limits(
                each, context_of_run(run, [bundle], each, predictions)
            )
        ]
        for each in (report, unnamed)
    )

    for lead in ("Synthetic scans", "Too few for a trustworthy interval"):
        assert told.count(lead) == 1
    assert "No patient ids" not in told
    assert told_unnamed.count("No patient ids") == 1
    assert "Little data" not in told_unnamed


def test_each_error_of_the_gallery_has_its_picture(parts):
    """A false positive can be looked at."""
    run, bundle, predictions, report = parts
    errors = (*report.worst_false_positives, *report.worst_false_negatives)

    pictures = context_of_run(run, [bundle], report, predictions).pictures

    assert errors
    assert set(pictures) == {error.row for error in errors}


def test_external_testing_warns_where_patients_cannot_be_compared(parts):
    """Silence would read as "no patient is shared"."""
    run, bundle, predictions, report = parts
    unnamed = bundle.card.data.model_copy(update={"grouping": "near-duplicates"})
    other = replace(bundle, card=bundle.card.model_copy(update={"data": unnamed}))

    known = context_of_external(bundle, run.manifest, report, predictions)
    unknown = context_of_external(other, run.manifest, report, predictions)

    assert not any("cannot be assessed" in one for one in known.warnings)
    assert any("in the training data" in one for one in unknown.warnings)
    assert [part.part for part in known.parts] == ["external"]
    assert known.notes[0].startswith("Training data: Phantom scans")


def test_a_wide_sixteen_bit_picture_is_made_fit_for_the_page(parts, own, tmp_path):
    """Any usable image can be shown, however it is stored."""
    run, bundle, predictions, report = parts
    ramp = np.linspace(0, 60_000, 1000 * 40).reshape(40, 1000).astype(np.uint16)
    for image in run.manifest.table["image"]:
        (tmp_path / image).parent.mkdir(exist_ok=True)
        write_png(tmp_path / image, ramp)
    elsewhere = replace(run, manifest=replace(run.manifest, root=tmp_path))

    pictures = context_of_run(elsewhere, [bundle], report, predictions).pictures

    widths = {int.from_bytes(content[16:20], "big") for content in pictures.values()}
    assert widths == {256}
