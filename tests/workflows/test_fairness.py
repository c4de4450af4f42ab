"""Groups of patients of an evaluated run: files, words, refusals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.json_values import to_json_value
from tumorscope.io.artifacts import read_record, write_record
from tumorscope.workflows.fairness import (
    measure_run_fairness,
    read_fairness,
    read_fairness_section,
)
from tumorscope.workflows.fairness_inputs import (
    MAP_SCORES,
    read_run_predictions,
    read_scored_slices,
)
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")
FAST = [
    "fairness.probe=false",
    "fairness.permutations=1000",
    "fairness.min_patients=2",
    'fairness.groups=["sex", "site"]',
]


@pytest.fixture(scope="module")
def measured(tmp_path_factory, evaluated):
    """Return a run whose groups were compared; nobody may write to it."""
    folder = tmp_path_factory.mktemp("fair") / "run"
    shutil.copytree(evaluated, folder)
    measure_run_fairness(folder, groups=["scanner", "sex"], assignments=FAST)
    return folder


def test_the_comparison_is_left_in_the_run(measured):
    """JSON and page, the groups of the settings and the one that was added."""
    content = json.loads((measured / "fairness.json").read_text())

    assert content["notice"] == "Research use only. Not a medical device."
    names = [one["text"] for one in content["report"]["attributes"]]
    assert names == ["sex", "site", "scanner"]
    assert content["mitigation"] is None
    page = (measured / "fairness.html").read_text()
    assert "Gaps between groups" in page
    assert "<script" not in page


def test_settings_and_stage_are_recorded(measured):
    """Which groups were listed can be read from the run afterwards."""
    record = open_run(measured).record

    assert record.spec.fairness.groups == ("sex", "site", "scanner")
    assert record.stages[-1].stage == "fairness"


def test_the_comparison_is_read_back(measured):
    """The report's page gets its part from the file, without measuring again."""
    report = read_fairness(measured)

    assert report is not None
    content = json.loads((measured / "fairness.json").read_text())
    assert to_json_value(report) == content["report"]
    assert report.probes_reason == "the probe was switched off by fairness.probe=false"
    section = read_fairness_section(measured)
    assert section is not None
    assert section.name == "fairness"


def test_a_run_without_comparison_has_no_part(evaluated):
    """Nothing is shown where nothing was measured."""
    assert read_fairness(evaluated) is None
    assert read_fairness_section(evaluated) is None


def test_a_file_of_another_version_is_not_guessed_at(measured, own):
    """The message says how to make it again."""
    run = own(measured)
    path = run / "fairness.json"
    text = path.read_text().replace('"version": 1', '"version": 99', 1)
    path.unlink()
    path.write_text(text)

    with pytest.raises(DataError, match="version 99 is not 1"):
        read_fairness(run)


def test_a_run_that_was_not_evaluated_is_refused(trained, own):
    """There are no scores to compare."""
    with pytest.raises(ConfigError, match="run `tumorscope evaluate"):
        measure_run_fairness(own(trained), assignments=FAST)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": ["hair"]}, "group 'hair': no column of patients"),
        ({"assignments": ["train.epochs=3"]}, "section 'fairness' only"),
        ({"assignments": ["fairness.permutation=9"]}, "did you mean permutations"),
    ],
)
def test_settings_that_cannot_be_used_leave_the_run_alone(
    evaluated, own, options, message
):
    """Nothing is measured and nothing recorded."""
    run = own(evaluated)
    before = (run / "run.json").read_bytes()

    with pytest.raises(ConfigError, match=message):
        measure_run_fairness(run, **options)

    assert (run / "run.json").read_bytes() == before
    assert not (run / "fairness.json").exists()


def test_everything_known_of_a_slice_stands_beside_its_score(evaluated, own):
    """Lesion sizes, copied sequences, referrals, and the scores of the maps."""
    run = open_run(own(evaluated))
    predictions = read_run_predictions(run)
    tested = predictions.table[predictions.table["part"] == "test"]
    scores = tested[["image", "frame"]].iloc[:3]
    tables = [
        scores.assign(method=method, hit=True, dice=dice)
        for method, dice in (("occlusion", 0.1), ("cam", 0.4))
    ]
    place = run.folder / "explanations"
    place.mkdir(exist_ok=True)
    pd.concat(tables).to_parquet(place / MAP_SCORES)

    found = read_scored_slices(run, predictions)

    assert len(found.table) == len(tested)
    assert found.known["image"].tolist() == tested["image"].tolist()
    tumor = found.labels == 1
    assert (found.areas_px[tumor] > 0).all()
    assert found.referred.shape == tumor.shape
    assert found.localization_name == "Dice of cam"
    assert found.localization[:3].tolist() == [0.4, 0.4, 0.4]
    assert np.isnan(found.localization[3:]).all()


def _claim_mitigation(run: Path):
    """Let the record of a run say that it was trained with a mitigation."""
    record = read_record(run / "run.json")
    train = record.spec.train.model_copy(update={"mitigation": "group-dro"})
    spec = record.spec.model_copy(update={"train": train})
    (run / "run.json").unlink()
    write_record(run / "run.json", record.model_copy(update={"spec": spec}))
    return run


def test_a_mitigation_is_judged_beside_the_plain_run(evaluated, own):
    """The same scores gain nothing: rejected, in the file, on the page, in words."""
    run = _claim_mitigation(own(evaluated))

    written = measure_run_fairness(
        run, against=evaluated, assignments=[*FAST, "fairness.min_patients_firm=2"]
    )

    assert written.verdict is not None
    assert written.verdict.verdict == "rejected"
    assert "mitigation against run: rejected" in written.summary
    content = json.loads(written.json.read_text())
    assert content["mitigation"]["verdict"] == "rejected"
    assert "Was the mitigation worth it?" in written.html.read_text()


def test_two_plain_runs_are_no_mitigation(evaluated, own):
    """Which run is which must not be guessed."""
    with pytest.raises(ConfigError, match=r"must be trained with train\.mitigation"):
        measure_run_fairness(own(evaluated), against=evaluated, assignments=FAST)


@pytest.mark.slow
def test_features_are_probed_for_groups(evaluated, own):
    """The probe of the network stands beside that of its input."""
    settings = [*FAST[1:], "fairness.probe=true", 'fairness.probed=["sex", "scanner"]']

    report = measure_run_fairness(own(evaluated), assignments=settings).report

    found = [(one.attribute, one.features) for one in report.probes]
    assert found == [
        ("sex", "network"),
        ("sex", "input statistics"),
        ("scanner", "network"),
        ("scanner", "input statistics"),
    ]
    for probe in report.probes:
        assert probe.auroc.reason or 0 <= probe.auroc.value <= 1
        assert probe.auroc.reason or 0 < probe.p <= 1
    assert report.probes_reason == ""
