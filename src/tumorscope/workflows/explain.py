"""Trained run -> attributions, their overlays, and how well they mark the lesion."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.specs import ExplainSpec
from tumorscope.explanation.localization import LocalizationScore
from tumorscope.explanation.quality import QualityReport
from tumorscope.explanation.quality_section import summarize_quality
from tumorscope.explanation.trivial_maps import flair_channel
from tumorscope.io.slice_tables import write_slice_table
from tumorscope.io.whole_files import write_json
from tumorscope.workflows.explanation_pictures import draw_overlays
from tumorscope.workflows.explanation_quality import (
    QUALITY_JSON,
    QUALITY_VERSION,
    MeasuredMaps,
    measure_maps,
)
from tumorscope.workflows.mapped_slices import open_fold
from tumorscope.workflows.recording import recorded_stage
from tumorscope.workflows.run_folder import EXPLANATIONS, open_run
from tumorscope.workflows.whole_folder import whole_folder

SCORES, SLICE_SCORES = "localization.json", "scores.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanations:
    """What `explain` found.

    Attributes:
        scores: One for each method, trivial maps last; empty where no masks exist.
        reason: Why nothing could be scored; empty where it could.
        quality: Whether the maps can be trusted, and where else they lie.
        overlays: Pictures that were drawn, one for each slice.
        note: What the reader must know of the channel that stands for FLAIR.
    """

    scores: tuple[LocalizationScore, ...]
    reason: str
    quality: QualityReport
    overlays: tuple[Path, ...]
    note: str

    def as_text(self) -> str:
        """Return the scores as a table for a terminal, and what else was found."""
        lines = [f"localization cannot be assessed: {self.reason}"]
        if self.scores:
            lines = [f"{'method':<22} {'pointing game':<24} Dice (largest component)"]
            lines += [
                f"{one.method:<22} {one.pointing!s:<24} {one.dice}"
                for one in self.scores
            ]
            first = self.scores[0]
            lines.append(
                f"n = {first.n_slices} tumor slices of {first.n_patients} patients"
            )
        notes = [self.note] if self.note else []
        return "\n".join(
            [*lines, *summarize_quality(self.quality), *notes, RESEARCH_USE]
        )


def explain(
    folder: Path,
    *,
    spec: ExplainSpec | None = None,
    against: Path | None = None,
    progress: Progress = silent,
) -> Explanations:
    """Explain the test slices of a run, score the maps, and check what they depend on.

    Every tumor slice of the part with a mask is scored, not only those that the model
    found. The cut-off of each method's Dice is chosen on the tuning part. The files of an
    earlier call stay until all new ones are there: after a stop, start again.

    Args:
        folder: A trained run.
        spec: Other methods and settings than those of the run; recorded.
        against: A run on the same split, trained with another seed: how alike are its
            maps?
        progress: Shows how far it got.

    Returns:
        Scores and overlays; also left in `explanations/`.

    Raises:
        ConfigError: If the folder is no run, or `against` has another split.
        LeakageError: If a bundle saw what it would be judged on.
    """
    run = open_run(folder)
    chosen = spec or run.record.spec.explain
    flair = flair_channel(run.manifest.sequences)
    with recorded_stage(folder, "explain") as stage:
        stage.spec = run.record.spec.model_copy(update={"explain": chosen})
        with whole_folder(folder / EXPLANATIONS, replaces=True) as place:
            measured = measure_maps(
                run, chosen, flair=flair.index, against=against, progress=progress
            )
            captions = draw_overlays(
                open_fold(run, 0, chosen, flair.index),
                place,
                taus=measured.taus,
                untrusted=measured.quality.untrusted,
            )
            _write(place, measured, captions, flair.note)
        stage.details |= {
            "scored": len(measured.localization),
            "overlays": len(captions),
            "untrusted": list(measured.quality.untrusted),
        }
    return Explanations(
        scores=measured.localization,
        reason=measured.reason,
        quality=measured.quality,
        overlays=tuple(folder / EXPLANATIONS / name for name in captions),
        note=flair.note,
    )


def _write(
    place: Path, measured: MeasuredMaps, captions: dict[str, str], note: str
) -> None:
    write_json(
        place / SCORES,
        {
            "notice": RESEARCH_USE,
            "part": "test",
            "reason": measured.reason,
            "note": note,
            "methods": [_with_verdict(one, measured) for one in measured.localization],
            "overlays": captions,
        },
    )
    write_json(
        place / QUALITY_JSON,
        {
            "kind": "tumorscope-explanation-quality",
            "version": QUALITY_VERSION,
            "notice": RESEARCH_USE,
            "part": "test",
            "report": to_json_value(measured.quality),
        },
    )
    write_slice_table(place / SLICE_SCORES, measured.table)


def _with_verdict(score: LocalizationScore, measured: MeasuredMaps) -> dict[str, Any]:
    quality = measured.quality.of_method(score.method)
    verdict = "cannot be assessed" if quality is None else quality.verdict
    return score.as_dict() | {"verdict": verdict}
