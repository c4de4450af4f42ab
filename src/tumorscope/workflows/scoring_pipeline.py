"""Prepares slices ahead of the network and scores them in batches, in their order.

A batch that is asked for is one batch of the network. So the same source makes the same
batches however often the work is stopped, and nothing depends on which worker is first.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace

from tumorscope.domain.errors import DataError
from tumorscope.inference.predictor import Predictor, Scores
from tumorscope.workflows.serving import ServedModel
from tumorscope.workflows.slice_prediction import (
    SlicePrediction,
    decide_slice,
    refuse_slice,
)
from tumorscope.workflows.slice_preparation import (
    PreparedBatch,
    SliceItem,
    SlicePreparer,
    prepare_in_worker,
    start_worker,
)

MOST_WORKERS = 8
"""Each takes about 0.1 GB; beyond this number the network is the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBatch:
    """Slices that are scored in one pass.

    Attributes:
        items: The slices; none where a unit of the source has none.
        units_done: Units of the source that are complete with this batch.
    """

    items: tuple[SliceItem, ...]
    units_done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredBatch:
    """Answers for the slices of one batch.

    Attributes:
        entries: One for each slice.
        units_done: As in the batch.
    """

    entries: tuple[SlicePrediction, ...]
    units_done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    batch: SourceBatch
    prepared: PreparedBatch
    scores: Future[Scores | None]


def usable_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def score_batches(
    model: ServedModel, batches: Iterable[SourceBatch]
) -> Iterator[ScoredBatch]:
    """Score batches in their order.

    Only a few batches are held at any time: memory does not grow with the source.

    Args:
        model: Gate, network and rules.
        batches: Read one by one, a little ahead of the scores.

    Yields:
        The answers of each batch.

    Raises:
        DataError: If a file kills the process that decodes it.
    """
    predictor = model.predictor
    preparer = SlicePreparer(spec=predictor.card.preprocess, gate=predictor.gate)
    workers = min(usable_cores(), MOST_WORKERS)
    with (
        ProcessPoolExecutor(
            max_workers=workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=start_worker,
            initargs=(preparer,),
        ) as preparing,
        ThreadPoolExecutor(max_workers=model.streams) as scoring,
    ):
        waiting: deque[_Prepared] = deque()
        for batch, prepared in _prepare_ahead(preparing, batches, ahead=2 * workers):
            scores = scoring.submit(_score, predictor, prepared)
            waiting.append(_Prepared(batch=batch, prepared=prepared, scores=scores))
            if len(waiting) > model.streams:
                yield _decide(predictor, waiting.popleft())
        while waiting:
            yield _decide(predictor, waiting.popleft())


def _prepare_ahead(
    pool: ProcessPoolExecutor, batches: Iterable[SourceBatch], *, ahead: int
) -> Iterator[tuple[SourceBatch, PreparedBatch]]:
    running: deque[tuple[SourceBatch, Future[PreparedBatch]]] = deque()
    for batch in batches:
        running.append((batch, pool.submit(prepare_in_worker, batch.items)))
        if len(running) >= ahead:
            yield _finished(*running.popleft())
    while running:
        yield _finished(*running.popleft())


def _finished(
    batch: SourceBatch, future: Future[PreparedBatch]
) -> tuple[SourceBatch, PreparedBatch]:
    try:
        return batch, future.result()
    except BrokenProcessPool as error:
        first, last = batch.items[0].name, batch.items[-1].name
        raise DataError(
            f"a process that decodes was killed, by a file or for its memory: near the "
            f"{len(batch.items)} files from {first} to {last}. Take them out one by one, "
            "then run the same command again: what is done is kept"
        ) from error


def _score(predictor: Predictor, prepared: PreparedBatch) -> Scores | None:
    if not len(prepared.pixels):
        return None
    return predictor.score_prepared(
        prepared.pixels, batch_size=max(1, len(prepared.pixels))
    )


def _decide(predictor: Predictor, done: _Prepared) -> ScoredBatch:
    scores, place = done.scores.result(), 0
    entries: list[SlicePrediction] = []
    for item in done.prepared.items:
        if item.refused or scores is None:
            entry = refuse_slice(predictor, image=item.name, reason=item.refused)
        else:
            entry = decide_slice(predictor, _one(scores, place), image=item.name)
            place += 1
        if item.gate is not None:
            check, reasons = item.gate.outcome, item.gate.reasons
            entry = replace(entry, input_check=check, input_reasons=reasons)
        if item.slice_index is not None:
            entry = replace(
                entry, slice_index=item.slice_index, position_mm=item.position_mm
            )
        entries.append(entry)
    return ScoredBatch(entries=tuple(entries), units_done=done.batch.units_done)


def _one(scores: Scores, place: int) -> Scores:
    """Return one slice's scores."""
    row = slice(place, place + 1)
    return Scores(
        logit=scores.logit[row],
        tumor_probability=scores.tumor_probability[row],
        class_map=scores.class_map[row],
    )


def in_batches(
    items: Sequence[SliceItem], *, size: int, units_before: int, is_one_unit: bool
) -> Iterator[SourceBatch]:
    """Cut slices into batches.

    Args:
        items: Slices in their order.
        size: Slices in one batch.
        units_before: Units of the source that are complete before the first of them.
        is_one_unit: Whether all of them are one unit; else each is a unit of its own.

    Yields:
        The batches; one without slices where a unit has none.
    """
    if is_one_unit and not items:
        yield SourceBatch(items=(), units_done=units_before + 1)
    for start in range(0, len(items), size):
        chosen = tuple(items[start : start + size])
        is_last = start + size >= len(items)
        done = int(is_last) if is_one_unit else start + len(chosen)
        yield SourceBatch(items=chosen, units_done=units_before + done)
