"""Trained run -> predictions, report.json and report.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tumorscope.domain.predictions import Predictions
from tumorscope.domain.progress import Progress, silent
from tumorscope.evaluation.report import EvaluationReport, evaluate_predictions
from tumorscope.io.artifacts import (
    read_predictions,
    write_predictions,
)
from tumorscope.io.bundle import Bundle, read_bundle, read_card, update_card
from tumorscope.workflows.abstention import measure_referrals
from tumorscope.workflows.gate import measure_gate
from tumorscope.workflows.recording import recorded_stage
from tumorscope.workflows.report_context import context_of_run
from tumorscope.workflows.run_folder import (
    PREDICTIONS,
    Run,
    open_run,
)
from tumorscope.workflows.scoring import (
    score_run,
)
from tumorscope.workflows.settings import change_section
from tumorscope.workflows.simple_methods import with_baselines
from tumorscope.workflows.tested_lesions import read_tested_areas
from tumorscope.workflows.written_report import (
    CheckedSlices,
    WrittenReport,
    refuse_other_target,
    write_report,
)


def evaluate_run(
    folder: Path, *, assignments: Sequence[str] = (), progress: Progress = silent
) -> WrittenReport:
    """Judge a run's models on its test part.

    Args:
        folder: A trained run.
        assignments: Changes of settings, each `evaluate.key=value`; recorded.
        progress: Shows how far it got.

    Returns:
        The report, also left in the run's folder beside `predictions.parquet`.

    Raises:
        ConfigError: If a setting cannot be used.
        BundleError: If the run is not trained, or a bundle is damaged.
        LeakageError: If a model saw what it would be judged on.
    """
    run = open_run(folder)
    spec = change_section(run.record.spec, "evaluate", assignments)
    run = replace(run, record=run.record.model_copy(update={"spec": spec}))
    with recorded_stage(folder, "evaluate") as stage:
        stage.spec = spec
        predictions, bundles = score_run(run, progress=progress)
        for bundle in bundles:
            refuse_other_target(spec, bundle)
        report = _judge(run, predictions, progress)
        write_predictions(folder / PREDICTIONS, predictions)
        context = context_of_run(run, bundles, report, predictions)
        checked = CheckedSlices(
            abstention=measure_referrals(bundles, predictions, report),
            gate=measure_gate(
                bundles, run.manifest, predictions, report, progress=progress
            ),
        )
        written = write_report(folder, report, context, checked)
        for bundle in bundles:
            _note_figures(bundle, report)
        stage.details["auroc"] = str(report.ranking["auroc"])
    return written


def refresh_report(folder: Path, *, progress: Progress = silent) -> Path | None:
    """Draw the page of a run anew, e.g. after `explain`; numbers stay as they are.

    Args:
        folder: A run.
        progress: Shows how far it got.

    Returns:
        The page, or None where the run was not evaluated yet.

    Raises:
        BundleError: If a bundle of the run is missing or damaged.
        DataError: If the predictions are damaged.
    """
    run = open_run(folder)
    if not (folder / PREDICTIONS).is_file():
        return None
    predictions = read_predictions(folder / PREDICTIONS)
    report = _judge(run, predictions, progress)
    bundles = [
        read_bundle(run.bundle_folder(fold))
        for fold in range(len(run.split.fold_names))
    ]
    context = context_of_run(run, bundles, report, predictions)
    checked = CheckedSlices(
        abstention=measure_referrals(bundles, predictions, report),
        gate=measure_gate(
            bundles, run.manifest, predictions, report, progress=progress
        ),
    )
    return write_report(folder, report, context, checked).html


def _judge(run: Run, predictions: Predictions, progress: Progress) -> EvaluationReport:
    spec = run.record.spec.evaluate
    areas = read_tested_areas(run.manifest, predictions, progress=progress)
    report = evaluate_predictions(
        predictions, spec, grouping=run.split.grouping, lesion_areas_px=areas
    )
    if not spec.baselines:
        return report
    return with_baselines(report, run, predictions, progress=progress)


def _note_figures(bundle: Bundle, report: EvaluationReport) -> None:
    """Put the figures onto the bundle's card."""
    content = report.as_dict()
    kept = (
        "testing",
        "grouping_words",
        "n_slices",
        "n_patients",
        "ranking",
        "at_tuned",
    )
    card = read_card(bundle.folder)
    measured = {name: content[name] for name in kept}
    update_card(bundle.folder, card.model_copy(update={"measured": measured}))
