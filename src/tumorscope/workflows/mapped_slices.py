"""All maps of a slice, attributions and trivial ones, on the grid of its image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.specs import ExplainSpec
from tumorscope.explanation.attribution import to_original_grid
from tumorscope.explanation.methods import explain_batch
from tumorscope.explanation.trivial_maps import TrivialMaps, make_trivial_maps
from tumorscope.inference.torch_engine import load_network
from tumorscope.io.images import read_image, read_mask
from tumorscope.io.pixel_store import PixelStore
from tumorscope.preprocessing import to_network_input
from tumorscope.workflows.run_folder import Run
from tumorscope.workflows.scoring import open_fold_bundle

ChangeInput = Callable[[NDArray[np.float32], NDArray[np.int64]], NDArray[np.float32]]
"""The network's input and its rows, to another input of the same shape."""

_CHUNK_SLICES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedSlice:
    """All maps of one slice.

    Attributes:
        row: Row of the manifest.
        maps: By method, shape (height, width) of the image, float32.
        trivial: The maps that know nothing of the model.
        mask: Lesion mask, shape (height, width), or None where there is none.
        pixels: The decoded image, shape (height, width) or (height, width, 3).
    """

    row: int
    maps: Mapping[str, NDArray[np.float32]]
    trivial: TrivialMaps
    mask: NDArray[np.bool_] | None
    pixels: NDArray[Any]

    @property
    def has_lesion(self) -> bool:
        """Whether there is a mask with a lesion in it."""
        return self.mask is not None and bool(self.mask.any())

    def all_maps(self) -> dict[str, NDArray[np.float32]]:
        """Return the maps of the model, then the trivial ones."""
        return dict(self.maps) | self.trivial.by_name()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedFold:
    """What the maps of a fold are made from.

    Attributes:
        run: The run.
        fold: Number of the fold.
        network: The fold's network, in evaluation mode.
        store: Prepared slices of the run.
        spec: Methods and settings.
        flair: Channel that stands for FLAIR.
    """

    run: Run
    fold: int
    network: Any
    store: PixelStore
    spec: ExplainSpec
    flair: int


def open_fold(run: Run, fold: int, spec: ExplainSpec, flair: int) -> ExplainedFold:
    """Open the model and the slices of a fold.

    Raises:
        BundleError: If the fold has no model, or a damaged one.
        LeakageError: If the model saw what it would be judged on.
    """
    bundle = open_fold_bundle(run, fold)
    return ExplainedFold(
        run=run,
        fold=fold,
        network=load_network(bundle.weights),
        store=run.store(),
        spec=spec,
        flair=flair,
    )


def map_slices(opened: ExplainedFold, rows: NDArray[np.int64]) -> Iterator[MappedSlice]:
    """Yield the maps of some rows, in their order."""
    for row, maps in zip(rows, attribute_rows(opened, rows), strict=True):
        yield _one_slice(opened, int(row), maps)


def attribute_rows(
    opened: ExplainedFold, rows: NDArray[np.int64], *, change: ChangeInput | None = None
) -> Iterator[dict[str, NDArray[np.float32]]]:
    """Yield the model's maps of some rows, in their order, on the network's input.

    Args:
        opened: Network, slices and methods.
        rows: Rows of the manifest.
        change: Changes the network's input, (batch, 3, height, width), of these rows; None
            takes it as it is.
    """
    for start in range(0, len(rows), _CHUNK_SLICES):
        chunk = rows[start : start + _CHUNK_SLICES]
        images = to_network_input(opened.store.pixels[chunk])
        if change is not None:
            images = change(images, chunk)
        maps = explain_batch(opened.network, images, opened.spec)
        for position in range(len(chunk)):
            yield {method: found[position] for method, found in maps.items()}


def to_image_grid(
    opened: ExplainedFold,
    row: int,
    maps: Mapping[str, NDArray[np.float32]],
    shape: tuple[int, ...],
) -> dict[str, NDArray[np.float32]]:
    """Bring maps of a row from the network's input to an image of (height, width)."""
    box = opened.store.box(row)
    return {
        method: to_original_grid(found, box, shape[0], shape[1])
        for method, found in maps.items()
    }


def _one_slice(
    opened: ExplainedFold, row: int, maps: Mapping[str, NDArray[np.float32]]
) -> MappedSlice:
    manifest = opened.run.manifest
    pixels = read_image(manifest.image_path(row))
    mask_path = manifest.mask_path(row)
    return MappedSlice(
        row=row,
        maps=to_image_grid(opened, row, maps, pixels.shape),
        trivial=make_trivial_maps(pixels, flair=opened.flair),
        mask=None if mask_path is None else read_mask(mask_path),
        pixels=pixels,
    )
