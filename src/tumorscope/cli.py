"""The command line: read settings, call one workflow, print, map errors to exit codes.

Heavy imports wait inside the commands, so that `--help` answers within 0.3 s.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from tumorscope.domain.errors import ConfigError, TumorscopeError

Item = TypeVar("Item")

app = typer.Typer(
    name="tumorscope",
    help=(
        "Detects brain tumors on MRI slices and shows how far its answer can be "
        "trusted. Research use only. Not a medical device.\n\n"
        "A first look without data: tumorscope demo\n\n"
        "On your own images: prepare -> train -> evaluate -> explain -> predict"
    ),
    epilog=(
        "Exit status: 0 done, 1 failed, 2 input or settings cannot be used, "
        "3 refused because of leakage or a failed gate, 130 stopped by Ctrl-C."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SECTION.KEY=VALUE",
        help="Change one setting, e.g. train.epochs=20; repeatable. "
        "All settings: docs/reference/specs.md",
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="TOML file with settings; --set wins over it."),
]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder made by `tumorscope prepare`.")
]


class Importer(StrEnum):
    """Layouts that `prepare` reads."""

    auto = "auto"
    folder = "folder"
    csv = "csv"
    lgg = "lgg"
    phantom = "phantom"


class Protocol(StrEnum):
    """Ways of training and testing in folds."""

    cv = "cv"
    nested_cv = "nested-cv"
    leave_site_out = "leave-site-out"


def main() -> None:
    """Run the command line; every foreseen failure is one message and an exit status."""
    try:
        app()
    except TumorscopeError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_status)


@app.command()
def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Show versions, CPU and GPU features, free disk, and what is missing."""
    from tumorscope.workflows.doctor import inspect_machine

    report = inspect_machine()
    typer.echo(report.as_json() if as_json else report.as_text())


@app.command()
def phantom(
    out: Annotated[Path, typer.Argument(help="Folder to make.")],
    *,
    patients: Annotated[
        int | None, typer.Option(help="Number of persons; 60 unless set.")
    ] = None,
    settings: SetOption = None,
) -> None:
    """Make a synthetic cohort of head MRI with known truth, and faults on request.

    Settings for --set: patients, slices_per_patient, tumor_share, size_px, sites, seed,
    and the faults repeated_patients, near_duplicates, border_cue, size_cue,
    site_label_tie (see docs/phantom.md).
    """
    from tumorscope.phantom.spec import PhantomSpec
    from tumorscope.workflows.phantom import make_phantom
    from tumorscope.workflows.settings import read_settings

    chosen = [f"patients={patients}"] if patients is not None else []
    spec = read_settings(
        PhantomSpec, file=None, assignments=[*chosen, *(settings or [])]
    )
    made = make_phantom(out, spec, progress=show_progress)
    typer.echo(f"made {made}; next: tumorscope prepare {made} --out runs/phantom")


@app.command()
def prepare(  # noqa: PLR0913 - one option for each way a source can differ
    source: Annotated[Path, typer.Argument(help="Folder or table with images.")],
    *,
    out: Annotated[Path, typer.Option(help="Run folder to make, e.g. runs/first.")],
    importer: Annotated[
        Importer, typer.Option(help="Layout; auto looks at it.")
    ] = Importer.auto,
    positive: Annotated[
        list[str] | None, typer.Option(help="Class name that means tumor; repeatable.")
    ] = None,
    negative: Annotated[
        list[str] | None, typer.Option(help="Class name that means none; repeatable.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="THEIRS=OURS",
            help="Column of a table and its name here, e.g. subject=patient_id, "
            "file=image, diagnosis=label; repeatable.",
        ),
    ] = None,
    ignore_column: Annotated[
        list[str] | None,
        typer.Option(help="Column of a table to leave out; repeatable."),
    ] = None,
    skip_unreadable: Annotated[
        bool,
        typer.Option(
            "--skip-unreadable",
            help="Go on without unusable files; run.json and the report list them.",
        ),
    ] = False,
    folds: Annotated[
        int | None, typer.Option(help="Grouped cross-validation with this many folds.")
    ] = None,
    leave_out: Annotated[
        str | None, typer.Option(help="`site`: one fold for each site.")
    ] = None,
    config: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Import images, check every file, split by patient, build the pixel store."""
    from tumorscope.domain.specs import RunSpec
    from tumorscope.workflows.prepare import prepare as run_prepare
    from tumorscope.workflows.settings import read_settings
    from tumorscope.workflows.source_options import source_options

    chosen = [f"split.folds={folds}"] if folds is not None else []
    chosen += [f"split.leave_out={leave_out}"] if leave_out is not None else []
    spec = read_settings(RunSpec, file=config, assignments=[*chosen, *(settings or [])])
    options = source_options(
        importer.value,
        positive=tuple(positive or ()),
        negative=tuple(negative or ()),
        columns=tuple(column or ()),
        ignored=tuple(ignore_column or ()),
        skip_unreadable=skip_unreadable,
    )
    run = run_prepare(source, out, spec, options=options, progress=show_progress)
    typer.echo(run.describe())
    typer.echo(f"next: tumorscope train {out}")


@app.command()
def audit(  # noqa: PLR0913 - a run, and one option for each way a source can differ
    place: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|SOURCE",
            help="Folder made by `tumorscope prepare`, or a source as it reads it.",
        ),
    ],
    *,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Another run, manifest.parquet or source: which of its slices are in "
            "this one?"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for audit.json and audit.html; the run's own unless set, or "
            "audit-NAME for a source."
        ),
    ] = None,
    waive: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GATE=REASON",
            help="Take responsibility for a failed gate; the reason stands in every "
            "report. Repeatable.",
        ),
    ] = None,
    importer: Annotated[
        Importer, typer.Option(help="Layout of a source; auto looks at it.")
    ] = Importer.auto,
    positive: Annotated[
        list[str] | None, typer.Option(help="Class name that means tumor; repeatable.")
    ] = None,
    negative: Annotated[
        list[str] | None, typer.Option(help="Class name that means none; repeatable.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="THEIRS=OURS",
            help="Column of a table and its name here; repeatable.",
        ),
    ] = None,
    ignore_column: Annotated[
        list[str] | None,
        typer.Option(help="Column of a table to leave out; repeatable."),
    ] = None,
    settings: SetOption = None,
) -> None:
    """Look for leaks, copies and shortcuts before training: audit.html, audit.json.

    Exit status 3 when a gate fails that is not waived. Settings: --set audit.KEY=VALUE
    """
    from tumorscope.workflows.audit import audit as run_audit
    from tumorscope.workflows.evaluate import refresh_report
    from tumorscope.workflows.source_options import source_options

    options = source_options(
        importer.value,
        positive=tuple(positive or ()),
        negative=tuple(negative or ()),
        columns=tuple(column or ()),
        ignored=tuple(ignore_column or ()),
    )
    written = run_audit(
        place,
        against=against,
        out=out,
        waivers=waive or [],
        assignments=settings or [],
        options=options,
        progress=show_progress,
    )
    typer.echo(written.as_text())
    typer.echo(f"audit: {written.html}")
    if written.is_of_run:
        refresh_report(place, progress=show_progress)
    if written.has_failed:
        raise typer.Exit(3)


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def explain(run: RunArgument, *, settings: SetOption = None) -> None:
    """Draw what moved the scores, and score the maps against lesion masks."""
    from tumorscope.workflows.evaluate import refresh_report
    from tumorscope.workflows.explain import explain as run_explain
    from tumorscope.workflows.run_folder import open_run
    from tumorscope.workflows.settings import change_section

    spec = change_section(open_run(run).record.spec, "explain", settings or []).explain
    found = run_explain(run, spec=spec, progress=show_progress)
    typer.echo(found.as_text())
    written = refresh_report(run, progress=show_progress)
    if written is not None:
        typer.echo(f"report: {written}")


@app.command()
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


@app.command()
def predict(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a run that holds one.")],
    files: Annotated[list[Path], typer.Argument(help="Image files or folders.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score new images: a probability for each, refused files with their reason."""
    from tumorscope.workflows.predict import predict as run_predict

    found = run_predict(bundle, files, progress=show_progress)
    typer.echo(json.dumps(found.as_dict(), indent=1) if as_json else found.as_table())
    if found.all_refused:
        raise typer.Exit(2)


@app.command()
def demo(
    *,
    out: Annotated[Path, typer.Option(help="Folder to make.")] = Path("runs/demo"),
    open_report: Annotated[
        bool, typer.Option("--open", help="Open the report in the browser.")
    ] = False,
) -> None:
    """Phantom -> prepare -> train -> evaluate -> explain, within minutes on two cores."""
    from tumorscope.workflows.demo import run_demo

    report = run_demo(out, progress=show_progress, say=typer.echo)
    typer.echo(f"report: {report}")
    if open_report:
        typer.launch(str(report))


def show_progress(items: Iterable[Item], *, total: int, label: str) -> Iterator[Item]:
    """Show a bar with the time left on a terminal; nothing elsewhere."""
    from tqdm import tqdm

    yield from tqdm(
        items,
        total=total,
        desc=label,
        disable=None,
        dynamic_ncols=True,
        leave=False,
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
