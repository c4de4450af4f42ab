"""Run -> repeated cross-validation, nested or not, or one fold for each left-out site.

Every step leaves a file when it is whole and is skipped when its file is there, so that
the same command goes on after a kill at any point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from tumorscope.audit.sections.gates import report_audit_section
from tumorscope.domain.errors import ConfigError
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.protocol_spec import (
    CandidateChoice,
    ProtocolName,
    ProtocolRequest,
    ProtocolSpec,
)
from tumorscope.domain.spec import Spec
from tumorscope.domain.specs import RunSpec
from tumorscope.domain.split import Split
from tumorscope.io.artifacts import read_split, write_predictions, write_split
from tumorscope.io.bundle import WEIGHTS
from tumorscope.learning.training import (
    BEST_WEIGHTS,
    CHECKPOINT,
    TrainingInterruptedError,
)
from tumorscope.workflows.audit_record import refuse_failed_audit
from tumorscope.workflows.protocols_layout import (
    ProtocolJob,
    deal_repeat,
    keep_request,
    make_run_folder,
)
from tumorscope.workflows.protocols_nested import (
    nested_steps,
    outer_folder,
    read_choice,
    refuse_candidates,
)
from tumorscope.workflows.protocols_results import ProtocolResult, report_protocol
from tumorscope.workflows.recording import recorded_stage
from tumorscope.workflows.run_folder import PREDICTIONS, SPLIT, Run, open_run
from tumorscope.workflows.scoring import score_run
from tumorscope.workflows.settings import change_section, read_settings
from tumorscope.workflows.train import train

Step = Callable[[], None]
SECTIONS = ("protocol.", "evaluate.")


class _Settings(Spec):
    """What `--set` takes beside the section `evaluate`."""

    protocol: ProtocolSpec = ProtocolSpec()
    """Repeats, folds and seed."""


def run_protocol(  # noqa: PLR0913 - the parts of one command
    folder: Path,
    name: ProtocolName,
    *,
    assignments: Sequence[str] = (),
    candidates: Sequence[str] = (),
    leaky_comparison: bool = False,
    show_bar: bool = False,
    progress: Progress = silent,
) -> ProtocolResult:
    """Train and test a run's settings anew in every fold of every repeat.

    Args:
        folder: A prepared run; its manifest, settings and pixel store are used, its own
            split and models are not.
        name: Which protocol.
        assignments: Changes of settings, each `protocol.key=value` or
            `evaluate.key=value`.
        candidates: `nested-cv`: settings to choose among, see `candidate_settings`.
        leaky_comparison: Whether a simple method under a split of slices is shown beside,
            labeled as leaky; nothing is trained for it.
        show_bar: Whether a bar with the time left in each training is shown.
        progress: Shows how far the folds got.

    Returns:
        The result, also left in `RUN/protocols/NAME`.

    Raises:
        ConfigError: If a setting cannot be used, or the protocol was started with others.
        DataError: If there are too few patients.
        GateError: If the run's audit failed and was not waived.
        TrainingInterruptedError: After SIGINT; the same command goes on.
    """
    run = open_run(folder)
    audit = refuse_failed_audit(run)
    job = ProtocolJob(
        run=run,
        request=_request(run, name, assignments, candidates),
        show_bar=show_bar,
        progress=progress,
    )
    run.store(progress)
    splits = [deal_repeat(job, repeat) for repeat in job.repeats]  # refuses first
    keep_request(job)
    with recorded_stage(folder, f"evaluate --protocol {name}") as stage:
        for repeat, (split, spec, notes) in zip(job.repeats, splits, strict=True):
            settings = job.request.run.model_copy(
                update={"split": spec, "train": job.train_spec(repeat)}
            )
            _open_repeat(job, repeat, split, spec=settings, notes=notes)
        _do(job, [step for repeat in job.repeats for step in _steps(job, repeat)])
        result = report_protocol(
            job,
            job.request.run.evaluate,
            choices=_choices(job),
            audit=report_audit_section(audit),
            with_leak=leaky_comparison,
        )
        stage.details["auroc"] = str(result.report.figures["auroc"])
        stage.details["repeats"] = len(job.repeats)
    return result


def _request(
    run: Run,
    name: ProtocolName,
    assignments: Sequence[str],
    candidates: Sequence[str],
) -> ProtocolRequest:
    foreign = [one for one in assignments if not one.strip().startswith(SECTIONS)]
    if foreign:
        raise ConfigError(
            f"--set {foreign[0]}: a protocol takes settings of the sections 'protocol' "
            "and 'evaluate'. It trains with the run's own settings, which `tumorscope "
            "prepare` fixes; nested-cv chooses among those of --candidate"
        )
    own = [one for one in assignments if one.strip().startswith(SECTIONS[0])]
    others = [one for one in assignments if one not in own]
    spec = change_section(run.record.spec, "evaluate", others)
    if name == "nested-cv":
        refuse_candidates(spec, tuple(candidates))
    elif candidates:
        raise ConfigError(
            f"--candidate is for --protocol nested-cv; {name} trains with the run's own "
            "settings"
        )
    return ProtocolRequest(
        name=name,
        settings=read_settings(_Settings, file=None, assignments=own).protocol,
        candidates=tuple(candidates),
        run=spec,
        manifest_digest=run.manifest.digest,
    )


def _open_repeat(
    job: ProtocolJob,
    repeat: int,
    split: Split,
    *,
    spec: RunSpec,
    notes: Sequence[str],
) -> None:
    place = job.repeat_folder(repeat)
    if job.request.name != "nested-cv":
        make_run_folder(job, place, split, spec=spec, notes=notes)
    elif not (place / SPLIT).is_file():
        place.mkdir(parents=True, exist_ok=True)
        write_split(place / SPLIT, split)


def _steps(job: ProtocolJob, repeat: int) -> list[Step]:
    split = read_split(job.repeat_folder(repeat) / SPLIT, job.run.manifest)
    is_done = (job.repeat_folder(repeat) / PREDICTIONS).is_file()
    if is_done:
        return []
    if job.request.name == "nested-cv":
        steps = nested_steps(job, repeat, split)
        folders = [outer_folder(job, repeat, fold) for fold in split.fold_names]
    else:
        folders = [job.repeat_folder(repeat)]
        steps = [
            partial(_train_fold, job, folders[0], fold)
            for fold in range(len(split.fold_names))
        ]
    return [*steps, partial(_score, job, repeat, folders)]


def _do(job: ProtocolJob, steps: Sequence[Step]) -> None:
    label = f"{job.request.name}: steps"
    try:
        for step in job.progress(steps, total=len(steps), label=label):
            step()
    except TrainingInterruptedError as error:
        raise TrainingInterruptedError(
            f"stopped; the same `tumorscope evaluate {job.run.folder} --protocol "
            f"{job.request.name} ...` goes on from the last finished epoch"
        ) from error


def _train_fold(job: ProtocolJob, folder: Path, fold: int) -> None:
    if (open_run(folder).bundle_folder(fold) / WEIGHTS).is_file():
        return
    train(
        folder,
        resume=True,
        folds=(fold,),
        show_bar=job.show_bar,
        progress=job.progress,
    )


def _score(job: ProtocolJob, repeat: int, folders: Sequence[Path]) -> None:
    """Score a repeat's test parts, then drop the checkpoints, which nothing needs now."""
    runs = [open_run(folder) for folder in folders]
    tables = [score_run(run, progress=job.progress)[0].table for run in runs]
    write_predictions(
        job.repeat_folder(repeat) / PREDICTIONS,
        Predictions(table=pd.concat(tables, ignore_index=True)),
    )
    for run in runs:
        for fold in range(len(run.split.fold_names)):
            for name in (CHECKPOINT, BEST_WEIGHTS):
                (run.training_folder(fold) / name).unlink(missing_ok=True)


def _choices(job: ProtocolJob) -> list[CandidateChoice]:
    if job.request.name != "nested-cv":
        return []
    return [
        read_choice(job, repeat, fold)
        for repeat in job.repeats
        for fold in read_split(
            job.repeat_folder(repeat) / SPLIT, job.run.manifest
        ).fold_names
    ]
