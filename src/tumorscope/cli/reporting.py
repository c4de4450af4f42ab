"""Commands that set results beside each other, and write them up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tumorscope.cli.options import (
    RunArgument,
    SetOption,
    show_progress,
)


def compare(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="A B...",
            help="Evaluated runs, folders of external testing, or RUN/protocols/NAME; "
            "the first is what the others are compared with.",
        ),
    ],
    *,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the page; beside A unless set.")
    ] = None,
    settings: SetOption = None,
) -> None:
    """Compare models on the very same slices: paired by patient, with Holm's correction.

    Leaves compare.html and compare.json. Results of other slices are refused with what
    differs.
    """
    from tumorscope.workflows.compare import compare as run_compare

    written = run_compare(results, out=out, assignments=settings or [])
    typer.echo(written.summary)
    typer.echo(f"report: {written.html}")


def fairness(
    run: RunArgument,
    *,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN[:EDGES]",
            help="A further column of the manifest, e.g. scanner, age_years:40,60 or "
            "sex-x-site; repeatable.",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="OTHER_RUN",
            help="A run without mitigation on the same split: is RUN's worth it?",
        ),
    ] = None,
    settings: SetOption = None,
) -> None:
    """Compare groups of patients, each gap beside what chance alone would show.

    Leaves fairness.html and fairness.json. Settings for --set: fairness.groups, tested,
    min_patients, permutations, shuffle_within, coverage, probe.
    """
    from tumorscope.workflows.evaluate import refresh_report
    from tumorscope.workflows.fairness import measure_run_fairness

    written = measure_run_fairness(
        run,
        groups=group or [],
        against=against,
        assignments=settings or [],
        progress=show_progress,
    )
    typer.echo(written.summary)
    typer.echo(f"report: {written.html}")
    refresh_report(run, progress=show_progress)


def robustness(
    run: RunArgument,
    *,
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="OTHER_RUN",
            help="An evaluated run on the same test slices: adds the errors relative to "
            "it.",
        ),
    ] = None,
    settings: SetOption = None,
) -> None:
    """Corrupt the test slices with MRI artifacts at five severities, and score them.

    Leaves robustness.html and robustness.json; the same command goes on after a stop.
    Settings for --set: robustness.artifacts, severities, missing_sequences, coverage.
    """
    from tumorscope.workflows.evaluate import refresh_report
    from tumorscope.workflows.robustness import measure_run_robustness

    written = measure_run_robustness(
        run,
        reference=reference,
        assignments=settings or [],
        progress=show_progress,
    )
    typer.echo(written.summary)
    typer.echo(f"report: {written.html}")
    refresh_report(run, progress=show_progress)


def card(
    run: RunArgument,
    *,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the files; the run's own unless set."),
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(
            help="TOML file with developer, license, contact, funding, ethics: what no "
            "run can measure."
        ),
    ] = None,
) -> None:
    """Write the model card and the CLAIM 2024 and TRIPOD+AI checklists of a trained run.

    Leaves model_card.md, model_card.html, claim_2024.md and tripod_ai.md, filled from
    what the run measured; everything else is named as open.
    """
    from tumorscope.workflows.card import write_card

    written = write_card(run, out=out, facts=facts)
    typer.echo(written.summary)
    typer.echo(f"card: {written.html}")
