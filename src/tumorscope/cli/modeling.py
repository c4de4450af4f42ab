"""Commands that train a model, test it and explain it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tumorscope.cli.options import (
    RunArgument,
    SetOption,
    show_progress,
)
from tumorscope.domain.errors import ConfigError


class Protocol(StrEnum):
    """Ways of training and testing in folds."""

    cv = "cv"
    nested_cv = "nested-cv"
    leave_site_out = "leave-site-out"


def train(
    run: RunArgument,
    *,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on after a stop, with the same settings."),
    ] = False,
    settings: SetOption = None,
) -> None:
    """Train the network on the training part, and fix the threshold on the tuning part.

    Recipes: --set train.recipe=seed (default) or strong. Without network access:
    --set train.initial_weights=scratch
    """
    from tumorscope.workflows.run_folder import open_run
    from tumorscope.workflows.settings import change_section
    from tumorscope.workflows.train import describe_models
    from tumorscope.workflows.train import train as run_train

    spec = change_section(open_run(run).record.spec, "train", settings or []).train
    trained = run_train(
        run, spec=spec, resume=resume, show_bar=True, progress=show_progress
    )
    typer.echo(describe_models(trained))
    typer.echo(f"next: tumorscope evaluate {run}")


def evaluate(  # noqa: PLR0913 - a run, external testing and protocols share one verb
    target: Annotated[
        Path, typer.Argument(metavar="RUN|BUNDLE", help="A trained run, or a bundle.")
    ],
    *,
    manifest: Annotated[
        Path | None,
        typer.Option(
            help="External testing on a set that the model never saw: a source as "
            "`prepare` reads it, another run, or a manifest.parquet."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report of external testing.")
    ] = None,
    protocol: Annotated[
        Protocol | None,
        typer.Option(
            help="Train and test anew in every fold, by patient; the same command goes "
            "on after a stop. Needs a prepared run, its model is not used."
        ),
    ] = None,
    candidate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="train.KEY=VALUE",
            help="nested-cv: settings to choose among, several separated by `;`, or "
            "`run` for the run's own; repeatable.",
        ),
    ] = None,
    leaky_comparison: Annotated[
        bool,
        typer.Option(
            "--leaky-comparison",
            help="Show beside a protocol what a split of slices would pretend.",
        ),
    ] = False,
    settings: SetOption = None,
) -> None:
    """Judge the model on the test part: report.html, report.json, predictions.parquet.

    --set evaluate.baselines=true adds the simple methods on the same split. Settings of
    --protocol: protocol.repeats, folds, inner_folds, site_repeats, seed.
    """
    from tumorscope.workflows.evaluate import evaluate_external, evaluate_run

    if protocol is not None:
        if manifest is not None or out is not None:
            raise ConfigError(
                "--protocol is internal testing and stays in the run's folder: leave "
                "out --manifest and --out"
            )
        _evaluate_protocol(
            target,
            protocol,
            settings=settings or [],
            candidates=candidate or [],
            leaky_comparison=leaky_comparison,
        )
        return
    if candidate or leaky_comparison:
        raise ConfigError("--candidate and --leaky-comparison need --protocol")
    if manifest is None and out is not None:
        raise ConfigError(
            "--out is for external testing: add --manifest, or leave it out; the report "
            "of a run stays in its folder"
        )
    if manifest is None:
        written = evaluate_run(
            target, assignments=settings or [], progress=show_progress
        )
    else:
        written = evaluate_external(
            target,
            manifest,
            out=out,
            assignments=settings or [],
            progress=show_progress,
        )
    typer.echo(written.summary)
    typer.echo(f"report: {written.html}")


def _evaluate_protocol(
    run: Path,
    protocol: Protocol,
    *,
    settings: list[str],
    candidates: list[str],
    leaky_comparison: bool,
) -> None:
    from tumorscope.workflows.protocols import run_protocol

    result = run_protocol(
        run,
        protocol.value,
        assignments=settings,
        candidates=candidates,
        leaky_comparison=leaky_comparison,
        show_bar=True,
        progress=show_progress,
    )
    typer.echo(result.summary)
    typer.echo(f"report: {result.html}")


def explain(
    run: RunArgument,
    *,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Another run on the same split, trained with another seed: how alike are "
            "its maps?",
        ),
    ] = None,
    settings: SetOption = None,
) -> None:
    """Draw what moved the scores, score the maps, and check whether to trust them.

    Leaves pictures, localization.json, quality.json and scores.parquet in explanations/,
    and the figures in the report. After a stop, start again: nothing half-made is left.
    """
    from tumorscope.workflows.evaluate import refresh_report
    from tumorscope.workflows.explain import explain as run_explain
    from tumorscope.workflows.run_folder import open_run
    from tumorscope.workflows.settings import change_section

    spec = change_section(open_run(run).record.spec, "explain", settings or []).explain
    found = run_explain(run, spec=spec, against=against, progress=show_progress)
    typer.echo(found.as_text())
    written = refresh_report(run, progress=show_progress)
    if written is not None:
        typer.echo(f"report: {written}")
