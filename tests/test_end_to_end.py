"""The whole flow, phantom to report and explanation, as `tumorscope demo` runs it."""

from __future__ import annotations

import json
import os
import shutil
import sys

import pandas as pd
import pytest

from tumorscope.cli import main
from tumorscope.domain.specs import RunSpec
from tumorscope.phantom import PhantomSpec
from tumorscope.workflows.demo import run_demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo-run")]
PHANTOM = PhantomSpec(patients=12, slices_per_patient=5, size_px=64, tumor_share=0.7)
SPEC = RunSpec.model_validate(
    {
        "split": {"test_share": 0.3, "tune_share": 0.3},
        "preprocess": {"size_px": 32},
        "train": {"epochs": 2, "batch_size": 16, "initial_weights": "scratch"},
        "evaluate": {"bootstrap_draws": 100, "baselines": True},
        "explain": {
            "methods": ["cam"],
            "overlays": 2,
            "tumor_free_slices": 2,
            "check_slices": 2,
            "deletion_slices": 1,
        },
    }
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Return the folder of a demo and what it said."""
    out = tmp_path_factory.mktemp("demo") / "demo"
    said = []
    report = run_demo(out, phantom_spec=PHANTOM, spec=SPEC, workers=1, say=said.append)
    assert report == (out / "run" / "report.html").resolve()
    return out, "\n".join(said)


@pytest.fixture
def run(demo, tmp_path):
    """Return a copy of the demo's run that a test may write to."""
    place = tmp_path / "run"
    shutil.copytree(demo[0] / "run", place, copy_function=os.link)
    return place


@pytest.fixture
def call(monkeypatch, capsys):
    """Return a function that runs a command line: exit status, stdout and stderr."""

    def call_main(*words):
        monkeypatch.setattr(sys, "argv", ["tumorscope", *map(str, words)])
        try:
            main()
            status = 0
        except SystemExit as stopped:
            status = stopped.code or 0
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call_main


def test_every_stage_leaves_its_files(demo):
    """Each arrow of the flow is a file that can be read alone."""
    run = demo[0] / "run"

    for name in (
        "run.json",
        "manifest.parquet",
        "split.json",
        "bundle/card.json",
        "bundle/weights.safetensors",
        "training/holdout/metrics.csv",
        "predictions.parquet",
        "report.json",
        "report.html",
        "explanations/localization.json",
        "explanations/002.png",
    ):
        assert (run / name).stat().st_size > 0, name
    assert not list(run.rglob("*.partial"))


def test_the_record_lists_the_stages_in_order(demo):
    """One file tells who did what, when."""
    record = json.loads((demo[0] / "run" / "run.json").read_text())

    stages = [stage["stage"] for stage in record["stages"]]
    assert stages == ["prepare", "train", "evaluate", "explain"]


def test_the_demo_tells_each_stage_and_the_next_step(demo):
    """A newcomer sees what happens, that it is synthetic, and how to go on."""
    said = demo[1]

    for number in range(1, 6):
        assert f"{number}/5" in said
    assert "no patient's data" in said
    assert "AUROC" in said
    assert f"tumorscope predict {demo[0] / 'run' / 'bundle'}" in said


def test_the_page_has_figures_limits_floors_and_explanations(demo):
    """The report is whole: model, simple methods, maps, and that no person was shown."""
    page = (demo[0] / "run" / "report.html").read_text()

    for words in ("internal testing", "synthetic", "position", "Not a medical device"):
        assert words in page
    assert "not where the tumor is" in page


def test_the_log_has_a_row_for_each_epoch(demo):
    """Training can be followed afterwards."""
    log = pd.read_csv(demo[0] / "run" / "training" / "holdout" / "metrics.csv")

    assert log["epoch"].tolist() == [1, 2]
    assert log["tune_auroc"].between(0, 1).all()


def test_the_same_commands_work_on_the_run(call, demo, run):
    """`evaluate`, `explain` and `predict` are there for each stage alone."""
    status, out, _ = call("evaluate", run, "--set", "evaluate.baselines=false")
    assert status == 0
    assert "mean within-patient AUROC" in out
    assert out.splitlines()[-1] == f"report: {run / 'report.html'}"

    status, out, _ = call("explain", run, "--set", "explain.overlays=1")
    assert status == 0
    assert "pointing game" in out
    assert out.splitlines()[-1] == f"report: {run / 'report.html'}"

    scan = demo[0] / "phantom" / "P0001" / "P0001_2.png"
    status, out, _ = call("predict", run / "bundle", scan, "--json")
    (entry,) = json.loads(out)["slices"]
    assert status == 0
    assert entry["image"] == str(scan)
    assert 0 <= entry["tumor_probability"] <= 1


def test_predict_fails_when_nothing_could_be_scored(call, run, tmp_path):
    """A script notices that it got no score; the reasons are printed all the same."""
    (tmp_path / "broken.png").write_bytes(b"no picture")

    status, out, _ = call("predict", run, tmp_path / "broken.png")

    assert status == 2
    assert "refused: broken.png" in out


def test_seen_data_are_exit_status_3(call, run):
    """The training cohort is no external test, and an edited split trains nothing."""
    status, _, err = call("evaluate", run / "bundle", "--manifest", run)
    assert status == 3
    assert err.startswith("error: ")
    assert "Traceback" not in err

    path = run / "split.json"
    content = json.loads(path.read_text())
    parts = {group["parts"][0]: group for group in content["groups"]}
    parts["test"]["rows"].append(parts["train"]["rows"].pop())
    path.unlink()
    path.write_text(json.dumps(content))
    for command in ("train", "evaluate", "explain"):
        status, _, err = call(command, run)
        assert (status, err.count("\n")) == (3, 1)


def test_a_trained_run_is_not_trained_again_by_accident(call, run):
    """The way on is named."""
    status, _, err = call("train", run)

    assert status == 2
    assert "--resume" in err


def test_resuming_with_nothing_left_describes_the_model(call, run):
    """Threshold and tuning AUROC are printed, and the next command."""
    status, out, _ = call("train", run, "--resume")

    assert status == 0
    assert "threshold_probability" in out
    assert out.splitlines()[-1] == f"next: tumorscope evaluate {run}"
