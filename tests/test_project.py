"""Tests of what holds the project together: build, pins, scripts and first pages."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

TARGETS = ("demo", "test", "check", "benchmark", "docs", "clean", "help", "setup")


def settings(repository: Path) -> dict:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))


def run(command: list[str], folder: Path, **environment: str):
    return subprocess.run(  # noqa: S603 - commands of this file
        command,
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def plain_name(requirement: str) -> str:
    return re.split(r"[\s<>=!~;\[]", requirement)[0].lower().replace("_", "-")


def test_make_without_a_target_lists_every_promised_one(repository):
    """A newcomer who types `make` reads what there is, and nothing is installed."""
    answer = run(["make"], repository)

    listed = re.findall(r"^  make (\S+)", answer.stdout, flags=re.MULTILINE)
    assert answer.returncode == 0, answer.stderr
    assert set(TARGETS) <= set(listed)
    assert "Research use only" in answer.stdout


@pytest.mark.parametrize("python", ["", "/bin/false"])
def test_make_says_what_to_do_without_a_suitable_python(repository, tmp_path, python):
    """An old or incomplete Python is named before anything is written."""
    place = tmp_path / "environment"

    answer = run(["make", "demo", f"PYTHON={python}", f"VENV={place}"], repository)

    assert answer.returncode != 0
    assert "3.11" in answer.stderr
    assert "python3-venv" in answer.stderr
    assert not place.exists()


def test_every_dependency_is_pinned(repository):
    """What continuous integration proves can be installed again."""
    project = settings(repository)["project"]
    wanted = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        wanted += extra
    lines = (repository / "constraints.txt").read_text().splitlines()
    pins = {plain_name(line): line for line in lines if not line.startswith("#")}

    assert [name for name in map(plain_name, wanted) if name not in pins] == []
    assert all(re.fullmatch(r"\S+==[^+\s]+", line) for line in pins.values())


def test_dependencies_are_ranges(repository):
    """A pin in the package would forbid users what only we have not tried."""
    for requirement in settings(repository)["project"]["dependencies"]:
        assert ">=" in requirement
        assert "==" not in requirement


def test_the_changelog_names_the_version(repository):
    """A release without an entry tells users nothing."""
    version = settings(repository)["project"]["version"]

    text = (repository / "CHANGELOG.md").read_text(encoding="utf-8")

    assert f"## [{version}]" in text
    assert "## [Unreleased]" in text


def test_the_first_commands_of_the_readme_are_the_two_that_work(repository):
    """The two commands come first, and the limits before any praise."""
    text = (repository / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ (.+?)(?:\s+#.*)?$", text, flags=re.MULTILINE)

    assert commands[:2] == ["make demo", "make test"]
    assert text.index("Not a medical device") < text.index("## What makes it different")


def test_continuous_integration_runs_what_a_developer_runs(repository):
    """There is one command, so that CI finds nothing that `make test` does not."""
    script = repository / ".ci" / "run"

    assert script.stat().st_mode & 0o111
    assert "set -euo pipefail" in script.read_text()
    assert script.read_text().splitlines()[-1] == "make test"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("big.bin", b"0" * (501 * 1024), "over the limit"),
        ("key.txt", b"-----BEGIN RSA PRIVATE " + b"KEY-----\n", "private key"),
        ("scan.dcm", b"DICM", "medical image"),
    ],
)
def test_a_commit_refuses_what_must_not_enter(
    repository, tmp_path, *, name, content, reason
):
    """Large files, keys and scans are named and stop the commit."""
    (tmp_path / name).write_bytes(content)

    answer = run([str(repository / "scripts/refuse_content.sh"), name], tmp_path)

    assert answer.returncode == 1
    assert name in answer.stderr
    assert reason in answer.stderr


def test_a_commit_accepts_ordinary_files(repository, tmp_path):
    """Files with spaces, empty files and deleted files pass."""
    (tmp_path / "two words.py").write_text("x = 1\n")
    (tmp_path / "empty").touch()

    answer = run(
        [
            str(repository / "scripts/refuse_content.sh"),
            "two words.py",
            "empty",
            "gone",
        ],
        tmp_path,
    )

    assert answer.returncode == 0, answer.stderr
