"""What every test shares: one thread each, a cache of its own, and honest skips."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import pytest

# Set before numpy or torch is imported: parallel workers must not fight for cores.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("MPLBACKEND", "Agg")

DATA = Path(
    os.environ.get("TUMORSCOPE_DATA", Path(__file__).parents[2] / "shared" / "data")
)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, with the reason, what this machine cannot run."""
    if item.get_closest_marker("gpu") and not _has_cuda():
        pytest.skip("torch sees no CUDA device")
    if item.get_closest_marker("dataset") and not DATA.is_dir():
        pytest.skip(f"no real data sets at {DATA}: set TUMORSCOPE_DATA")
    absent = os.environ.get("TUMORSCOPE_MISSING_PACKAGES", "").split()
    for marker in item.iter_markers("debian"):
        if marker.args[0] in absent:
            pytest.skip(f"needs the Debian package {marker.args[0]}")


@pytest.fixture
def repository() -> Path:
    """Return the root of the checkout."""
    return Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's cache out of every test, and every test out of the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _has_cuda() -> bool:
    return bool(import_module("torch").cuda.is_available())
