"""Bundle + a set that the model never saw -> predictions, report.json and report.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.specs import DuplicateSpec, EvaluateSpec, RunSpec
from tumorscope.evaluation.report import evaluate_predictions
from tumorscope.io.artifacts import (
    read_manifest,
    write_predictions,
)
from tumorscope.io.bundle import Bundle, read_bundle
from tumorscope.io.pixel_store import open_store
from tumorscope.workflows.abstention import measure_referrals
from tumorscope.workflows.gate import measure_gate
from tumorscope.workflows.prepare import (
    SourceOptions,
    group_near_duplicates,
    read_source,
)
from tumorscope.workflows.report_context import context_of_external
from tumorscope.workflows.run_folder import (
    MANIFEST,
    PREDICTIONS,
    REPORT_HTML,
    REPORT_JSON,
    STORES,
)
from tumorscope.workflows.scoring import (
    open_predictor,
    predictions_table,
    refuse_seen,
)
from tumorscope.workflows.serving import bundle_of
from tumorscope.workflows.settings import change_section
from tumorscope.workflows.tested_lesions import read_tested_areas
from tumorscope.workflows.whole_folder import refuse_in_use, whole_folder
from tumorscope.workflows.written_report import (
    CheckedSlices,
    WrittenReport,
    refuse_other_target,
    write_report,
)


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
        checked = CheckedSlices(
            abstention=measure_referrals([bundle], predictions, report),
            gate=measure_gate(
                [bundle], manifest, predictions, report, progress=progress
            ),
        )
        written = write_report(folder, report, context, checked)
    return replace(written, html=target / REPORT_HTML, json=target / REPORT_JSON)


def _read_other(other: Path, progress: Progress) -> Manifest:
    if (other / MANIFEST).is_file():
        return read_manifest(other / MANIFEST)
    if other.suffix == ".parquet":
        return read_manifest(other)
    return read_source(other, SourceOptions(), progress=progress).manifest


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


def _external_spec(bundle: Bundle, assignments: Sequence[str]) -> EvaluateSpec:
    """Return the settings of external testing, at the bundle's operating point."""
    target = bundle.card.threshold.target
    known = RunSpec.model_validate(
        {"evaluate": {"target_specificity": target.value}}
        if target.rate == "specificity"
        else {"calibrate": {"target_sensitivity": target.value}}
    )
    changed = change_section(known, "evaluate", assignments)
    refuse_other_target(changed, bundle)
    spec = changed.evaluate
    if spec.baselines:
        raise ConfigError(
            "evaluate.baselines: the simple methods need a training part, which a set "
            "for external testing has not; leave it out"
        )
    return spec


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
