"""What a report tells beside its figures: run, data, recipe, training and pictures."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.sections.gates import report_audit_section
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.split import PARTS
from tumorscope.evaluation.rendering.context import (
    DataPart,
    LocalizationRow,
    ReportContext,
    TrainingEpoch,
)
from tumorscope.evaluation.report import EvaluationReport
from tumorscope.explanation.trivial_maps import TRIVIAL_METHODS, flair_channel
from tumorscope.io.artifacts import read_json
from tumorscope.io.bundle import Bundle
from tumorscope.io.images import encode_jpeg, encode_png, read_image
from tumorscope.learning.training import METRICS
from tumorscope.pages.picture import Picture
from tumorscope.workflows.audit_record import read_audit
from tumorscope.workflows.explain import SCORES
from tumorscope.workflows.explanation_quality import read_quality_section
from tumorscope.workflows.fairness import read_fairness_section
from tumorscope.workflows.recording import library_versions, now
from tumorscope.workflows.robustness import read_robustness_section
from tumorscope.workflows.run_folder import EXPLANATIONS, Run
from tumorscope.workflows.scoring import manifest_rows


def context_of_run(
    run: Run,
    bundles: Sequence[Bundle],
    report: EvaluationReport,
    predictions: Predictions,
) -> ReportContext:
    """Return what the page of a run tells beside its figures.

    Args:
        run: The run.
        bundles: Its bundles, one for each fold.
        report: Its figures.
        predictions: The predictions that `report` judged.
    """
    labels, owners, names = run.manifest.labels, run.owners(), run.split.fold_names
    parts = tuple(
        DataPart(
            fold=name if len(names) > 1 else "",
            part=part,
            n_slices=len(rows),
            n_tumor_slices=int(labels[rows].sum()),
            n_groups=len(set(owners[rows])),
        )
        for fold, name in enumerate(names)
        for part in PARTS
        for rows in [np.flatnonzero(run.split.part[:, fold] == part)]
    )
    explained = _explained(run.folder)
    trust = read_quality_section(run.folder)
    measured = (read_fairness_section(run.folder), read_robustness_section(run.folder))
    return ReportContext(
        run_name=run.record.name,
        version=library_versions()["tumorscope"],
        created=now(),
        source=run.record.importer,
        manifest_digest=run.manifest.digest,
        is_phantom=run.record.importer.startswith("phantom"),
        parts=parts,
        notes=run.record.notes,
        left_out=run.record.left_out,
        thresholds={
            name: bundle.card.threshold
            for name, bundle in zip(names, bundles, strict=True)
        },
        recipe=_recipe(bundles[0]),
        environment=bundles[0].card.environment,
        history={
            name: _history(run.training_folder(fold) / METRICS)
            for fold, name in enumerate(names)
        },
        pictures=_pictures(run.manifest, report, predictions),
        overlays=explained.overlays,
        localization=explained.rows,
        localization_reason=explained.reason,
        sections=(
            *(() if trust is None else (trust,)),
            report_audit_section(read_audit(run)),
            *(each for each in measured if each is not None),
        ),
    )


def context_of_external(
    bundle: Bundle,
    manifest: Manifest,
    report: EvaluationReport,
    predictions: Predictions,
) -> ReportContext:
    """Return what the page of external testing tells beside its figures.

    Args:
        bundle: The model.
        manifest: The set that it never saw.
        report: Its figures there.
        predictions: The predictions that `report` judged.
    """
    source = str(manifest.table["source"].iat[0])
    labels = manifest.labels
    part = DataPart(
        fold="",
        part="external",
        n_slices=len(manifest),
        n_tumor_slices=int(labels.sum()),
        n_groups=report.n_patients,
    )
    return ReportContext(
        run_name=bundle.card.name,
        version=library_versions()["tumorscope"],
        created=now(),
        source=source,
        manifest_digest=manifest.digest,
        is_phantom=source.startswith("phantom"),
        parts=(part,),
        notes=tuple(f"Training data: {note}" for note in bundle.card.data.notes),
        warnings=_unseen_warning(bundle, manifest),
        thresholds={bundle.card.data.fold: bundle.card.threshold},
        recipe=_recipe(bundle),
        environment=bundle.card.environment,
        pictures=_pictures(manifest, report, predictions),
        localization_reason="explanations are made for a run: `tumorscope explain RUN`",
        sections=(report_audit_section(bundle.card.audit),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explained:
    overlays: tuple[Picture, ...] = ()
    rows: tuple[LocalizationRow, ...] = ()
    reason: str = "no explanations were made; run `tumorscope explain`"


def _explained(folder: Path) -> _Explained:
    scores = folder / EXPLANATIONS / SCORES
    if not scores.is_file():
        return _Explained()
    content = read_json(scores)
    captions = content["overlays"]
    return _Explained(
        overlays=tuple(
            Picture(
                caption=caption,
                content=encode_jpeg(read_image(folder / EXPLANATIONS / name)),
            )
            for name, caption in captions.items()
        ),
        rows=tuple(
            LocalizationRow.from_dict(
                record, is_trivial=record["method"] in TRIVIAL_METHODS
            )
            for record in content["methods"]
        ),
        reason=content["reason"],
    )


def _pictures(
    manifest: Manifest, report: EvaluationReport, predictions: Predictions
) -> Mapping[int, bytes]:
    """Encode the slices of the gallery, FLAIR where it is known."""
    errors = (*report.worst_false_positives, *report.worst_false_negatives)
    if not errors:
        return {}
    table = predictions.table.iloc[[error.row for error in errors]]
    rows = manifest_rows(manifest, table)
    channel = flair_channel(manifest.sequences)
    pictures = {}
    for error, row in zip(errors, rows, strict=True):
        pixels = read_image(manifest.image_path(int(row)))
        if pixels.ndim == 3 and not channel.note:
            pixels = pixels[..., channel.index]
        pictures[error.row] = encode_png(_for_display(pixels))
    return pictures


def _for_display(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale to 8 bit over the picture's own range; at most 256 pixels wide."""
    values = pixels.astype(np.float32)
    low, high = float(values.min()), float(np.percentile(values, 99.8))
    shown = np.clip((values - low) / max(high - low, 1e-6) * 255, 0, 255)
    scale = min(1.0, 256 / shown.shape[1])
    size = (round(shown.shape[1] * scale), round(shown.shape[0] * scale))
    return cv2.resize(shown, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _unseen_warning(bundle: Bundle, manifest: Manifest) -> tuple[str, ...]:
    lacking = [
        what
        for what, has_patients in (
            ("the training data", bundle.card.data.grouping == "patient"),
            ("this set", manifest.has_patients),
        )
        if not has_patients
    ]
    if not lacking:
        return ()
    return (
        f"No patient ids in {' and '.join(lacking)}: slices with the very pixels of a "
        "training slice were refused, but whether patients are shared cannot be "
        "assessed.",
    )


def _recipe(bundle: Bundle) -> dict[str, str]:
    card, train = bundle.card, bundle.card.train
    return {
        "recipe": train.recipe,
        "network": "ResNet50, stride-2 stem, two outputs",
        "input": f"{card.preprocess.size_px} x {card.preprocess.size_px} pixels, "
        f"sequences {', '.join(card.sequences) or 'unknown'}",
        "first weights": card.first_weights,
        "epochs": f"{card.epochs_done}, best on the tuning part: {card.best_epoch}",
        "batch": f"{train.batch_size} slices",
        "optimizer": f"{train.optimizer.name}, learning rate "
        f"{train.optimizer.learning_rate:g}, {train.optimizer.schedule}",
        "class balance": train.balance,
        "mitigation": (
            "none"
            if train.mitigation == "none"
            else f"{train.mitigation} on {train.mitigation_group}"
        ),
        "seed": str(train.seed),
        "tuning AUROC (chose the epoch)": f"{card.tune_auroc:.3f}",
    }


def _history(path: Path) -> tuple[TrainingEpoch, ...]:
    if not path.is_file():
        return ()
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(TrainingEpoch.from_row(row) for row in csv.DictReader(file))
