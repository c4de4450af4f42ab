"""Evaluated run -> what MRI artifacts cost: robustness.json, robustness.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import ConfigError
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.robustness_spec import RobustnessSettings, RobustnessSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.evaluated import evaluated_rows
from tumorscope.evaluation.robustness.measuring import measure_robustness
from tumorscope.evaluation.robustness.report import RobustnessReport
from tumorscope.evaluation.robustness.scores import (
    CorruptedScores,
    ReferenceScores,
    RobustnessScores,
)
from tumorscope.evaluation.robustness.sections import (
    robustness_section,
    robustness_sections,
)
from tumorscope.evaluation.robustness.words import (
    robustness_limits,
    summarize_robustness,
)
from tumorscope.evaluation.same_slices import Contender, refuse_other_slices
from tumorscope.io.whole_files import write_json, write_text
from tumorscope.mri_artifacts import ARTIFACTS_VERSION
from tumorscope.pages.page import PageHead, render_page
from tumorscope.pages.section import Section
from tumorscope.workflows.corrupted_scores import corruptions_of, score_corruptions
from tumorscope.workflows.fairness_inputs import read_run_predictions
from tumorscope.workflows.recording import library_versions, now, recorded_stage
from tumorscope.workflows.run_folder import Run, open_run
from tumorscope.workflows.scoring import manifest_rows
from tumorscope.workflows.settings import read_settings
from tumorscope.workflows.versioned_values import read_versioned

ROBUSTNESS_JSON, ROBUSTNESS_HTML = "robustness.json", "robustness.html"
ROBUSTNESS_VERSION = 1
_KEYS = ["image", "frame"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRobustness:
    """Where the figures are, and what they say in short.

    Attributes:
        html: The page.
        json: The same numbers.
        report: The values.
        summary: A few lines for a terminal.
    """

    html: Path
    json: Path
    report: RobustnessReport
    summary: str


def measure_run_robustness(
    folder: Path,
    *,
    reference: Path | None = None,
    assignments: Sequence[str] = (),
    progress: Progress = silent,
) -> WrittenRobustness:
    """Corrupt the tested slices of an evaluated run, and score them again.

    What was scored already, for the same model and the same definitions, is read from
    `robustness/` in the run: the same command goes on after a stop.

    Args:
        folder: The run.
        reference: Another evaluated run on the same tested slices, for the relative
            corruption error. Its scores are kept in its own folder.
        assignments: Changes of settings, each `robustness.key=value`.
        progress: Shows how far it got, and the time left.

    Returns:
        The figures, also left in the run's folder.

    Raises:
        ConfigError: If a setting cannot be used, or a run was not evaluated.
        DataError: If the reference tested other slices, or a slice cannot be prepared.
        BundleError: If a fold has no model.
    """
    spec = read_settings(
        RobustnessSettings, file=None, assignments=assignments
    ).robustness
    run = open_run(folder)
    table = _tested(run)
    others = () if reference is None else (_open_reference(run, table, reference),)
    with recorded_stage(folder, "robustness") as stage:
        artifacts, missing = _score(run, table, spec, progress)
        scores = RobustnessScores(
            table=table,
            draws=draw_patients(
                table["group"],
                table["site"],
                run.record.spec.evaluate,
                grouping=run.split.grouping,
            ),
            corrupted=artifacts,
            missing=missing,
            has_copy=_find_copies(run, table, progress),
            reference=tuple(
                _score_reference(other, table, spec, progress) for other in others
            ),
        )
        report = measure_robustness(
            scores,
            spec,
            grouping=run.split.grouping,
            artifacts_version=ARTIFACTS_VERSION,
            progress=progress,
        )
        written = _write(run, report)
        stage.details["robustness"] = spec.model_dump(mode="json")
    return written


def read_robustness(folder: Path) -> RobustnessReport | None:
    """Read the figures that a run holds.

    Args:
        folder: A run.

    Returns:
        The values; None where no slice was corrupted.

    Raises:
        DataError: If the file is damaged or of another version.
    """
    return read_versioned(
        folder / ROBUSTNESS_JSON,
        RobustnessReport,
        version=ROBUSTNESS_VERSION,
        command="robustness",
    )


def read_robustness_section(folder: Path) -> Section | None:
    """Return the part of the report that artifacts get; None where none was measured."""
    report = read_robustness(folder)
    return None if report is None else robustness_section(report)


def _tested(run: Run) -> pd.DataFrame:
    return evaluated_rows(read_run_predictions(run)).reset_index(drop=True)


def _score(
    run: Run, table: pd.DataFrame, spec: RobustnessSpec, progress: Progress
) -> tuple[tuple[CorruptedScores, ...], tuple[CorruptedScores, ...]]:
    """Return scores after artifacts, and after sequences were replaced."""
    corruptions = corruptions_of(spec, run.manifest.sequences)
    scored = score_corruptions(run, table, corruptions, progress=progress)
    artifacts = tuple(one for one in scored if one.severity > 0)
    return artifacts, tuple(one for one in scored if one.severity == 0)


def _open_reference(run: Run, table: pd.DataFrame, folder: Path) -> Run:
    """Open the reference and refuse one that cannot be paired slice by slice."""
    other = open_run(folder)
    if other.folder.resolve() == run.folder.resolve():
        raise ConfigError(f"--reference {folder}: is the run itself; name another one")
    second = _aligned(_tested(other), table)
    refuse_other_slices(_contender(run), table, _contender(other), second)
    return other


def _contender(run: Run) -> Contender:
    return Contender(
        name=run.record.name,
        kind="run",
        repeats=(read_run_predictions(run),),
        grouping=run.split.grouping,
        pixel_digest=run.manifest.table[[*_KEYS, "pixel_digest"]],
    )


def _aligned(tested: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in the order of `table`, as far as they are the same slices."""
    if len(tested) != len(table):
        return tested
    merged = table[_KEYS].merge(tested, on=_KEYS, how="left")
    return tested if merged["part"].isna().any() else merged[tested.columns]


def _score_reference(
    other: Run, table: pd.DataFrame, spec: RobustnessSpec, progress: Progress
) -> ReferenceScores:
    aligned = _aligned(_tested(other), table)
    alone = spec.model_copy(update={"missing_sequences": False})
    corrupted, _ = _score(other, aligned, alone, progress)
    return ReferenceScores(
        name=other.record.name,
        clean=aligned["tumor_probability"].to_numpy(dtype=np.float64),
        corrupted=corrupted,
    )


def _find_copies(
    run: Run, table: pd.DataFrame, progress: Progress
) -> NDArray[np.bool_]:
    """Mark slices of which one sequence is a bit-identical copy of another.

    Where all channels are one sequence by design (grey pictures), nothing is a copy.
    """
    if len(set(run.manifest.sequences)) < 3:
        return np.zeros(len(table), dtype=bool)
    pixels = run.store(progress).pixels
    return np.array(
        [
            any(
                np.array_equal(pixels[row, ..., a], pixels[row, ..., b])
                for a, b in combinations(range(3), 2)
            )
            for row in manifest_rows(run.manifest, table)
        ],
        dtype=bool,
    )


def _write(run: Run, report: RobustnessReport) -> WrittenRobustness:
    created, version = now(), library_versions()["tumorscope"]
    content: dict[str, Any] = {
        "kind": "tumorscope-robustness",
        "version": ROBUSTNESS_VERSION,
        "notice": RESEARCH_USE,
        "created": created,
        "tumorscope_version": version,
        "manifest_digest": run.manifest.digest,
        "report": to_json_value(report),
    }
    head = PageHead(
        title=f"MRI artifacts: {run.record.name}",
        lede=(
            f"{report.testing}, {report.grouping_words}: {report.n_slices} slices, "
            f"{report.n_tumor_slices} with tumor, {report.n_patients} {report.unit}"
        ),
        created=created,
        version=version,
        unit=report.unit,
        limits=robustness_limits(report),
    )
    write_json(run.folder / ROBUSTNESS_JSON, content)
    page = render_page(head, robustness_sections(report))
    write_text(run.folder / ROBUSTNESS_HTML, page)
    lines = (head.lede, *summarize_robustness(report), RESEARCH_USE)
    return WrittenRobustness(
        html=run.folder / ROBUSTNESS_HTML,
        json=run.folder / ROBUSTNESS_JSON,
        report=report,
        summary="\n".join(lines),
    )
