"""The pixel store: every slice decoded and prepared once, then memory-mapped.

A store is a folder named by the digest of manifest and preprocessing spec. It is built
under another name and renamed when it is whole, so a killed build leaves nothing that
looks like a store.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.specs import PreprocessSpec
from tumorscope.io.images import pixel_digest, read_image
from tumorscope.preprocessing import CHANNELS, CropBox, prepare_slice

_FORMAT = 1
_PIXELS, _BOXES, _SEAL = "pixels.npy", "boxes.npy", "store.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelStore:
    """Prepared slices of one manifest.

    Attributes:
        pixels: Shape (slices, size, size, 3), uint8, memory-mapped, read-only.
        boxes: Shape (slices, 3), int32: top, left and side of the square, in pixels.
        digest: Digest of manifest and preprocessing spec.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.int32]
    digest: str

    def box(self, row: int) -> CropBox:
        """Return the square of the original image that a row shows."""
        top, left, side = (int(value) for value in self.boxes[row])
        return CropBox(top_px=top, left_px=left, side_px=side)


def store_digest(manifest: Manifest, spec: PreprocessSpec) -> str:
    """Return the name of the store for a manifest and a spec."""
    text = f"{_FORMAT}|{manifest.digest}|{spec.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()


def open_store(
    manifest: Manifest,
    spec: PreprocessSpec,
    *,
    folder: Path,
    workers: int = 0,
    progress: Progress = silent,
) -> PixelStore:
    """Open the store, and build it first where it is missing, stale or truncated.

    Args:
        manifest: Whose slices.
        spec: How they are prepared.
        folder: Where stores are kept.
        workers: Threads that decode; 0 takes all cores.
        progress: Shows how far a build got.

    Returns:
        The store.

    Raises:
        DataError: If a file changed since it was imported, or cannot be prepared.
    """
    digest = store_digest(manifest, spec)
    place = folder / f"store-{digest[:16]}"
    if not _is_whole(place, digest):
        _build(manifest, spec, place=place, workers=workers, progress=progress)
    return PixelStore(
        pixels=np.load(place / _PIXELS, mmap_mode="r"),
        boxes=np.load(place / _BOXES),
        digest=digest,
    )


def _is_whole(place: Path, digest: str) -> bool:
    seal = place / _SEAL
    if not seal.is_file():
        return False
    try:
        promised = json.loads(seal.read_text(encoding="utf-8"))
    except ValueError:
        return False
    sizes = {
        name: (place / name).stat().st_size if (place / name).is_file() else -1
        for name in (_PIXELS, _BOXES)
    }
    return bool(promised == {"digest": digest, "format": _FORMAT, "bytes": sizes})


def _build(
    manifest: Manifest,
    spec: PreprocessSpec,
    *,
    place: Path,
    workers: int,
    progress: Progress,
) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        _fill(manifest, spec, folder=partial, workers=workers, progress=progress)
        sizes = {name: (partial / name).stat().st_size for name in (_PIXELS, _BOXES)}
        seal = {
            "digest": store_digest(manifest, spec),
            "format": _FORMAT,
            "bytes": sizes,
        }
        (partial / _SEAL).write_text(json.dumps(seal), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        partial.replace(place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _fill(
    manifest: Manifest,
    spec: PreprocessSpec,
    *,
    folder: Path,
    workers: int,
    progress: Progress,
) -> None:
    shape = (len(manifest), spec.size_px, spec.size_px, CHANNELS)
    pixels = np.lib.format.open_memmap(
        folder / _PIXELS, mode="w+", dtype=np.uint8, shape=shape
    )
    boxes = np.zeros((len(manifest), 3), dtype=np.int32)
    digests = manifest.table["pixel_digest"]

    def prepare(row: int) -> None:
        decoded = read_image(manifest.image_path(row))
        if digests.iat[row] != pixel_digest(decoded):
            raise DataError(
                f"{manifest.image_path(row)}: the file changed since it was imported; "
                "run `tumorscope prepare` again"
            )
        try:
            prepared = prepare_slice(decoded, spec)
        except DataError as error:
            raise DataError(f"{manifest.image_path(row)}: {error}") from error
        pixels[row] = prepared.pixels
        box = prepared.box
        boxes[row] = (box.top_px, box.left_px, box.side_px)

    threads = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(max_workers=threads) as pool:
        done = pool.map(prepare, range(len(manifest)))
        for _ in progress(done, total=len(manifest), label="building pixel store"):
            pass
    pixels.flush()
    np.save(folder / _BOXES, boxes)
