"""Tests that the page travels: no wheel without it, and none that needs Node to install."""

from __future__ import annotations

import importlib.resources
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="needs the extra 'dev'")
PAGE = "tumorscope/serve/static/index.html"


def build(kind, source, out):
    """Build a distribution in an environment without npm."""
    return subprocess.run(  # noqa: S603 - the build back end
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)],
        cwd=source,
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Return the unpacked source distribution of this checkout."""
    repository = Path(__file__).parents[2]
    static = Path(str(importlib.resources.files("tumorscope.serve") / "static"))
    if not (static / "index.html").is_file():
        pytest.skip("the page is not built: make page")
    out = tmp_path_factory.mktemp("sdist")
    answer = build("sdist", repository, out)
    assert answer.returncode == 0, answer.stderr
    with tarfile.open(next(out.glob("*.tar.gz"))) as archive:
        archive.extractall(out, filter="data")
    return next(path for path in out.iterdir() if path.is_dir())


def test_a_wheel_from_the_source_distribution_carries_the_page_and_needs_no_node(
    sources, tmp_path
):
    """Page, scripts and styles are inside; sources and tools of the page are not."""
    answer = build("wheel", sources, tmp_path)

    assert answer.returncode == 0, answer.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        page = wheel.read(PAGE).decode()
    assets = [name for name in names if "/serve/static/assets/" in name]
    assert {Path(name).suffix for name in assets} == {".js", ".css", ".svg"}
    for name in assets:
        assert Path(name).name in page
    assert not [
        name for name in names if "node_modules" in name or "/serve/ui/" in name
    ]


def test_a_wheel_without_the_page_cannot_be_built(sources, tmp_path):
    """No page and no npm: the build stops and says what to do."""
    bare = tmp_path / "bare"
    shutil.copytree(sources, bare)
    shutil.rmtree(bare / "src" / "tumorscope" / "serve" / "static")

    answer = build("wheel", bare, tmp_path)

    assert answer.returncode != 0
    assert "install Node" in answer.stderr
    assert list(tmp_path.glob("*.whl")) == []


def test_the_source_distribution_can_build_the_page_again(sources):
    """Sources, lock file and hook travel, so that the page can be changed and rebuilt."""
    ui = sources / "src" / "tumorscope" / "serve" / "ui"

    for name in ("package.json", "package-lock.json", "vite.config.ts", "src/main.tsx"):
        assert (ui / name).is_file(), name
    assert (sources / "hatch_build.py").is_file()
    assert not (ui / "node_modules").exists()
