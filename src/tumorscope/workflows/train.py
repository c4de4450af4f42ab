"""Run -> bundles: one trained model for each fold."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.card import BundleCard, TrainingDataFingerprint
from tumorscope.domain.errors import ConfigError
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.specs import TrainSpec
from tumorscope.domain.split import PARTS
from tumorscope.evaluation.rule_words import (
    describe_calibration,
    describe_referral,
    describe_sets,
    describe_threshold,
    unit_of,
)
from tumorscope.evaluation.tuned_rules import fix_rules
from tumorscope.evaluation.tuning_scores import TuningScores
from tumorscope.inference.predictor import score_prepared
from tumorscope.inference.torch_engine import TorchEngine
from tumorscope.input_gate.words import describe_gate
from tumorscope.io.artifacts import split_digest
from tumorscope.io.bundle import (
    GATE,
    WEIGHTS,
    read_card,
    sha256,
    weights_bytes,
    write_bundle,
)
from tumorscope.io.pixel_store import PixelStore
from tumorscope.learning.data import LearningData
from tumorscope.learning.training import CHECKPOINT, TrainedModel, fit
from tumorscope.workflows.audit_record import (
    NOT_AUDITED,
    read_audit,
    refuse_failed_audit,
)
from tumorscope.workflows.gate import fit_run_gate
from tumorscope.workflows.recording import (
    library_versions,
    now,
    recorded_stage,
    update_record,
)
from tumorscope.workflows.run_folder import SPLIT, Run, open_run
from tumorscope.workflows.training_groups import training_groups

DIGEST_DIGITS = 16


def train(
    folder: Path,
    *,
    spec: TrainSpec | None = None,
    resume: bool = False,
    folds: Collection[int] | None = None,
    show_bar: bool = False,
    progress: Progress = silent,
) -> Run:
    """Train every fold of a run, then fix the threshold on its tuning part.

    Args:
        folder: The run's folder.
        spec: Another training spec than the one the run was prepared with; recorded.
        resume: Go on after a stop; finished folds are kept.
        folds: Which folds; None is all of them.
        show_bar: Whether a bar with the time left is shown.
        progress: Shows how far the other steps got.

    Returns:
        The run, with a bundle for each fold.

    Raises:
        ConfigError: If the run was trained already, is resumed with another spec, or its
            mitigation finds no groups.
        LeakageError: If a patient or group stands in two parts of the split.
        GateError: If the run's audit failed and was not waived.
    """
    run = open_run(folder)
    summary = refuse_failed_audit(run)
    run = _with_spec(run, spec, resume=resume)
    labels = run.manifest.labels
    groups = training_groups(run.manifest, run.record.spec.train)
    store = run.store(progress)
    with recorded_stage(folder, "train") as stage:
        stage.details["audit"] = NOT_AUDITED if summary is None else summary.outcome
        for fold, name in enumerate(run.split.fold_names):
            is_asked = folds is None or fold in folds
            if not is_asked or (run.bundle_folder(fold) / WEIGHTS).is_file():
                continue
            data = LearningData(
                pixels=store.pixels,
                labels=labels,
                train_rows=run.split.rows("train", fold),
                tune_rows=run.split.rows("tune", fold),
                groups=groups,
            )
            model = fit(
                data,
                run.record.spec.train,
                folder=run.training_folder(fold),
                resume=resume,
                show_bar=show_bar,
                progress=progress,
            )
            card = _write_model(run, fold, model=model, store=store, progress=progress)
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
    told = [
        _describe_card(name, read_card(run.bundle_folder(fold)))
        for fold, name in enumerate(run.split.fold_names)
    ]
    notes = [f"note: {NOT_AUDITED}"] if read_audit(run) is None else []
    return "\n".join([*told, *notes])


def digest_of_owner(owner: str) -> str:
    """Return the pseudonym under which a card remembers a patient or group."""
    return hashlib.sha256(f"tumorscope|{owner}".encode()).hexdigest()[:DIGEST_DIGITS]


def _describe_card(fold: str, card: BundleCard) -> str:
    unit = unit_of(card)
    return (
        f"{fold}: {card.epochs_done} epochs from {card.first_weights}\n"
        f"  weights of epoch {card.best_epoch}, whose tuning AUROC of "
        f"{card.tune_auroc:.3f} chose it and is optimistic\n"
        f"  {describe_threshold(card.threshold, unit)}\n"
        f"  {describe_calibration(card.calibration, unit)}\n"
        f"  {describe_sets(card.conformal, unit)}\n"
        f"  {describe_referral(card.referral)}\n"
        f"  {describe_gate(card.input_gate, unit)}"
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
    run: Run, fold: int, *, model: TrainedModel, store: PixelStore, progress: Progress
) -> BundleCard:
    weights = {name: value.numpy() for name, value in model.weights.items()}
    content = weights_bytes(weights)
    tune_rows = run.split.rows("tune", fold)
    scores = score_prepared(TorchEngine(weights), store.pixels[tune_rows])
    spec = run.record.spec
    rules = fix_rules(
        TuningScores.from_owners(
            scores.logit, run.manifest.labels[tune_rows], run.owners()[tune_rows]
        ),
        spec.calibrate,
        spec.operating_target,
    )
    is_grey = _is_grey(store.pixels, tune_rows)
    gate = fit_run_gate(run, fold, sequences=1 if is_grey else 3, progress=progress)
    gate_content = weights_bytes(gate.model.as_arrays())
    card = BundleCard(
        name=run.record.name,
        tumorscope_version=library_versions()["tumorscope"],
        created=now(),
        sequences=run.manifest.sequences,
        single_sequence_repeated=is_grey,
        preprocess=spec.preprocess,
        threshold=rules.threshold,
        calibration=rules.calibration,
        conformal=rules.conformal,
        referral=rules.referral,
        input_gate=gate.rules,
        train=spec.train,
        first_weights=model.first_weights,
        epochs_done=len(model.records),
        best_epoch=model.best_epoch,
        tune_auroc=model.records[model.best_epoch - 1]["tune_auroc"],
        data=_fingerprint(run, fold),
        audit=read_audit(run),
        environment=library_versions()
        | {"precision": model.precision, "device": model.device},
        files={WEIGHTS: sha256(content), GATE: sha256(gate_content)},
    )
    write_bundle(run.bundle_folder(fold), card, content, gate=gate_content)
    return read_card(run.bundle_folder(fold))


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
