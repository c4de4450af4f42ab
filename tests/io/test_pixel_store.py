"""The pixel store: every slice decoded and prepared once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.specs import PreprocessSpec
from tumorscope.io.images import pixel_digest, read_image
from tumorscope.io.pixel_store import open_store, store_digest
from tumorscope.preprocessing import prepare_slice

SPEC = PreprocessSpec(size_px=32)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Return twelve PNG slices of different sizes, grey and color, 8 and 16 bit."""
    generator = np.random.default_rng(0)
    root = tmp_path / "cohort"
    root.mkdir()
    names = []
    for index in range(12):
        pixels = np.zeros((40 + index, 50, 3), dtype=np.uint8)
        pixels[8:36, 10:44] = generator.integers(60, 250, size=(28, 34, 3))
        if index % 3 == 0:
            pixels = pixels[..., 0]
        if index % 4 == 0:
            pixels = pixels.astype(np.uint16) * 200
        names.append(f"{index:02d}.png")
        cv2.imwrite(str(root / names[-1]), pixels)
    digests = [pixel_digest(read_image(root / name)) for name in names]
    table = pd.DataFrame(
        {"image": names, "source": "test", "label": 0, "pixel_digest": digests}
    )
    return Manifest(table=table, root=root)


def _interrupting(items, *, total, label):
    """Stand in for a user who stops the build after five slices."""
    for count, item in enumerate(items):
        if count == 5:
            raise KeyboardInterrupt
        yield item


@pytest.mark.parametrize("workers", [1, 4])
def test_store_holds_what_prepare_slice_returns(manifest, tmp_path, workers):
    """However many threads build it, each row is the prepared slice and its box."""
    store = open_store(manifest, SPEC, folder=tmp_path / "stores", workers=workers)

    assert store.pixels.shape == (12, 32, 32, 3)
    assert store.pixels.dtype == np.uint8
    for row in range(len(manifest)):
        prepared = prepare_slice(read_image(manifest.image_path(row)), SPEC)
        np.testing.assert_array_equal(store.pixels[row], prepared.pixels)
        assert store.box(row) == prepared.box


def test_store_cannot_be_written_to(manifest, tmp_path):
    """Training reads the store; nothing can change it by accident."""
    store = open_store(manifest, SPEC, folder=tmp_path / "stores")

    assert isinstance(store.pixels, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        store.pixels[0] = 0


def test_name_is_the_digest_of_manifest_and_spec(manifest, tmp_path):
    """Another spec or another manifest has another store; a moved cohort has not."""
    other_spec = PreprocessSpec(size_px=64)
    moved = Manifest(table=manifest.table, root=tmp_path)

    digests = {
        store_digest(manifest, SPEC),
        store_digest(manifest, other_spec),
        store_digest(manifest.subset(range(11)), SPEC),
    }
    store = open_store(manifest, SPEC, folder=tmp_path / "stores")

    assert len(digests) == 3
    assert store_digest(moved, SPEC) == store.digest == store_digest(manifest, SPEC)
    names = [path.name for path in (tmp_path / "stores").iterdir()]
    assert names == [f"store-{store.digest[:16]}"]


def test_whole_store_is_not_built_again(manifest, tmp_path):
    """The second time, no image file is needed any more."""
    first = open_store(manifest, SPEC, folder=tmp_path / "stores")
    for path in manifest.root.iterdir():
        path.unlink()

    second = open_store(manifest, SPEC, folder=tmp_path / "stores")

    np.testing.assert_array_equal(first.pixels, second.pixels)


def test_stopped_build_leaves_nothing_that_looks_whole(manifest, tmp_path):
    """After an interrupt in the middle there is no store, and the next call makes one."""
    folder = tmp_path / "stores"

    with pytest.raises(KeyboardInterrupt):
        open_store(manifest, SPEC, folder=folder, progress=_interrupting)

    assert list(folder.iterdir()) == []
    assert open_store(manifest, SPEC, folder=folder).pixels.any(axis=(1, 2, 3)).all()


@pytest.mark.slow
def test_killed_build_leaves_nothing_that_looks_whole(manifest, tmp_path):
    """kill -9 in the middle of a build: no store is there, and a new build is whole."""
    folder = tmp_path / "stores"
    manifest.table.to_pickle(tmp_path / "table.pickle")
    script = f"""
import time, pandas as pd
from pathlib import Path
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.specs import PreprocessSpec
from tumorscope.io.pixel_store import open_store

def stuck(items, *, total, label):
    for count, item in enumerate(items):
        if count == 5:
            print("stuck", flush=True)
            time.sleep(60)
        yield item

table = pd.read_pickle({str(tmp_path / "table.pickle")!r})
manifest = Manifest(table=table, root=Path({str(manifest.root)!r}))
spec = PreprocessSpec(size_px=32)
open_store(manifest, spec, folder=Path({str(folder)!r}), workers=1, progress=stuck)
"""
    with subprocess.Popen(  # noqa: S603 - the script above
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    digest = store_digest(manifest, SPEC)

    assert not (folder / f"store-{digest[:16]}").exists()
    store = open_store(manifest, SPEC, folder=folder)
    np.testing.assert_array_equal(
        store.pixels[11],
        prepare_slice(read_image(manifest.image_path(11)), SPEC).pixels,
    )


@pytest.mark.parametrize("name", ["pixels.npy", "boxes.npy"])
def test_truncated_store_is_built_again(manifest, tmp_path, name):
    """A file that is shorter than the seal promises is not trusted."""
    folder = tmp_path / "stores"
    whole = np.array(open_store(manifest, SPEC, folder=folder).pixels)
    [place] = folder.iterdir()
    os.truncate(place / name, (place / name).stat().st_size - 1)

    store = open_store(manifest, SPEC, folder=folder)

    np.testing.assert_array_equal(store.pixels, whole)


@pytest.mark.parametrize("damage", ["no seal", "other digest", "no JSON", "no pixels"])
def test_stale_store_is_built_again(manifest, tmp_path, damage):
    """A store without its seal, or with that of another, is not trusted."""
    folder = tmp_path / "stores"
    digest = open_store(manifest, SPEC, folder=folder).digest
    [place] = folder.iterdir()
    seal = place / "store.json"
    if damage == "no seal":
        seal.unlink()
    elif damage == "other digest":
        seal.write_text(seal.read_text().replace(digest[:8], "deadbeef"))
    elif damage == "no JSON":
        seal.write_text("{")
    else:
        (place / "pixels.npy").unlink()
    before = time.time_ns()

    store = open_store(manifest, SPEC, folder=folder)

    assert store.pixels.any(axis=(1, 2, 3)).all()
    assert digest in seal.read_text()
    assert seal.stat().st_mtime_ns >= before - 10**9


def test_changed_file_is_named(manifest, tmp_path):
    """A file that is not the one that was imported stops the build by its name."""
    pixels = read_image(manifest.image_path(7))
    pixels[20, 20] = 255 - pixels[20, 20]
    cv2.imwrite(str(manifest.image_path(7)), pixels)

    with pytest.raises(DataError, match=r"07\.png: the file changed"):
        open_store(manifest, SPEC, folder=tmp_path / "stores")

    assert list((tmp_path / "stores").iterdir()) == []


def test_missing_file_is_named(manifest, tmp_path):
    """A file that is gone stops the build by its name."""
    manifest.image_path(3).unlink()

    with pytest.raises(DataError, match=r"03\.png"):
        open_store(manifest, SPEC, folder=tmp_path / "stores")
