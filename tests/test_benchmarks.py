"""The benchmarks run: each explains itself, and the cheap ones measure something."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tumorscope.domain.manifest import Manifest
from tumorscope.phantom.spec import PhantomSpec
from tumorscope.workflows.phantom import make_phantom
from tumorscope.workflows.prepare import SourceOptions, read_source

SCRIPTS = (
    "audit_copies",
    "audit_faults",
    "audit_scale",
    "baselines_lgg",
    "batch_scoring",
    "calibration_methods",
    "ceiling",
    "deid_conformance",
    "deid_leak",
    "deid_peer_runner",
    "deid_pixels",
    "deid_speed",
    "deid_study",
    "engines",
    "evaluation_speed",
    "fairness_lgg",
    "gpu_training",
    "hostile_files",
    "input_gate",
    "interval_coverage",
    "leak",
    "lgg_experiments",
    "phantom_speed",
    "pseudo_patients",
    "run",
    "service_hostile",
    "service_load",
    "shortcuts",
    "startup",
    "training_memory",
    "training_peers",
    "training_throughput",
)


@pytest.fixture
def load(repository: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that imports a script as Python would when it runs it."""
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    return importlib.import_module


def test_every_script_is_listed_here(repository: Path):
    """A new benchmark cannot be left out of these tests."""
    found = {
        path.stem
        for path in (repository / "benchmarks").glob("*.py")
        if "__main__" in path.read_text(encoding="utf-8")
    }

    assert found == set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_explains_itself(name: str, load, monkeypatch, capsys):
    """`--help` prints the options and ends well."""
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--help"])

    with pytest.raises(SystemExit) as ended:
        load(name).main()

    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out


def test_a_goal_is_met_on_its_right_side(load):
    """A lower limit is met from above, an upper one from below."""
    reporting = load("reporting")

    fast = reporting.Figure(name="rate", value=3.0, goal=2.0, at_least=True)
    slow = reporting.Figure(name="time", value=3.0, goal=2.0)
    free = reporting.Figure(name="size", value=3.0)

    assert (fast.met, slow.met, free.met) == (True, False, None)
    assert fast.share_of_goal == pytest.approx(1.5)
    assert slow.share_of_goal == pytest.approx(2 / 3)
    assert "**no**" in reporting.markdown_table([slow])


def test_results_survive_the_file(load, tmp_path: Path):
    """A figure written as JSON is read back unchanged."""
    reporting = load("reporting")
    figure = reporting.median_figure("time", [1.0, 2.0, 9.0], unit="s", goal=5.0)

    reporting.report(reporting.make_result("x", [figure]), tmp_path / "x.json")
    content = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))

    assert reporting.figure_from_json(content["figures"][0]) == figure
    assert content["figures"][0]["met"] is True
    assert str(Path.home()) not in json.dumps(content)


def test_table_and_plot_name_every_goal(load, tmp_path: Path):
    """The page holds every figure; the plot holds each that has a goal."""
    run, reporting = load("run"), load("reporting")
    judged = reporting.Figure(name="time of it", value=1.0, goal=2.0, unit="s")
    free = reporting.Figure(name="size of it", value=1.0)
    results = {"startup": reporting.make_result("startup", [judged, free])}

    run.write_table(results, tmp_path)
    run.draw_goals(results, tmp_path)

    table = (tmp_path / run.TABLE).read_text(encoding="utf-8")
    plot = (tmp_path / run.PLOT).read_text(encoding="utf-8")
    assert "time of it" in table
    assert "size of it" in table
    assert "time of it" in plot
    assert "size of it" not in plot


def test_goal_is_judged_against_the_fastest_plain_loop(load):
    """The faster plain loop carries the goal; a tuned peer within 10 % is called a tie."""
    throughput, stopwatch = load("training_throughput"), load("stopwatch")

    def seconds(wall: float):
        return [stopwatch.Stamp(wall_s=wall, processor_s=wall)] * 3

    figures = throughput.throughput_figures(
        {
            "Tumorscope": seconds(1.0),
            "plain loop, 0 workers": seconds(3.0),
            "plain loop, 2 workers": seconds(2.5),
            "tuned loop, 2 workers": seconds(1.05),
        },
        images=10,
    )

    judged = [each for each in figures if each.goal is not None]
    assert [each.value for each in judged] == [pytest.approx(2.5)]
    assert judged[0].met is True
    (tuned,) = [each for each in figures if "over the tuned" in each.name]
    assert tuned.note.startswith("a tie")


def test_engines_are_compared_round_by_round(load):
    """The speed is the median of the rounds' ratios; under a tenth it is a tie."""
    engines, stopwatch = load("engines"), load("stopwatch")

    def stamps(*seconds: float):
        return [stopwatch.Stamp(wall_s=9.0, processor_s=each) for each in seconds]

    figures = engines.to_figures(
        {
            "torch-fp32": stamps(1.0, 2.0, 4.0),
            "fast": stamps(0.5, 0.5, 1.0),
            "same": stamps(1.0, 2.0, 3.9),
        },
        batch=10,
    )

    found = {each.name: each for each in figures}
    assert found["fast, batch 10: processor time of an image"].value == 50
    assert found["fast, batch 10: speed over torch-fp32"].value == pytest.approx(4)
    assert found["same, batch 10: speed over torch-fp32"].note == "a tie"


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Return a small cohort in which every part has both classes."""
    folder = tmp_path_factory.mktemp("cohort") / "phantom"
    spec = PhantomSpec(
        patients=8, slices_per_patient=10, size_px=64, tumor_share=1.0, sites=1
    )
    make_phantom(folder, spec, workers=1)
    return read_source(folder, SourceOptions()).manifest


@pytest.fixture
def load_small(load, phantom: Manifest, monkeypatch: pytest.MonkeyPatch):
    """Return a function that imports a script and gives it the small cohort."""

    def read_cohort(name: str, **_: object) -> Manifest:
        assert name == "phantom"
        return phantom

    def load_with_cohort(name: str):
        module = load(name)
        monkeypatch.setattr(module, "read_cohort", read_cohort)
        return module

    return load_with_cohort


@pytest.mark.slow
def test_random_dealing_has_the_sizes_of_the_grouped_one(load_small, tmp_path: Path):
    """Both splits test equally many slices; only the random one tears patients."""
    leak = load_small("leak")
    cohort = leak.open_cohort("phantom", tmp_path, 8)

    grouped, random = leak.deal(cohort, seed=0)

    for part in ("train", "tune", "test"):
        assert len(getattr(grouped, part)) == len(getattr(random, part))
    rows = np.concatenate([random.train, random.tune, random.test])
    assert np.array_equal(np.sort(rows), np.arange(len(cohort.manifest)))
    assert leak.seen_before(cohort, grouped)["owner"] == 0
    assert leak.seen_before(cohort, random)["owner"] == 1


@pytest.mark.slow
def test_leak_is_the_random_figure_minus_the_grouped_one(load_small, tmp_path: Path):
    """The difference has its sign, its interval and equally many slices behind it."""
    out = tmp_path / "leak.json"

    status = load_small("leak").main(
        [
            *("--source", "phantom", "--method", "nearest_neighbor"),
            *("--dealings", "1", "--json", str(out)),
        ]
    )

    assert status == 0
    (entry,) = json.loads(out.read_text(encoding="utf-8"))["details"]["comparisons"]
    grouped, random = entry["grouped"], entry["random"]
    for metric in ("auroc", "accuracy"):
        leak = entry["difference"][metric]
        expected = random[metric]["value"] - grouped[metric]["value"]
        assert leak["value"] == pytest.approx(expected)
        assert leak["low"] <= leak["high"]
    assert grouped["n"] == random["n"]


@pytest.mark.slow
def test_network_leak_reads_finished_scores_back(load_small, tmp_path: Path):
    """A second call with the same settings trains nothing and says the same."""
    leak = load_small("leak")
    command = [
        *("--source", "phantom", "--method", "network", "--epochs", "1"),
        *("--set", "preprocess.size_px=32", "--set", "train.batch_size=32"),
        *("--out", str(tmp_path / "out")),
    ]
    first, second = tmp_path / "first.json", tmp_path / "second.json"

    leak.main([*command, "--json", str(first)])
    checkpoints = sorted((tmp_path / "out").rglob("last.ckpt"))
    times = [path.stat().st_mtime_ns for path in checkpoints]
    leak.main([*command, "--json", str(second)])

    figures = [json.loads(path.read_text())["figures"] for path in (first, second)]
    assert figures[0] == figures[1]
    assert len(checkpoints) == 2
    assert [path.stat().st_mtime_ns for path in checkpoints] == times


@pytest.mark.slow
def test_help_of_the_command_line_is_timed_in_fresh_processes(load, tmp_path: Path):
    """The start-up benchmark gives wall and processor time, and finds no torch."""
    out = tmp_path / "startup.json"

    status = load("startup").main(["--repeats", "1", "--json", str(out)])

    assert status == 0
    figures = json.loads(out.read_text(encoding="utf-8"))["figures"]
    assert all(each["value"] > 0 for each in figures[:4])


@pytest.mark.exhaustive
def test_throughput_runs_at_a_tiny_size(load_small, tmp_path: Path):
    """Tumorscope and both peers are timed in one run, and the overhead is a share."""
    out = tmp_path / "throughput.json"
    options = "--rounds 1 --steps 1 --batch 4 --size-px 32 --workers 0 "
    options += "--epoch-slices 8 --epoch-rounds 1 --threads 1"

    load_small("training_throughput").main(
        ["--source", "phantom", "--json", str(out), *options.split()]
    )

    figures = json.loads(out.read_text(encoding="utf-8"))["figures"]
    assert any("over the plain loop, 0 workers" in each["name"] for each in figures)
    (share,) = [
        each
        for each in figures
        if each["name"].startswith("share of an epoch") and each["goal"] is not None
    ]
    assert share["value"] < 1


@pytest.mark.slow
def test_peak_memory_holds_more_than_the_checkpoint(load_small, tmp_path: Path):
    """The figure is in GB and counts the training."""
    out = tmp_path / "memory.json"
    options = "--batch 4 --steps 4 --size-px 32 --source phantom"

    load_small("training_memory").main(["--json", str(out), *options.split()])

    content = json.loads(out.read_text(encoding="utf-8"))
    peak_mb = content["figures"][0]["value"] * 1000
    assert peak_mb > content["details"]["checkpoint_mb"] > 100


@pytest.mark.exhaustive
def test_a_small_hostile_corpus_is_refused_whole(repository: Path, tmp_path: Path):
    """No crash, no stump accepted, no partial output, within time and memory."""
    out = tmp_path / "hostile.json"
    options = "--truncations 20 --flips 40 --mib 320 --json"
    # A process of its own: memory is that of its largest child.
    subprocess.run(  # noqa: S603 - a script of this repository
        [sys.executable, "hostile_files.py", *options.split(), str(out)],
        cwd=repository / "benchmarks",
        check=True,
        capture_output=True,
    )

    content = json.loads(out.read_text(encoding="utf-8"))
    details = content["details"]
    missed = [one["name"] for one in content["figures"] if one["met"] is False]
    assert missed == [], details
    assert details["surprises"] == details["accepted"] == []
