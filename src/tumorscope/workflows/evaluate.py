"""Trained run -> predictions, report.json and report.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.specs import DuplicateSpec, EvaluateSpec, RunSpec
from tumorscope.evaluation.rendering.context import ReportContext
from tumorscope.evaluation.rendering.html import render_report
from tumorscope.evaluation.report import EvaluationReport, evaluate_predictions
from tumorscope.input_gate.report import GateReport
from tumorscope.input_gate.section import gate_section
from tumorscope.io.artifacts import read_manifest, read_predictions, write_predictions
from tumorscope.io.bundle import Bundle, read_bundle, read_card, update_card
from tumorscope.io.pixel_store import open_store
from tumorscope.io.whole_files import write_json, write_text
from tumorscope.pages.section import Section
from tumorscope.workflows.abstention import MeasuredAbstention, measure_referrals
from tumorscope.workflows.gate import measure_gate
from tumorscope.workflows.prepare import (
    SourceOptions,
    group_near_duplicates,
    read_source,
)
from tumorscope.workflows.recording import recorded_stage
from tumorscope.workflows.report_context import context_of_external, context_of_run
from tumorscope.workflows.run_folder import (
    MANIFEST,
    PREDICTIONS,
    REPORT_HTML,
    REPORT_JSON,
    STORES,
    Run,
    open_run,
)
from tumorscope.workflows.scoring import (
    open_predictor,
    predictions_table,
    refuse_seen,
    score_run,
)
from tumorscope.workflows.serving import bundle_of
from tumorscope.workflows.settings import change_section
from tumorscope.workflows.simple_methods import with_baselines
from tumorscope.workflows.tested_lesions import read_tested_areas
from tumorscope.workflows.whole_folder import refuse_in_use, whole_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReport:
    """Where a report is, and what it says in short.

    Attributes:
        html: The page.
        json: The same numbers.
        report: The values.
        summary: A few lines for a terminal.
    """

    html: Path
    json: Path
    report: EvaluationReport
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What is kept from a decision: referred slices, and what the input gate stops."""

    abstention: MeasuredAbstention
    gate: GateReport | None

    @property
    def sections(self) -> tuple[Section, ...]:
        """The parts of the page."""
        return (*self.abstention.sections, gate_section(self.gate))


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
            _refuse_other_target(spec, bundle)
        report = _judge(run, predictions, progress)
        write_predictions(folder / PREDICTIONS, predictions)
        context = context_of_run(run, bundles, report, predictions)
        checked = _Checked(
            abstention=measure_referrals(bundles, predictions, report),
            gate=measure_gate(
                bundles, run.manifest, predictions, report, progress=progress
            ),
        )
        written = _write(folder, report, context, checked)
        for bundle in bundles:
            _note_figures(bundle, report)
        stage.details["auroc"] = str(report.ranking["auroc"])
    return written


def evaluate_external(
    bundle_path: Path,
    other: Path,
    *,
    out: Path | None = None,
    assignments: Sequence[str] = (),
    progress: Progress = silent,
) -> WrittenReport:
    """Judge a bundle on a set that the model never saw.

    Args:
        bundle_path: A bundle, or a run that holds one.
        other: A source folder or table as `prepare` reads it, another run, or a
            manifest.parquet; with labels.
        out: Folder for the report; None makes `external-<name>` beside the bundle.
        assignments: Changes of settings, each `evaluate.key=value`.
        progress: Shows how far it got.

    Returns:
        The report, also left in `out`.

    Raises:
        ConfigError: If `out` is in use, or a setting cannot be used.
        BundleError: If the bundle cannot be used.
        DataError: If the set has no labels, or shows other sequences.
        LeakageError: If a slice or patient was in the model's training or tuning part.
    """
    bundle = read_bundle(bundle_of(bundle_path))
    manifest = _read_other(other, progress)
    target = out or bundle.folder.parent / f"external-{other.absolute().stem}"
    refuse_in_use(target)
    spec = _external_spec(bundle, assignments)
    _refuse_other_sequences(bundle, manifest)
    grouping, owners = _owners_of(manifest, progress)
    refuse_seen(bundle, manifest, owners, rows=np.arange(len(manifest)))
    with whole_folder(target) as folder:
        predictions = _score_external(
            bundle, manifest, folder, owners=owners, progress=progress
        )
        report = evaluate_predictions(
            predictions,
            spec,
            grouping=grouping,
            lesion_areas_px=read_tested_areas(manifest, predictions, progress=progress),
        )
        write_predictions(folder / PREDICTIONS, predictions)
        context = context_of_external(bundle, manifest, report, predictions)
        checked = _Checked(
            abstention=measure_referrals([bundle], predictions, report),
            gate=measure_gate(
                [bundle], manifest, predictions, report, progress=progress
            ),
        )
        written = _write(folder, report, context, checked)
    return replace(written, html=target / REPORT_HTML, json=target / REPORT_JSON)


def _read_other(other: Path, progress: Progress) -> Manifest:
    if (other / MANIFEST).is_file():
        return read_manifest(other / MANIFEST)
    if other.suffix == ".parquet":
        return read_manifest(other)
    return read_source(other, SourceOptions(), progress=progress).manifest


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
    checked = _Checked(
        abstention=measure_referrals(bundles, predictions, report),
        gate=measure_gate(
            bundles, run.manifest, predictions, report, progress=progress
        ),
    )
    return _write(folder, report, context, checked).html


def _judge(run: Run, predictions: Predictions, progress: Progress) -> EvaluationReport:
    spec = run.record.spec.evaluate
    areas = read_tested_areas(run.manifest, predictions, progress=progress)
    report = evaluate_predictions(
        predictions, spec, grouping=run.split.grouping, lesion_areas_px=areas
    )
    if not spec.baselines:
        return report
    return with_baselines(report, run, predictions, progress=progress)


def _score_external(
    bundle: Bundle,
    manifest: Manifest,
    folder: Path,
    *,
    owners: NDArray[np.object_],
    progress: Progress,
) -> Predictions:
    """Score all slices; `labels` refuses a set without labels before any is read."""
    _ = manifest.labels
    store = open_store(
        manifest, bundle.card.preprocess, folder=folder / STORES, progress=progress
    )
    predictor = open_predictor(bundle)
    scores = predictor.score_prepared(store.pixels, progress=progress)
    extra = {
        "group": owners,
        "fold": bundle.card.data.fold,
        "part": "external",
        "threshold_probability": predictor.threshold_probability,
    }
    rows = np.arange(len(manifest))
    return Predictions(
        table=predictions_table(manifest, scores, rows=rows, extra=extra)
    )


def _write(
    folder: Path,
    report: EvaluationReport,
    context: ReportContext,
    checked: _Checked,
) -> WrittenReport:
    context = replace(context, sections=(*checked.sections, *context.sections))
    content = report.as_dict() | {
        "abstention": to_json_value(checked.abstention.report),
        "input_checks": to_json_value(checked.gate),
    }
    write_json(folder / REPORT_JSON, content)
    write_text(folder / REPORT_HTML, render_report(report, context))
    return WrittenReport(
        html=folder / REPORT_HTML,
        json=folder / REPORT_JSON,
        report=report,
        summary=_summary(report),
    )


def _summary(report: EvaluationReport) -> str:
    tuned, half = report.at_tuned.metrics, report.at_half.metrics
    lines = [
        f"{report.testing}, {report.grouping_words}: {report.n_slices} slices, "
        f"{report.n_patients} {report.unit}",
        f"  AUROC                           {report.ranking['auroc']}",
        f"  mean within-patient AUROC       {report.ranking['within_patient_auroc']}",
        f"  accuracy at 0.5                 {half['accuracy']}",
        f"  sensitivity at tuned threshold  {tuned['recall']}",
        f"  specificity at tuned threshold  {tuned['specificity']}",
        f"  sensitivity at 95 % specificity {report.at_ranked.sensitivity}",
        f"  Brier score                     {report.ranking['brier']}",
        f"  calibration slope               {report.scales[0].slope}",
    ]
    lines += [f"  {one.name:<31} AUROC {one.auroc}" for one in report.baselines]
    return "\n".join([*lines, RESEARCH_USE])


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


def _external_spec(bundle: Bundle, assignments: Sequence[str]) -> EvaluateSpec:
    """Return the settings of external testing, at the bundle's operating point."""
    target = bundle.card.threshold.target
    known = RunSpec.model_validate(
        {"evaluate": {"target_specificity": target.value}}
        if target.rate == "specificity"
        else {"calibrate": {"target_sensitivity": target.value}}
    )
    changed = change_section(known, "evaluate", assignments)
    _refuse_other_target(changed, bundle)
    spec = changed.evaluate
    if spec.baselines:
        raise ConfigError(
            "evaluate.baselines: the simple methods need a training part, which a set "
            "for external testing has not; leave it out"
        )
    return spec


def _refuse_other_target(spec: RunSpec, bundle: Bundle) -> None:
    """Refuse a target that is not the one that the threshold was fixed for."""
    fixed = bundle.card.threshold.target
    if spec.operating_target != fixed:
        raise ConfigError(
            f"the settings ask for {spec.operating_target}, but `train` fixed the "
            f"threshold of {bundle.folder} for {fixed}: a threshold is never chosen "
            "after testing; give another target to `tumorscope prepare`"
        )


def _owners_of(
    manifest: Manifest, progress: Progress
) -> tuple[Grouping, NDArray[np.object_]]:
    if manifest.has_patients:
        return "patient", manifest.table["patient_id"].to_numpy(dtype=object)
    groups = group_near_duplicates(manifest, DuplicateSpec(), progress=progress)
    return "near-duplicates", np.array([f"group {one}" for one in groups], dtype=object)


def _refuse_other_sequences(bundle: Bundle, manifest: Manifest) -> None:
    """Refuse a set whose channels are known to show something else."""
    trained, found = bundle.card.sequences, manifest.sequences
    if trained and found and trained != found:
        raise DataError(
            f"the model was trained on the sequences {trained}, this set has {found}: "
            "their channels cannot be exchanged"
        )
