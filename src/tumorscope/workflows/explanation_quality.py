"""Trained run -> scores of all its maps: localization, trust, deletion, slice by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.progress import Progress
from tumorscope.domain.specs import ExplainSpec
from tumorscope.estimation.resampling import PatientDraws, draw_patients
from tumorscope.explanation.localization import (
    LocalizationScore,
    SliceScores,
    summarize_scores,
)
from tumorscope.explanation.map_score import MapScore
from tumorscope.explanation.quality import (
    RANDOM_ORDER,
    QualityReport,
    ScoredMaps,
    measure_quality,
)
from tumorscope.explanation.quality_section import quality_section
from tumorscope.io.artifacts import split_digest
from tumorscope.pages.section import Section
from tumorscope.workflows.explained_folds import FoldScores, score_fold
from tumorscope.workflows.mapped_slices import open_fold
from tumorscope.workflows.run_folder import EXPLANATIONS, SPLIT, Run, open_run
from tumorscope.workflows.scoring import open_fold_bundle
from tumorscope.workflows.versioned_values import read_versioned

QUALITY_JSON = "quality.json"
QUALITY_VERSION = 1
NO_MASKS = "no lesion masks in this cohort"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredMaps:
    """All scores of a run's maps.

    Attributes:
        localization: One for each method, trivial maps last; empty where no masks exist.
        reason: Why nothing marks a lesion; empty where it does.
        quality: Everything else, by method.
        table: A row for each test slice and method: image, frame, label, fold, method,
            and the figures of the slice; NaN where one was not measured.
        taus: The cut-offs of the first fold, by method.
    """

    localization: tuple[LocalizationScore, ...]
    reason: str
    quality: QualityReport
    table: pd.DataFrame
    taus: Mapping[str, float]


def measure_maps(
    run: Run,
    spec: ExplainSpec,
    *,
    flair: int,
    against: Path | None,
    progress: Progress,
) -> MeasuredMaps:
    """Make and score the maps of a run's test part.

    Args:
        run: A trained run.
        spec: Methods, and how many slices enter what.
        flair: Channel that stands for FLAIR.
        against: A run on the same split with another seed; None compares with none.
        progress: Shows how far it got.

    Raises:
        ConfigError: If `against` is the run itself, or has another split.
        BundleError: If a fold has no model.
        LeakageError: If a bundle saw what it would be judged on.
    """
    second = None if against is None else _open_second(run, against)
    folds = [
        score_fold(
            open_fold(run, fold, spec, flair),
            None if second is None else open_fold(second, fold, spec, flair),
            progress,
        )
        for fold in range(len(run.split.fold_names))
    ]
    slices = pd.concat([each.slices for each in folds], ignore_index=True)
    scores = _scores_table(folds, slices["row"])
    localization, reason = _localize(run, folds)
    return MeasuredMaps(
        localization=localization,
        reason=reason,
        quality=measure_quality(
            ScoredMaps(
                slices=slices,
                draws=_draws(run, slices["row"].to_numpy()),
                scores=scores,
                completeness=np.concatenate([each.completeness for each in folds]),
            ),
            spec,
            grouping=run.split.grouping,
            against="" if second is None else _describe_second(run, second),
        ),
        table=_slice_table(run, slices, scores),
        taus=folds[0].taus,
    )


def read_quality(folder: Path) -> QualityReport | None:
    """Read how good a run's maps are.

    Args:
        folder: A run.

    Returns:
        The values; None where they were not measured.

    Raises:
        DataError: If the file is damaged or of another version.
    """
    return read_versioned(
        folder / EXPLANATIONS / QUALITY_JSON,
        QualityReport,
        version=QUALITY_VERSION,
        command="explain",
    )


def read_quality_section(folder: Path) -> Section | None:
    """Return the part of the report on the maps' quality; None where none was measured."""
    report = read_quality(folder)
    return None if report is None else quality_section(report)


def _open_second(run: Run, folder: Path) -> Run:
    second = open_run(folder)
    if second.folder.resolve() == run.folder.resolve():
        raise ConfigError(f"--against {folder}: is the run itself; name another one")
    if second.manifest.digest != run.manifest.digest or split_digest(
        second.folder / SPLIT
    ) != split_digest(run.folder / SPLIT):
        raise ConfigError(
            f"--against {folder}: has other slices or another split than {run.folder}; "
            "copy the prepared run, and train the copy with another train.seed"
        )
    return second


def _describe_second(run: Run, second: Run) -> str:
    seeds = [
        open_fold_bundle(each, 0).card.train.seed for each in (second, run)
    ]  # of the second run first
    return (
        f"“{second.record.name}”, trained with seed {seeds[0]} (this run: seed "
        f"{seeds[1]})"
    )


def _scores_table(folds: Sequence[FoldScores], rows: pd.Series[int]) -> pd.DataFrame:
    """Return a row for each slice and method, with all figures that were measured."""
    position = {int(row): place for place, row in enumerate(rows)}
    merged: dict[tuple[int, str], dict[str, float]] = {}
    for found in (each for fold in folds for each in fold.rows):
        key = (position[found.row], found.method)
        merged.setdefault(key, {}).update(found.figures)
    return pd.DataFrame(
        [
            {"slice": place, "method": method, **figures}
            for (place, method), figures in merged.items()
        ],
        columns=None if merged else ["slice", "method"],
    )


def _localize(
    run: Run, folds: Sequence[FoldScores]
) -> tuple[tuple[LocalizationScore, ...], str]:
    if run.manifest.table["mask"].isna().all():
        return (), NO_MASKS
    parts: dict[str, list[SliceScores]] = {}
    scored_rows: list[int] = []
    for each in folds:
        by_method: dict[str, list[MapScore]] = {}
        rows: dict[int, None] = {}
        for one in each.rows:
            if one.lesion is not None:
                by_method.setdefault(one.method, []).append(one.lesion)
                rows[one.row] = None
        if not by_method or not each.taus:
            return (), (
                f"no tumor slices with masks to score or tune on in fold {each.fold!r}"
            )
        for method, scores in by_method.items():
            part = SliceScores.of(scores, tau=each.taus.get(method))
            parts.setdefault(method, []).append(part)
        scored_rows.extend(rows)
    draws = _draws(run, np.array(scored_rows, dtype=np.int64))
    return tuple(
        summarize_scores(method, SliceScores.joined(found), draws)
        for method, found in parts.items()
    ), ""


def _draws(run: Run, rows: NDArray[np.int64]) -> PatientDraws:
    return draw_patients(
        pd.Series(run.owners()[rows]),
        run.manifest.table["site"].iloc[rows].reset_index(drop=True),
        run.record.spec.evaluate,
        grouping=run.split.grouping,
    )


def _slice_table(run: Run, slices: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores beside the names of their slices."""
    names = run.manifest.table[["image", "frame"]].iloc[slices["row"]]
    known = slices.drop(columns=["row"])
    known.insert(0, "image", names["image"].to_numpy())
    known.insert(1, "frame", names["frame"].array)
    own = scores[scores["method"] != RANDOM_ORDER]
    return known.merge(own, left_index=True, right_on="slice").drop(columns="slice")
