"""Bundle + many slices -> one Parquet table, resumable after a kill."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.progress import Progress, silent
from tumorscope.inference.engines import AUTO
from tumorscope.io.score_table import ScoreChunks, ScoredTable
from tumorscope.workflows.predict_images import model_notes
from tumorscope.workflows.scoring_pipeline import (
    ScoredBatch,
    score_batches,
    usable_cores,
)
from tumorscope.workflows.scoring_sources import ScoringSource, open_source
from tumorscope.workflows.serving import ServedModel, serve_bundle
from tumorscope.workflows.slice_prediction import SlicePrediction

MOST_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRhythm:
    """How often what happens.

    Attributes:
        batch: Slices in one pass of the network.
        chunk_rows: Rows that a kill can cost at most, to the next whole unit.
    """

    batch: int = 32
    chunk_rows: int = 2048


USUAL = ArchiveRhythm()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredArchive:
    """What became of a source.

    Attributes:
        table: The Parquet file and what of it has no score.
        notes: What holds for all scores.
        resumed_units: Units that an earlier, stopped call had done.
    """

    table: ScoredTable
    notes: tuple[str, ...]
    resumed_units: int

    @property
    def all_refused(self) -> bool:
        """Whether not a single slice got a score."""
        return len(self.table.refused) == self.table.rows

    def as_words(self) -> str:
        """Return counts, the refused files with their reasons, and the notes."""
        refused = self.table.refused
        more = len(refused) - MOST_LISTED
        went_on = f" (went on after {self.resumed_units})" if self.resumed_units else ""
        return "\n".join(
            [
                f"{self.table.path}: {self.table.rows} rows, {len(refused)} without a "
                f"score{went_on}",
                *[f"  {name}: {reason}" for name, reason in refused[:MOST_LISTED]],
                *([f"  and {more} more, in the column `refused`"] if more > 0 else []),
                *[*self.notes, RESEARCH_USE],
            ]
        )


def score_archive(
    bundle: Path,
    source: Path,
    out: Path,
    *,
    engine: str = AUTO,
    rhythm: ArchiveRhythm = USUAL,
    progress: Progress = silent,
) -> ScoredArchive:
    """Score all slices of a source into one table, in the order of the source.

    Whole chunks of rows are kept as they are done. The same command after a kill goes on
    behind them: no row comes twice, and none is missing.

    Args:
        bundle: A bundle, or a run that holds one.
        source: See `open_source`.
        out: Parquet file to make.
        engine: What runs the network, see `choose_engine`.
        rhythm: Slices in one pass, and rows in a chunk.
        progress: Shows how far it got.

    Returns:
        The table, and what of it was refused.

    Raises:
        BundleError: If the bundle cannot be used.
        ConfigError: If the table exists, or was begun with another source, bundle or
            engine.
        DataError: If the source cannot be used.
    """
    chunks = ScoreChunks.beside(out)
    model = serve_bundle(bundle, engine=engine, streams=usable_cores())
    with ExitStack() as resources:
        units = open_source(source, model.predictor, resources, progress=progress)
        done = chunks.begin(_identity(model, units, rhythm))
        scored = score_batches(model, units.batches(done, rhythm.batch))
        rest = units.units - done
        finished = _write(scored, chunks, first=done, chunk_rows=rhythm.chunk_rows)
        for _ in progress(finished, total=rest, label=f"scoring {units.what}"):
            pass
    notes = model_notes(model)
    return ScoredArchive(
        table=chunks.finish(_metadata(model, notes)), notes=notes, resumed_units=done
    )


def _write(
    scored: Iterator[ScoredBatch], chunks: ScoreChunks, *, first: int, chunk_rows: int
) -> Iterator[int]:
    """Write chunks of whole units; yield each unit as it is done."""
    rows: list[Mapping[str, Any]] = []
    reached = first
    for batch in scored:
        rows += map(_row, batch.entries)
        yield from range(reached, batch.units_done)
        is_whole = batch.units_done > reached
        reached = batch.units_done
        if is_whole and len(rows) >= chunk_rows:
            chunks.write(rows, first=first, end=reached)
            first, rows = reached, []
    if reached > first:
        chunks.write(rows, first=first, end=reached)


def _row(entry: SlicePrediction) -> dict[str, Any]:
    labels = entry.deciding_labels
    return {
        "image": entry.image,
        "slice_index": entry.slice_index,
        "position_mm": entry.position_mm,
        "tumor_probability": entry.tumor_probability,
        "threshold_probability": entry.threshold_probability,
        "above_threshold": entry.above_threshold,
        "decision": entry.decision,
        "reasons": list(entry.reasons),
        "possible_labels": None if labels is None else list(labels),
        "input_check": entry.input_check,
        "input_reasons": list(entry.input_reasons),
        "refused": entry.refused,
    }


def _identity(
    model: ServedModel, source: ScoringSource, rhythm: ArchiveRhythm
) -> dict[str, Any]:
    """Return what the scores depend on; figures that `evaluate` adds are no part."""
    card = model.predictor.card.model_dump_json(exclude={"measured"})
    return {
        "format": 1,
        "source": source.digest,
        "bundle": hashlib.sha256(card.encode()).hexdigest(),
        "engine": dict(model.engine_digests),
        "batch": rhythm.batch,
    }


def _metadata(model: ServedModel, notes: tuple[str, ...]) -> dict[str, str]:
    return {
        "tumorscope.notice": RESEARCH_USE,
        "tumorscope.bundle": model.predictor.card.name,
        "tumorscope.notes": "\n".join(notes),
    }
