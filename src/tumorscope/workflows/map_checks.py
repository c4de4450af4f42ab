"""Maps made again under other conditions, and slices without their pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.progress import Progress
from tumorscope.explanation.input_grid import to_input_grid
from tumorscope.explanation.map_agreement import (
    rank_correlation,
    structural_similarity,
)
from tumorscope.explanation.order_tests import CURVES
from tumorscope.explanation.pixel_removal import (
    RANDOM_ORDERS,
    RemovalSlice,
    order_at_random,
    order_by_map,
    remove_pixels,
)
from tumorscope.explanation.quality import RANDOM_ORDER
from tumorscope.explanation.quality_figures import RANDOMIZED
from tumorscope.explanation.randomization import (
    add_noise,
    build_randomized,
    completeness_errors,
)
from tumorscope.preprocessing import to_network_input
from tumorscope.workflows.map_scores import MapRow
from tumorscope.workflows.mapped_slices import (
    ChangeInput,
    ExplainedFold,
    MappedSlice,
    attribute_rows,
    to_image_grid,
)
from tumorscope.workflows.scoring import open_fold_bundle, open_predictor

Maps = Mapping[str, NDArray[np.float32]]
_NOISE_STREAM, _ORDER_STREAM = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RemadeMaps:
    """Maps of the checked slices under other conditions, in the slices' order.

    Attributes:
        randomized: For each re-initialized network.
        noisy: With a little noise on the input.
        second: Of the second run; None where none was named.
    """

    randomized: Sequence[Sequence[Maps]]
    noisy: Sequence[Maps]
    second: Sequence[Maps] | None


def check_slices(
    opened: ExplainedFold,
    mapped: Sequence[MappedSlice],
    *,
    second: ExplainedFold | None,
    progress: Progress,
) -> Iterator[MapRow]:
    """Compare maps with those of other weights, of a noisy slice and of a second run.

    Args:
        opened: The fold.
        mapped: Its checked slices.
        second: The same fold of a run with another seed.
        progress: Shows how far it got.

    Yields:
        A row for each slice and method of the model.
    """
    if not mapped:
        return
    remade = _remake(opened, mapped, second, progress)
    for position, one in enumerate(mapped):
        brain = one.trivial.region.brain
        for method, values in one.maps.items():
            yield MapRow(
                row=one.row,
                method=method,
                figures=_agreement(values, brain, remade, (position, method)),
            )


def _remake(
    opened: ExplainedFold,
    mapped: Sequence[MappedSlice],
    second: ExplainedFold | None,
    progress: Progress,
) -> RemadeMaps:
    spec = opened.spec

    def noise(
        images: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        streams = np.tile([spec.seed, _NOISE_STREAM], (len(rows), 1))
        seeds = np.column_stack([streams, rows])
        return add_noise(images, share=spec.noise_share, seeds=seeds)

    def remade(
        fold: ExplainedFold, label: str, change: ChangeInput | None = None
    ) -> list[Maps]:
        rows = np.array([one.row for one in mapped], dtype=np.int64)
        found = attribute_rows(fold, rows, change=change)
        shown = progress(
            found,
            total=len(rows),
            label=f"{label}, {fold.run.split.fold_names[fold.fold]}",
        )
        return [
            to_image_grid(fold, one.row, maps, one.pixels.shape)
            for one, maps in zip(mapped, shown, strict=True)
        ]

    return RemadeMaps(
        randomized=[
            remade(
                replace(opened, network=build_randomized(spec.seed + draw)),
                f"re-initialized weights {draw + 1} of {spec.randomizations}",
            )
            for draw in range(spec.randomizations)
        ],
        noisy=remade(opened, "small noise", noise),
        second=None if second is None else remade(second, "second run"),
    )


def _agreement(
    values: NDArray[np.float32],
    brain: NDArray[np.bool_],
    remade: RemadeMaps,
    place: tuple[int, str],
) -> dict[str, float]:
    position, method = place
    randomized = [draw[position][method] for draw in remade.randomized]
    noisy = remade.noisy[position][method]
    figures = {
        RANDOMIZED: _mean_absolute_rank(
            [(values, other) for other in randomized], brain
        ),
        "randomized_chance": _mean_absolute_rank(
            list(combinations(randomized, 2)), brain
        ),
        "noise_ssim": structural_similarity(values, noisy, brain),
        "noise_rank_correlation": rank_correlation(values, noisy, brain),
    }
    if remade.second is not None:
        other = remade.second[position][method]
        figures["seed_ssim"] = structural_similarity(values, other, brain)
        figures["seed_rank_correlation"] = rank_correlation(values, other, brain)
    return figures


def _mean_absolute_rank(
    pairs: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]],
    brain: NDArray[np.bool_],
) -> float:
    return float(
        np.mean([abs(rank_correlation(one, other, brain)) for one, other in pairs])
    )


def measure_completeness(
    opened: ExplainedFold, rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return |logit - mean of the class map| of some rows; shape (rows,)."""
    if not len(rows):
        return np.zeros(0)
    images = to_network_input(opened.store.pixels[rows])
    return completeness_errors(opened.network, images)


def delete_pixels(
    opened: ExplainedFold, mapped: Sequence[MappedSlice], progress: Progress
) -> Iterator[MapRow]:
    """Delete and insert the pixels of slices in the order of every map, and at random.

    Args:
        opened: The fold.
        mapped: Its slices whose pixels go; one without brain is left out.
        progress: Shows how far it got.

    Yields:
        A row for each slice and map, and one for the random orders.
    """
    if not mapped:
        return
    predictor = open_predictor(open_fold_bundle(opened.run, opened.fold))

    def score(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        return predictor.score_prepared(pixels).tumor_probability

    label = f"deleting pixels, {opened.run.split.fold_names[opened.fold]}"
    for one in progress(mapped, total=len(mapped), label=label):
        each = _removal_slice(opened, one)
        if each is None:
            continue
        areas = remove_pixels(each, _orders(opened, one, each), score)
        for method in one.all_maps():
            yield MapRow(
                row=one.row,
                method=method,
                figures={curve: getattr(areas[method], curve) for curve in CURVES},
            )
        at_random = [areas[_random_name(draw)] for draw in range(RANDOM_ORDERS)]
        means = {
            curve: float(np.mean([getattr(area, curve) for area in at_random]))
            for curve in CURVES
        }
        yield MapRow(row=one.row, method=RANDOM_ORDER, figures=means)


def _removal_slice(opened: ExplainedFold, one: MappedSlice) -> RemovalSlice | None:
    pixels = opened.store.pixels[one.row]
    region = one.trivial.region
    brain, core = (
        to_input_grid(each, opened.store.box(one.row), len(pixels), outside=0) >= 0.5
        for each in (region.brain, region.core)
    )
    if not brain.any():
        return None
    return RemovalSlice(pixels=np.asarray(pixels), brain=brain, core=core & brain)


def _orders(
    opened: ExplainedFold, one: MappedSlice, each: RemovalSlice
) -> dict[str, NDArray[np.int64]]:
    box, size_px = opened.store.box(one.row), len(each.pixels)
    orders = {
        method: order_by_map(
            to_input_grid(values, box, size_px, outside=float(values.min())), each.brain
        )
        for method, values in one.all_maps().items()
    }
    generator = np.random.default_rng([opened.spec.seed, _ORDER_STREAM, one.row])
    for draw in range(RANDOM_ORDERS):
        orders[_random_name(draw)] = order_at_random(each.brain, generator)
    return orders


def _random_name(draw: int) -> str:
    return f"{RANDOM_ORDER} {draw}"
