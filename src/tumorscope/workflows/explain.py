"""Trained run -> attributions, their overlays, and how well they mark the lesion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.specs import ExplainSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.explanation.attribution import (
    Attribution,
    seen_pixels,
)
from tumorscope.explanation.localization import (
    LocalizationScore,
    SliceScores,
    score_maps,
    summarize_scores,
)
from tumorscope.explanation.masked_maps import MaskedMap, choose_tau
from tumorscope.explanation.overlays import (
    Reference,
    draw_overlay,
    encode_png,
    stack_pictures,
)
from tumorscope.explanation.trivial_maps import (
    flair_channel,
)
from tumorscope.io.artifacts import write_bytes, write_json
from tumorscope.workflows.mapped_slices import (
    ExplainedFold,
    MappedSlice,
    map_slices,
    open_fold,
)
from tumorscope.workflows.recording import recorded_stage
from tumorscope.workflows.run_folder import EXPLANATIONS, Run, open_run
from tumorscope.workflows.scoring import open_fold_bundle, open_predictor
from tumorscope.workflows.whole_folder import whole_folder

SCORES = "localization.json"
_FIXED_RULE = frozenset({"brightness"})
"""Maps whose cut-off is the fixed top 12 % of the core, not one chosen on tuning data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanations:
    """What `explain` found.

    Attributes:
        scores: One for each method, trivial maps last; empty where no masks exist.
        reason: Why nothing could be scored; empty where it could.
        overlays: Pictures that were drawn, one for each slice.
        note: What the reader must know of the channel that stands for FLAIR.
    """

    scores: tuple[LocalizationScore, ...]
    reason: str
    overlays: tuple[Path, ...]
    note: str

    def as_text(self) -> str:
        """Return the scores as a table for a terminal."""
        if not self.scores:
            return f"localization cannot be assessed: {self.reason}"
        lines = [f"{'method':<22} {'pointing game':<24} Dice (largest component)"]
        lines += [
            f"{one.method:<22} {one.pointing!s:<24} {one.dice}" for one in self.scores
        ]
        first = self.scores[0]
        lines.append(
            f"n = {first.n_slices} tumor slices of {first.n_patients} patients; "
            f"{RESEARCH_USE}"
        )
        return "\n".join([*lines, *([self.note] if self.note else [])])


def explain(
    folder: Path, *, spec: ExplainSpec | None = None, progress: Progress = silent
) -> Explanations:
    """Explain the test slices of a run and score the maps against the masks.

    Every tumor slice of the part with a mask is scored, not only those that the model
    found. The cut-off of each method's Dice is chosen on the tuning part.

    Args:
        folder: A trained run.
        spec: Other methods and settings than those of the run; recorded.
        progress: Shows how far it got.

    Returns:
        Scores and overlays; also left in `explanations/`.

    Raises:
        ConfigError: If the folder is no run.
        LeakageError: If a bundle saw what it would be judged on.
    """
    run = open_run(folder)
    chosen = spec or run.record.spec.explain
    flair = flair_channel(run.manifest.sequences)
    with recorded_stage(folder, "explain") as stage:
        stage.spec = run.record.spec.model_copy(update={"explain": chosen})
        with whole_folder(folder / EXPLANATIONS, replaces=True) as place:
            scores, reason = _score_all(run, chosen, flair.index, progress)
            captions = _draw_all(run, chosen, place, flair=flair.index, scores=scores)
            write_json(
                place / SCORES,
                {
                    "notice": RESEARCH_USE,
                    "part": "test",
                    "reason": reason,
                    "note": flair.note,
                    "methods": [score.as_dict() for score in scores],
                    "overlays": captions,
                },
            )
        stage.details |= {"scored": len(scores), "overlays": len(captions)}
    return Explanations(
        scores=scores,
        reason=reason,
        overlays=tuple(folder / EXPLANATIONS / name for name in captions),
        note=flair.note,
    )


def _score_all(
    run: Run, spec: ExplainSpec, flair: int, progress: Progress
) -> tuple[tuple[LocalizationScore, ...], str]:
    table = run.manifest.table
    if table["mask"].isna().all():
        return (), "no lesion masks in this cohort"
    parts: dict[str, list[SliceScores]] = {}
    scored_rows: list[int] = []
    for fold, name in enumerate(run.split.fold_names):
        tune, scored = (
            _masked_tumor_rows(run, part, fold) for part in ("tune", "test")
        )
        if not len(tune) or not len(scored):
            reason = f"no tumor slices with masks to score or tune on in fold {name!r}"
            return (), reason
        opened = open_fold(run, fold, spec, flair)
        taus = _choose_taus(opened, tune, progress)
        maps = _by_method(opened, scored, progress)
        for method, slices in maps.items():
            parts.setdefault(method, []).append(
                score_maps(slices, tau=taus.get(method))
            )
        scored_rows.extend(scored.tolist())
    draws = draw_patients(
        pd.Series(run.owners()[scored_rows]),
        table["site"].iloc[scored_rows].reset_index(drop=True),
        run.record.spec.evaluate,
        grouping=run.split.grouping,
    )
    scores = tuple(
        summarize_scores(method, SliceScores.joined(found), draws)
        for method, found in parts.items()
    )
    return scores, ""


def _masked_tumor_rows(run: Run, part: str, fold: int) -> NDArray[np.int64]:
    table = run.manifest.table
    usable = (table["label"] == 1) & table["mask"].notna()
    in_part = run.split.part[:, fold] == part
    return np.flatnonzero(usable.to_numpy(dtype=bool) & in_part)


def _choose_taus(
    opened: ExplainedFold, rows: NDArray[np.int64], progress: Progress
) -> dict[str, float]:
    by_method = _by_method(opened, rows, progress)
    return {
        method: choose_tau([one.map for one in slices], [one.mask for one in slices])
        for method, slices in by_method.items()
        if method not in _FIXED_RULE
    }


def _by_method(
    opened: ExplainedFold, rows: NDArray[np.int64], progress: Progress
) -> dict[str, list[MaskedMap]]:
    """Return the maps of all methods beside the masks of the slices."""
    collected: dict[str, list[MaskedMap]] = {}
    label = f"explaining {opened.run.split.fold_names[opened.fold]}"
    for mapped in progress(map_slices(opened, rows), total=len(rows), label=label):
        if mapped.mask is None:
            continue
        for method, values in (dict(mapped.maps) | mapped.trivial.by_name()).items():
            collected.setdefault(method, []).append(
                MaskedMap(map=values, mask=mapped.mask, core=mapped.trivial.region.core)
            )
    return collected


def _draw_all(
    run: Run,
    spec: ExplainSpec,
    folder: Path,
    *,
    flair: int,
    scores: tuple[LocalizationScore, ...],
) -> dict[str, str]:
    """Draw slices of the first fold over the whole range of scores.

    Returns:
        The caption of each picture, by its file name.
    """
    opened = open_fold(run, 0, spec, flair)
    predictor = open_predictor(open_fold_bundle(run, 0))
    rows = run.split.rows("test", 0)
    probability = predictor.score_prepared(opened.store.pixels[rows]).tumor_probability
    chosen = _to_draw(run.manifest.labels[rows], probability, spec.overlays)
    taus = {score.method: score.taus[0] for score in scores if score.taus}
    captions: dict[str, str] = {}
    for mapped in map_slices(opened, rows[chosen]):
        score = float(probability[np.flatnonzero(rows == mapped.row)[0]])
        name = f"{len(captions) + 1:03d}.png"
        write_bytes(folder / name, _draw(opened, mapped, score=score, taus=taus))
        captions[name] = _caption(run, mapped.row, score)
    return captions


def _caption(run: Run, row: int, score: float) -> str:
    image = run.manifest.table["image"].iat[row]
    reference = "tumor" if run.manifest.labels[row] else "no tumor"
    return (
        f"{image}: tumor_probability {score:.3f}, reference standard: {reference}. "
        "Pixels that moved the score, not where the tumor is."
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
            Reference(mask=_lesion(mapped.mask), tau=taus.get(method)),
        )
        for method, values in mapped.maps.items()
    ]
    return encode_png(stack_pictures(pictures))


def _lesion(mask: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    return mask if mask is not None and mask.any() else None
