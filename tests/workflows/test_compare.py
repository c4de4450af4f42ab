"""Tests of `compare`: results that were left in folders, on the same slices."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.predictions import Predictions
from tumorscope.io.artifacts import read_predictions, write_predictions
from tumorscope.io.whole_files import write_json
from tumorscope.workflows.compare import compare, name_results, read_contender
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")
FAST = ["evaluate.bootstrap_draws=100"]


@pytest.fixture
def pair(evaluated, own, tmp_path):
    """Return two evaluated runs of one split; the second has other scores."""
    first = own(evaluated)
    second = tmp_path / "other"
    shutil.copytree(first, second, copy_function=os.link)
    table = read_predictions(second / "predictions.parquet").table
    noise = np.random.default_rng(0).uniform(size=len(table))
    changed = Predictions(table=table.assign(tumor_probability=noise))
    write_predictions(second / "predictions.parquet", changed)
    return first, second


@pytest.fixture
def protocol(prepared, tmp_path):
    """Return the folder of a protocol whose two repeats were scored by chance."""
    run = tmp_path / "crossed"
    shutil.copytree(prepared, run, copy_function=os.link)
    folder = run / "protocols" / "cv"
    manifest = open_run(run).manifest
    record = open_run(run).record
    request = {
        "name": "cv",
        "settings": {"repeats": 2, "folds": 2},
        "run": record.spec.model_dump(mode="json"),
        "manifest_digest": manifest.digest,
    }
    for repeat in range(2):
        place = folder / f"repeat-{repeat}"
        place.mkdir(parents=True)
        shared = ["image", "frame", "label", "patient_id", "site"]
        shared += ["slice_index", "slice_count"]
        scores = np.random.default_rng(repeat).uniform(size=len(manifest))
        table = manifest.table[shared].assign(
            group=manifest.table["patient_id"],
            fold="fold0",
            part="test",
            logit=0.0,
            tumor_probability=scores,
            threshold_probability=0.5,
        )
        write_predictions(place / "predictions.parquet", Predictions(table=table))
    write_json(folder / "request.json", request)
    write_json(folder / "protocol.json", {"report": {"grouping": "patient"}})
    return folder


def test_two_runs_leave_a_page_and_its_numbers(pair):
    """Page, JSON and terminal tell the same; the folder lies beside the first run."""
    written = compare(pair, assignments=FAST)

    assert written.html.parent == pair[0].parent / "compare-run-other"
    content = json.loads(written.json.read_text())["comparison"]
    assert [one["name"] for one in content["contenders"]] == ["run", "other"]
    assert content["pixels_checked"]
    assert content["n_slices"] == 24
    first, second = content["contenders"]
    for one in content["differences"]:
        if one["estimate"]["value"] is not None:
            assert one["estimate"]["value"] == pytest.approx(
                second["figures"][one["metric"]]["value"]
                - first["figures"][one["metric"]]["value"]
            )
    assert "other compared with run:" in written.summary
    assert "Not a medical device" in written.summary
    assert "outperform" not in written.html.read_text()


def test_external_results_are_compared_without_their_pixels(pair, tmp_path):
    """They keep no digest of pixels: the comparison says so."""
    folders = []
    for number, run in enumerate(pair):
        folder = tmp_path / f"external-{number}"
        folder.mkdir()
        table = read_predictions(run / "predictions.parquet").table
        outside = table[table["part"] == "test"].assign(part="external")
        write_predictions(folder / "predictions.parquet", Predictions(table=outside))
        shutil.copy(run / "report.json", folder)
        folders.append(folder)

    found = compare(folders, out=tmp_path / "out", assignments=FAST).comparison

    assert found.testing == "external testing"
    assert not found.pixels_checked
    with pytest.raises(DataError, match="internal testing against external testing"):
        compare([pair[0], folders[0]], assignments=FAST)


def test_a_protocol_counts_with_all_its_repeats(protocol, tmp_path):
    """The averaged repeats are compared with another protocol of the same slices."""
    other = tmp_path / "second" / "run"
    shutil.copytree(protocol.parent.parent, other, copy_function=os.link)

    found = compare([protocol, other / "protocols" / "cv"], assignments=FAST).comparison

    assert [one.n_repeats for one in found.contenders] == [2, 2]
    assert found.differences[0].estimate.value == 0
    assert found.contenders[0].kind == "repeated cross-validation by patient"


def test_a_run_of_one_test_part_is_no_match_for_a_cross_validation(pair, protocol):
    """The message says how many slices are shared, and what to do."""
    with pytest.raises(DataError, match="24 slices are shared, 0 stand in") as caught:
        compare([pair[0], protocol], assignments=FAST)

    assert "cross-validations, which test every slice" in str(caught.value)


def test_a_protocol_of_another_manifest_is_refused(protocol):
    """A folder that was moved below another run is noticed."""
    path = protocol / "request.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"manifest_digest": "0"}))

    with pytest.raises(DataError, match="belongs to another manifest"):
        read_contender(protocol, "cv")


def test_a_folder_without_scores_is_refused(prepared):
    """A run that was not evaluated has nothing to compare."""
    with pytest.raises(ConfigError, match="holds no scores to compare"):
        read_contender(prepared, "run")


def test_a_result_must_say_what_was_kept_together(protocol):
    """Without the grouping no patient can be drawn."""
    (protocol / "protocol.json").write_text("{}")

    with pytest.raises(DataError, match="does not say what was kept together"):
        read_contender(protocol, "cv")


def test_names_are_the_shortest_ends_that_differ(tmp_path):
    """Two protocols of one name are told apart by their runs."""
    folders = [tmp_path / run / "protocols" / "cv" for run in ("a", "b")]

    assert name_results(folders) == ["a/protocols/cv", "b/protocols/cv"]
    assert name_results([tmp_path / "a", tmp_path / "b"]) == ["a", "b"]
    with pytest.raises(ConfigError, match="named twice"):
        name_results([tmp_path, tmp_path / "."])


def test_settings_of_other_sections_are_refused(pair):
    """Only draws, level and seed matter here."""
    with pytest.raises(ConfigError, match="'evaluate' only"):
        compare(pair, assignments=["train.epochs=3"])


def test_predictions_are_those_of_the_test_part(pair):
    """Tuning slices never enter a comparison."""
    table = pd.read_parquet(pair[0] / "predictions.parquet")

    found = compare(pair, assignments=FAST).comparison

    assert found.n_slices == (table["part"] == "test").sum() < len(table)
