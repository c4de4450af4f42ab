"""Run -> bundles: one trained model for each fold."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.card import (
    BundleCard,
    OperatingThreshold,
    TrainingDataFingerprint,
)
from tumorscope.domain.errors import ConfigError
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.specs import TrainSpec
from tumorscope.domain.split import PARTS
from tumorscope.evaluation.thresholds import threshold_at_specificity
from tumorscope.inference.predictor import score_prepared
from tumorscope.inference.torch_engine import TorchEngine
from tumorscope.io.artifacts import split_digest
from tumorscope.io.bundle import WEIGHTS, read_card, sha256, weights_bytes, write_bundle
from tumorscope.io.pixel_store import PixelStore
from tumorscope.learning.data import LearningData
from tumorscope.learning.training import CHECKPOINT, TrainedModel, fit
from tumorscope.workflows.recording import (
    library_versions,
    now,
    recorded_stage,
    update_record,
)
from tumorscope.workflows.run_folder import SPLIT, Run, open_run

DIGEST_DIGITS = 16


def train(
    folder: Path,
    *,
    spec: TrainSpec | None = None,
    resume: bool = False,
    show_bar: bool = False,
    progress: Progress = silent,
) -> Run:
    """Train every fold of a run, then fix the threshold on its tuning part.

    Args:
        folder: The run's folder.
        spec: Another training spec than the one the run was prepared with; recorded.
        resume: Go on after a stop; finished folds are kept.
        show_bar: Whether a bar with the time left is shown.
        progress: Shows how far the other steps got.

    Returns:
        The run, with a bundle for each fold.

    Raises:
        ConfigError: If the run was trained already, or is resumed with another spec.
        LeakageError: If a patient or group stands in two parts of the split.
    """
    run = open_run(folder)
    run = _with_spec(run, spec, resume=resume)
    labels = run.manifest.labels
    store = run.store(progress)
    with recorded_stage(folder, "train") as stage:
        for fold, name in enumerate(run.split.fold_names):
            if (run.bundle_folder(fold) / WEIGHTS).is_file():
                continue
            data = LearningData(
                pixels=store.pixels,
                labels=labels,
                train_rows=run.split.rows("train", fold),
                tune_rows=run.split.rows("tune", fold),
            )
            model = fit(
                data,
                run.record.spec.train,
                folder=run.training_folder(fold),
                resume=resume,
                show_bar=show_bar,
                progress=progress,
            )
            card = _write_model(run, fold, model=model, store=store)
            stage.details[name] = {
                "best_epoch": card.best_epoch,
                "epochs": card.epochs_done,
                "tune_auroc": card.tune_auroc,
                "threshold_probability": card.threshold.threshold_probability,
            }
    return open_run(folder)


def describe_models(run: Run) -> str:
    """Return epoch, tuning AUROC and threshold of each fold, for a terminal.

    Raises:
        BundleError: If a fold has no model yet.
    """
    return "\n".join(
        _describe_card(name, read_card(run.bundle_folder(fold)))
        for fold, name in enumerate(run.split.fold_names)
    )


def digest_of_owner(owner: str) -> str:
    """Return the pseudonym under which a card remembers a patient or group."""
    return hashlib.sha256(f"tumorscope|{owner}".encode()).hexdigest()[:DIGEST_DIGITS]


def _describe_card(fold: str, card: BundleCard) -> str:
    threshold = card.threshold
    unit = "patients" if card.data.grouping == "patient" else "near-duplicate groups"
    return (
        f"{fold}: {card.epochs_done} epochs from {card.first_weights}\n"
        f"  weights of epoch {card.best_epoch}, whose tuning AUROC of "
        f"{card.tune_auroc:.3f} chose it and is optimistic\n"
        f"  threshold_probability {threshold.threshold_probability:.3f}, fixed for a "
        f"specificity of {threshold.target_specificity:g} on {threshold.tune_slices} "
        f"tumor-free tuning slices of {threshold.tune_patients} {unit}"
    )


def _with_spec(run: Run, spec: TrainSpec | None, *, resume: bool) -> Run:
    folds = range(len(run.split.fold_names))
    started = [
        fold for fold in folds if (run.training_folder(fold) / CHECKPOINT).is_file()
    ]
    bundled = [fold for fold in folds if (run.bundle_folder(fold) / WEIGHTS).is_file()]
    if (started or bundled) and not resume:
        raise ConfigError(
            f"{run.folder} was trained already: go on with --resume, or prepare a new "
            "run in another folder"
        )
    if spec is None or spec == run.record.spec.train:
        return run
    if started or bundled:
        raise ConfigError(
            f"{run.folder} was started with other training settings: --resume takes "
            "none, or the same ones; prepare a new run for others"
        )
    changed = run.record.spec.model_copy(update={"train": spec})
    update_record(run.folder, run.record, spec=changed)
    return open_run(run.folder)


def _write_model(
    run: Run, fold: int, *, model: TrainedModel, store: PixelStore
) -> BundleCard:
    weights = {name: value.numpy() for name, value in model.weights.items()}
    content = weights_bytes(weights)
    tune_rows = run.split.rows("tune", fold)
    scores = score_prepared(TorchEngine(weights), store.pixels[tune_rows])
    card = BundleCard(
        name=run.record.name,
        tumorscope_version=library_versions()["tumorscope"],
        created=now(),
        sequences=run.manifest.sequences,
        single_sequence_repeated=_is_grey(store.pixels, tune_rows),
        preprocess=run.record.spec.preprocess,
        threshold=_fix_threshold(run, tune_rows, scores.tumor_probability),
        train=run.record.spec.train,
        first_weights=model.first_weights,
        epochs_done=len(model.records),
        best_epoch=model.best_epoch,
        tune_auroc=model.records[model.best_epoch - 1]["tune_auroc"],
        data=_fingerprint(run, fold),
        environment=library_versions()
        | {"precision": model.precision, "device": model.device},
        files={WEIGHTS: sha256(content)},
    )
    write_bundle(run.bundle_folder(fold), card, content)
    return read_card(run.bundle_folder(fold))


def _fix_threshold(
    run: Run, tune_rows: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> OperatingThreshold:
    labels = run.manifest.labels[tune_rows]
    target = run.record.spec.evaluate.target_specificity
    free = tune_rows[labels == 0]
    return OperatingThreshold(
        threshold_probability=threshold_at_specificity(
            labels, probabilities, target_specificity=target
        ),
        target_specificity=target,
        tune_slices=len(free),
        tune_patients=len(set(run.owners()[free])),
    )


def _fingerprint(run: Run, fold: int) -> TrainingDataFingerprint:
    owners, labels = run.owners(), run.manifest.labels
    rows = {part: np.flatnonzero(run.split.part[:, fold] == part) for part in PARTS}
    seen = np.concatenate([rows["train"], rows["tune"]])
    pixels = run.manifest.table["pixel_digest"].iloc[seen].str[:DIGEST_DIGITS]
    return TrainingDataFingerprint(
        source=run.record.importer,
        manifest_digest=run.manifest.digest,
        split_digest=split_digest(run.folder / SPLIT),
        fold=run.split.fold_names[fold],
        grouping=run.split.grouping,
        slices={part: len(found) for part, found in rows.items()},
        groups={part: len(set(owners[found])) for part, found in rows.items()},
        prevalence={
            part: round(float(labels[found].mean()), 6) for part, found in rows.items()
        },
        seen_pixel_digests=tuple(sorted(set(pixels))),
        seen_owner_digests=tuple(
            sorted({digest_of_owner(str(owner)) for owner in owners[seen]})
        ),
        notes=run.record.notes,
    )


def _is_grey(pixels: NDArray[np.uint8], rows: NDArray[np.int64]) -> bool:
    """Return whether all channels of these slices are copies of one sequence."""
    shown = pixels[rows]
    return bool((shown == shown[..., :1]).all())
