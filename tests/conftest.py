"""What every test shares: one thread each, a cache of its own, and honest skips."""

from __future__ import annotations

import os
import struct
import zlib
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from tumorscope.domain.card import (
    BundleCard,
    OperatingThreshold,
    TrainingDataFingerprint,
)
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.specs import PreprocessSpec, TrainSpec

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


def _png():
    """Return a black picture of one pixel, made by hand."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\0")),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _estimate(value, name="pointing", reason="", **fields):
    known = {
        "name": name,
        "value": float("nan") if reason else value,
        "low": float("nan") if reason else value - 0.05,
        "high": float("nan") if reason else value + 0.05,
        "level": 0.95,
        "n_slices": 48,
        "n_patients": 12,
        "resampled": "patients",
        "reason": reason,
    }
    return MetricEstimate(**(known | fields))


@pytest.fixture
def estimate():
    """Return a maker of estimates: value, then any field."""
    return _estimate


@pytest.fixture
def png():
    """Return the bytes of a picture."""
    return _png()


@pytest.fixture(scope="session")
def scan_makers():
    """Return the maker of synthetic DICOM files and NIfTI volumes."""
    path = Path(__file__).parents[1] / "benchmarks" / "synthetic_scans.py"
    found = spec_from_file_location("synthetic_scans", path)
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def sandbox():
    """Return a sandbox that all tests of a worker share."""
    with import_module("tumorscope.io.sandbox").Sandbox() as made:
        yield made


@pytest.fixture(scope="session")
def weights():
    """Return a state dict whose batch normalization has seen some pictures."""
    torch = import_module("torch")
    torch.manual_seed(0)
    network = import_module("tumorscope.learning.network").build_network().train()
    with torch.no_grad():
        for _ in range(8):
            network(torch.rand(4, 3, 64, 64) * 2 - 1)
    return {name: value.numpy() for name, value in network.state_dict().items()}


@pytest.fixture
def card() -> BundleCard:
    """Return the card of a bundle for slices of 64 x 64 pixels."""
    return _card()


@pytest.fixture(scope="session")
def make_card():
    """Return the maker of that card, for fixtures that live longer than a test."""
    return _card


def _card() -> BundleCard:
    return BundleCard(
        name="run",
        tumorscope_version="0.1.0",
        created="2026-01-01T00:00:00+00:00",
        sequences=(),
        single_sequence_repeated=True,
        preprocess=PreprocessSpec(size_px=64),
        threshold=OperatingThreshold(
            threshold_probability=0.4,
            target_specificity=0.95,
            tune_slices=20,
            tune_patients=4,
        ),
        train=TrainSpec(),
        first_weights="random initialization",
        epochs_done=1,
        best_epoch=1,
        tune_auroc=0.5,
        data=TrainingDataFingerprint(
            source="test",
            manifest_digest="0" * 64,
            split_digest="1" * 64,
            fold="holdout",
            grouping="patient",
            slices={},
            groups={},
            prevalence={},
            seen_pixel_digests=(),
            seen_owner_digests=(),
        ),
        environment={},
        files={"weights.safetensors": "0" * 64},
    )
