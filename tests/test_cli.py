"""Tests of the command line: help that teaches, exit statuses, one line for an error."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import typer

from tumorscope.cli import app, main
from tumorscope.domain import errors
from tumorscope.domain.errors import TumorscopeError
from tumorscope.io.images import write_png
from tumorscope.workflows import doctor

COMMANDS = typer.main.get_command(app).commands
HEAVY = ("torch", "pandas", "numpy", "pydantic", "cv2", "matplotlib", "lightning")


@pytest.fixture
def call(monkeypatch, capsys):
    """Return a function that runs a command line: exit status, stdout and stderr."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["tumorscope", *map(str, words)])
        try:
            main()
            status = 0
        except SystemExit as stopped:
            status = stopped.code or 0
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def source(tmp_path):
    """Return a folder with the classes yes and no."""
    generator = np.random.default_rng(0)
    for name in ("yes", "no"):
        (tmp_path / "source" / name).mkdir(parents=True)
        for number in range(8):
            pixels = generator.integers(0, 256, (24, 24)).astype(np.uint8)
            write_png(tmp_path / "source" / name / f"{number}.png", pixels)
    return tmp_path / "source"


def raising(error):
    def inspect():
        raise error

    return inspect


def error_classes(kind=TumorscopeError):
    """Return the errors of the tree; those of other modules word themselves."""
    below = [one for sub in kind.__subclasses__() for one in error_classes(sub)]
    return [one for one in (kind, *below) if one.__module__ == errors.__name__]


def test_all_promised_commands_exist():
    """The main job has one command for each stage."""
    assert set(COMMANDS) == {
        "accounts",
        "audit",
        "audit-log",
        "card",
        "compare",
        "convert",
        "deid",
        "demo",
        "dicom-node",
        "doctor",
        "erase",
        "evaluate",
        "explain",
        "export",
        "fairness",
        "phantom",
        "predict",
        "prepare",
        "robustness",
        "serve",
        "train",
    }


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_of_every_command_works(call, name):
    """Nobody has to read the documentation first."""
    status, out, err = call(*name.split(), "--help")

    assert status == 0
    assert out.lstrip().startswith("Usage:")
    assert err == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_help_teaches(name):
    """Each command says what it does, each argument and option what it means."""
    command = COMMANDS[name]

    assert len(command.help) > 30
    assert [option.name for option in command.params if not option.help] == []


def test_the_main_help_tells_the_order_of_the_stages_and_the_exit_statuses(call):
    """The first screen is enough to begin."""
    _, out, _ = call("--help")

    words = " ".join(out.split())
    assert "prepare -> train -> evaluate -> explain -> predict" in words
    assert "Not a medical device" in words
    assert "3 refused because of leakage" in words


def test_help_brings_nothing_heavy():
    """The answer comes at once: not one of the large libraries is loaded for it."""
    program = f"""
import sys
sys.argv = ["tumorscope", "--help"]
from tumorscope.cli import main
try:
    main()
except SystemExit:
    print([name for name in {HEAVY!r} if name in sys.modules])
"""

    answer = subprocess.run(  # noqa: S603 - the program above
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert answer.stdout.splitlines()[-1] == "[]"


def test_the_package_can_be_run_as_a_module():
    """`python -m tumorscope` is the command line too."""
    answer = subprocess.run(
        [sys.executable, "-m", "tumorscope", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "Usage:" in answer.stdout


@pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: kind.__name__)
def test_every_error_is_one_message_and_its_exit_status(call, monkeypatch, kind):
    """A foreseen failure shows no traceback, and a script can tell failures apart."""
    monkeypatch.setattr(doctor, "inspect_machine", raising(kind("what and where")))

    status, out, err = call("doctor")

    assert (status, out, err) == (kind.exit_status, "", "error: what and where\n")


def test_exit_statuses_are_those_of_the_help():
    """1 failed, 2 unusable input or settings, 3 leakage."""
    assert TumorscopeError.exit_status == 1
    assert errors.ConfigError.exit_status == errors.DataError.exit_status == 2
    assert errors.LeakageError.exit_status == 3


def test_ctrl_c_is_130_without_a_traceback(call, monkeypatch):
    """The shell sees what it expects of an interrupted command."""
    monkeypatch.setattr(doctor, "inspect_machine", raising(KeyboardInterrupt()))

    status, _, err = call("doctor")

    assert status == 130
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [["prepare"], ["trainn"], ["train", "--resum"]])
def test_a_wrong_command_line_is_exit_status_2(call, words):
    """Missing arguments, unknown commands and unknown options are usage errors."""
    status, _, err = call(*words)

    assert status == 2
    assert "Usage:" in err


def test_prepare_tells_what_it_found_and_what_comes_next(call, source, tmp_path):
    """The screen has sizes, grouping and the next command."""
    status, out, _ = call(
        "prepare", source, "--out", tmp_path / "run", "--set", "preprocess.size_px=32"
    )

    assert status == 0
    assert "grouped by near-duplicates, not by patient" in out
    assert out.splitlines()[-1] == f"next: tumorscope train {tmp_path / 'run'}"


def test_folds_and_class_names_are_options(call, source, tmp_path):
    """What users need most often has a name of its own."""
    (source / "yes").rename(source / "ill")
    (source / "no").rename(source / "well")

    status, _, err = call(
        *("prepare", source, "--out", tmp_path / "run", "--importer", "folder"),
        *("--positive", "ill", "--negative", "well", "--folds", "2"),
        *("--set", "preprocess.size_px=32"),
    )

    assert (status, err) == (0, "")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["spec"]["split"]["folds"] == 2
    split = json.loads((tmp_path / "run" / "split.json").read_text())
    assert len(split["folds"]) == 2


def test_a_settings_file_gives_way_to_the_command_line(call, source, tmp_path):
    """A file holds a study's settings; one of them is changed for a trial."""
    file = tmp_path / "study.toml"
    file.write_text("[preprocess]\nsize_px = 64\nmargin_share = 0.1\n")

    status, _, _ = call(
        *("prepare", source, "--out", tmp_path / "run", "--config", file),
        *("--set", "preprocess.size_px=32"),
    )

    spec = json.loads((tmp_path / "run" / "run.json").read_text())["spec"]
    assert status == 0
    assert spec["preprocess"]["size_px"] == 32
    assert spec["preprocess"]["margin_share"] == 0.1


def test_unusable_files_stop_with_exit_status_2_unless_skipped(call, source, tmp_path):
    """The list names file and reason; the option goes on without them."""
    (source / "yes" / "3.png").write_bytes(b"no picture")
    words = ["prepare", source, "--out", tmp_path / "run"]
    words += ["--set", "preprocess.size_px=32"]

    status, out, err = call(*words)

    assert (status, out) == (2, "")
    assert err.startswith("error: 1 of 16 files cannot be used:\n  yes/3.png: ")
    assert not (tmp_path / "run").exists()
    status, out, _ = call(*words, "--skip-unreadable")
    assert status == 0
    assert "left out: 1 unusable files" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "RUN"], "not a run folder"),
        (["audit", "RUN"], "layout is not recognized"),
        (["audit", "RUN", "--waive", "x=a good reason"], "no such gate"),
        (["evaluate", "RUN"], "not a run folder"),
        (["explain", "RUN"], "not a run folder"),
        (["predict", "RUN", "RUN"], "no PNG, JPEG or TIFF"),
        (["evaluate", "RUN", "--out", "x"], "add --manifest"),
        (["evaluate", "RUN", "--protocol", "cv"], "not a run folder"),
        (["evaluate", "RUN", "--protocol", "cv", "--out", "x"], "leave out --manifest"),
        (["evaluate", "RUN", "--leaky-comparison"], "need --protocol"),
        (["compare", "RUN"], "holds no scores"),
        (["compare", "RUN", "RUN"], "named twice"),
        (["prepare", "RUN", "--out", "x"], "layout is not recognized"),
        (["prepare", "RUN", "--out", "x", "--set", "train.epoch=3"], "epochs?"),
        (["prepare", "RUN", "--out", "x", "--leave-out", "age"], "split.leave_out"),
        (["phantom", "x", "--patients", "1"], "patients"),
    ],
)
def test_unusable_input_is_exit_status_2_and_one_message(
    call, tmp_path, monkeypatch, *, words, message
):
    """Every command answers a wrong place or setting in the same way."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "RUN").mkdir()

    status, out, err = call(*words)

    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert [path.name for path in tmp_path.iterdir()] == ["RUN"]


@pytest.mark.slow
def test_phantom_makes_a_cohort_and_names_the_next_command(call, tmp_path):
    """The synthetic cohort is the way in without data."""
    out_folder = tmp_path / "ph"

    status, out, _ = call(
        *("phantom", out_folder, "--patients", "2"),
        *("--set", "slices_per_patient=1", "--set", "size_px=64"),
    )

    assert status == 0
    assert (out_folder / "phantom.csv").is_file()
    assert f"tumorscope prepare {out_folder}" in out


@pytest.mark.slow
def test_an_audit_that_fails_is_exit_status_3_with_the_gates(call, tmp_path):
    """A script stops; the screen names the gate and where the page is."""
    source = tmp_path / "source"
    generator = np.random.default_rng(0)
    for name, side in (("yes", 40), ("no", 48)):
        (source / name).mkdir(parents=True)
        for number in range(14):
            pixels = generator.integers(0, 256, (side, side)).astype(np.uint8)
            write_png(source / name / f"{number}.png", pixels)
    words = ["audit", source, "--out", tmp_path / "audit"]
    words += ["--set", "audit.shortcuts.permutations=99"]

    status, out, _ = call(*words)

    assert status == 3
    assert "failed: suspicious-files" in out
    assert out.splitlines()[-1] == f"audit: {tmp_path / 'audit' / 'audit.html'}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("export", "absent", "--to", "tensorrt"), "tensorrt"),
        (("export", "absent", "--to", "onnx", "--precision", "bf16"), "no bf16"),
        (("export", "absent", "--to", "onnx"), "not a bundle"),
    ],
)
def test_an_engine_that_cannot_be_made_is_told_before_anything_is_read(
    call, words, message
):
    """Exit status 2 with one sentence, for options and for folders."""
    status, _, err = call(*words)

    assert status == 2
    assert message in err
