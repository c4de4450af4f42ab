"""Overlays of some test slices, over the whole range of scores, with their captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.explanation.attribution import Attribution, seen_pixels
from tumorscope.explanation.overlays import (
    Reference,
    draw_overlay,
    encode_png,
    stack_pictures,
)
from tumorscope.io.whole_files import write_bytes
from tumorscope.workflows.mapped_slices import (
    ExplainedFold,
    MappedSlice,
    map_slices,
)
from tumorscope.workflows.run_folder import Run
from tumorscope.workflows.scoring import open_fold_bundle, open_predictor


def draw_overlays(
    opened: ExplainedFold,
    folder: Path,
    *,
    taus: Mapping[str, float],
    untrusted: Sequence[str],
) -> dict[str, str]:
    """Draw slices of a fold over the whole range of scores.

    Args:
        opened: The fold.
        folder: Where the pictures go.
        taus: The cut-off of each method that has one.
        untrusted: Methods whose maps failed the weight-randomization check.

    Returns:
        The caption of each picture, by its file name.
    """
    run = opened.run
    predictor = open_predictor(open_fold_bundle(run, opened.fold))
    rows = run.split.rows("test", opened.fold)
    probability = predictor.score_prepared(opened.store.pixels[rows]).tumor_probability
    chosen = _to_draw(run.manifest.labels[rows], probability, opened.spec.overlays)
    captions: dict[str, str] = {}
    for mapped in map_slices(opened, rows[chosen]):
        score = float(probability[np.flatnonzero(rows == mapped.row)[0]])
        name = f"{len(captions) + 1:03d}.png"
        write_bytes(folder / name, _draw(opened, mapped, score=score, taus=taus))
        captions[name] = _caption(run, mapped.row, score, untrusted)
    return captions


def _caption(run: Run, row: int, score: float, untrusted: Sequence[str]) -> str:
    image = run.manifest.table["image"].iat[row]
    reference = "tumor" if run.manifest.labels[row] else "no tumor"
    failed = ", ".join(method.replace("_", " ") for method in untrusted)
    warning = f" Not to be trusted: {failed}." if failed else ""
    return (
        f"{image}: tumor_probability {score:.3f}, reference standard: {reference}. "
        f"Pixels that moved the score, not where the tumor is.{warning}"
    )


def _to_draw(
    labels: NDArray[np.int64], probability: NDArray[np.float64], count: int
) -> NDArray[np.int64]:
    """Choose slices over the whole range of scores: tumor slices first, then others."""
    chosen: list[NDArray[np.int64]] = []
    for label, share in ((1, count - count // 3), (0, count // 3)):
        found = np.flatnonzero(labels == label)
        order = found[np.argsort(-probability[found], kind="stable")]
        places = np.linspace(0, len(order) - 1, min(share, len(order))).round()
        chosen.append(order[places.astype(np.int64)])
    return np.concatenate(chosen)


def _draw(
    opened: ExplainedFold,
    mapped: MappedSlice,
    *,
    score: float,
    taus: Mapping[str, float],
) -> bytes:
    box = opened.store.box(mapped.row)
    channel = mapped.pixels
    if channel.ndim == 3:
        channel = channel[..., opened.flair]
    pictures = [
        draw_overlay(
            channel,
            Attribution(
                image=str(opened.run.manifest.table["image"].iat[mapped.row]),
                method=method,
                map=values,
                tumor_probability=score,
                seen=seen_pixels(box, *channel.shape),
            ),
            Reference(
                mask=mapped.mask if mapped.has_lesion else None, tau=taus.get(method)
            ),
        )
        for method, values in mapped.maps.items()
    ]
    return encode_png(stack_pictures(pictures))
