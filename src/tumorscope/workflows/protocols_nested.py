"""Nested cross-validation: settings are chosen inside the training patients of a fold.

For each outer fold, every candidate is trained on inner folds of the patients that the
outer fold does not test. The mean tuning AUROC of the inner folds chooses; the outer fold
is then trained once with the chosen settings and its test part is read once.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from sklearn.model_selection import StratifiedGroupKFold

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.protocol_spec import CandidateChoice
from tumorscope.domain.specs import RunSpec, SplitSpec, TrainSpec
from tumorscope.domain.split import Split
from tumorscope.io.artifacts import read_json
from tumorscope.io.bundle import read_card
from tumorscope.io.whole_files import write_json
from tumorscope.workflows.protocols_layout import ProtocolJob, make_run_folder
from tumorscope.workflows.run_folder import open_run
from tumorscope.workflows.settings import change_section
from tumorscope.workflows.train import train

INNER, CHOICE = "inner", "choice.json"
AS_THE_RUN = "run"
SEPARATOR = ";"


def candidate_settings(spec: RunSpec, candidate: str) -> TrainSpec:
    """Return the training settings that a candidate stands for.

    Args:
        spec: Settings of the run.
        candidate: `train.key=value`, several separated by semicolons; or "run" for the
            run's own settings.

    Raises:
        ConfigError: If a setting is unknown, cannot be used, or is none of `train`.
    """
    if candidate.strip() == AS_THE_RUN:
        return spec.train
    assignments = [one.strip() for one in candidate.split(SEPARATOR)]
    return change_section(spec, "train", assignments).train


def refuse_candidates(spec: RunSpec, candidates: tuple[str, ...]) -> None:
    """Refuse candidates among which there is nothing to choose.

    Raises:
        ConfigError: If there are fewer than two different ones, or one cannot be used.
    """
    found = [candidate_settings(spec, each) for each in candidates]
    if len(found) < 2 or any(each in found[:at] for at, each in enumerate(found)):
        raise ConfigError(
            f"nested-cv chooses among at least two different candidates, not "
            f"{list(candidates)}: add --candidate train.key=value, and --candidate "
            f"{AS_THE_RUN} for the run's own settings"
        )


def nested_steps(
    job: ProtocolJob, repeat: int, outer: Split
) -> list[Callable[[], None]]:
    """Return what is to be done for one repeat, in order; each step can be repeated."""
    steps: list[Callable[[], None]] = []
    for fold in range(len(outer.fold_names)):
        steps += [
            partial(
                _train_candidate, job, repeat, outer, fold=fold, candidate=candidate
            )
            for candidate in range(len(job.request.candidates))
        ]
        steps.append(partial(_train_chosen, job, repeat, outer, fold=fold))
    return steps


def outer_folder(job: ProtocolJob, repeat: int, fold: str) -> Path:
    """Where the run of one outer fold is."""
    return job.repeat_folder(repeat) / fold


def read_choice(job: ProtocolJob, repeat: int, fold: str) -> CandidateChoice:
    """Read which candidate an outer fold chose.

    Raises:
        DataError: If the file is missing or damaged.
    """
    path = _inner_folder(job, repeat, fold) / CHOICE
    try:
        return CandidateChoice.model_validate(read_json(path))
    except ValidationError as error:
        raise DataError(f"{path}: damaged choice: {error}") from error


def inner_split(job: ProtocolJob, outer: Split, fold: int, *, seed: int) -> Split:
    """Deal the patients that an outer fold does not test to inner folds.

    Each inner fold tunes on its own patients and trains on the others. The test part of
    all of them is that of the outer fold, which no inner training reads.

    Args:
        job: The protocol.
        outer: The split of the repeat.
        fold: Outer fold.
        seed: Seed of the dealing.

    Raises:
        DataError: If there are too few patients for the inner folds.
    """
    count = job.request.settings.inner_folds
    rest = np.flatnonzero(outer.part[:, fold] != "test")
    labels, group = job.run.manifest.labels[rest], outer.group[rest]
    part = np.full((len(outer.group), count), "test", dtype=object)
    splitter = StratifiedGroupKFold(n_splits=count, shuffle=True, random_state=seed)
    if len(set(group)) >= count and np.bincount(labels, minlength=2).min() >= count:
        with warnings.catch_warnings():
            # A class with fewer slices than folds is refused above.
            warnings.filterwarnings("ignore", message="The least populated class")
            for inner, (_, held) in enumerate(
                splitter.split(labels, labels, groups=group)
            ):
                part[rest, inner] = "train"
                part[rest[held], inner] = "tune"
    for inner in range(count):
        _refuse_one_class(job, part[:, inner], outer.fold_names[fold])
    return Split(
        manifest_digest=outer.manifest_digest,
        grouping=outer.grouping,
        patient_id=outer.patient_id,
        group=outer.group,
        part=part,
        fold_names=tuple(f"inner{number}" for number in range(count)),
        seed=seed,
    )


def _refuse_one_class(job: ProtocolJob, part: NDArray[np.object_], fold: str) -> None:
    labels = job.run.manifest.labels
    for name in ("train", "tune"):
        if len(set(labels[part == name])) < 2:
            raise DataError(
                f"{fold}: too few patients for {job.request.settings.inner_folds} inner "
                f"folds: a {name} part has no slices of both classes; lower "
                "protocol.inner_folds or protocol.folds"
            )


def _train_candidate(
    job: ProtocolJob, repeat: int, outer: Split, *, fold: int, candidate: int
) -> None:
    place = _inner_folder(job, repeat, outer.fold_names[fold])
    if (place / CHOICE).is_file():
        return
    seed = job.request.settings.seed + repeat
    spec = _with_train(job, repeat, candidate)
    folder = place / f"candidate-{candidate}"
    make_run_folder(job, folder, inner_split(job, outer, fold, seed=seed), spec=spec)
    train(folder, resume=True, show_bar=job.show_bar, progress=job.progress)


def _train_chosen(job: ProtocolJob, repeat: int, outer: Split, *, fold: int) -> None:
    name = outer.fold_names[fold]
    place = _inner_folder(job, repeat, name)
    if not (place / CHOICE).is_file():
        write_json(place / CHOICE, _choose(job, repeat, name).model_dump(mode="json"))
    for candidate in range(len(job.request.candidates)):
        shutil.rmtree(place / f"candidate-{candidate}", ignore_errors=True)
    split = Split(
        manifest_digest=outer.manifest_digest,
        grouping=outer.grouping,
        patient_id=outer.patient_id,
        group=outer.group,
        part=outer.part[:, [fold]],
        fold_names=(name,),
        seed=outer.seed,
    )
    folder = outer_folder(job, repeat, name)
    chosen = read_choice(job, repeat, name).chosen
    make_run_folder(job, folder, split, spec=_with_train(job, repeat, chosen))
    train(folder, resume=True, show_bar=job.show_bar, progress=job.progress)


def _choose(job: ProtocolJob, repeat: int, fold: str) -> CandidateChoice:
    """Take the highest mean inner tuning AUROC; of equal ones the first listed."""
    found = []
    for candidate in range(len(job.request.candidates)):
        run = open_run(_inner_folder(job, repeat, fold) / f"candidate-{candidate}")
        cards = [
            read_card(run.bundle_folder(inner))
            for inner in range(len(run.split.fold_names))
        ]
        found.append(tuple(card.tune_auroc for card in cards))
    return CandidateChoice(
        repeat=repeat,
        fold=fold,
        chosen=int(np.argmax([np.mean(aurocs) for aurocs in found])),
        inner_tune_aurocs=tuple(found),
    )


def _with_train(job: ProtocolJob, repeat: int, candidate: int) -> RunSpec:
    """Return the settings of a run of a candidate; each repeat has its own seed."""
    spec = job.request.run
    chosen = candidate_settings(spec, job.request.candidates[candidate])
    seeded = chosen.model_copy(update={"seed": chosen.seed + repeat})
    split = SplitSpec(
        tune_share=spec.split.tune_share,
        folds=job.request.settings.folds,
        seed=job.request.settings.seed + repeat,
    )
    return spec.model_copy(update={"train": seeded, "split": split})


def _inner_folder(job: ProtocolJob, repeat: int, fold: str) -> Path:
    return job.repeat_folder(repeat) / INNER / fold
