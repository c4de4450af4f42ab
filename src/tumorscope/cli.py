"""The command line: read settings, call one workflow, print, map errors to exit codes.

Heavy imports wait inside the commands, so that `--help` answers within 0.3 s.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

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
        "3 refused because of leakage, a failed gate or an engine that scores "
        "otherwise, 130 stopped by Ctrl-C."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class _RunUnlessNamed(typer.core.TyperGroup):
    """A group of which `deid IN OUT` runs the first command, as `deid run IN OUT`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the name of the first command before what is no command's name."""
        named = args[0] in self.commands
        return super().resolve_command(ctx, args if named else ["run", *args])


deid = typer.Typer(
    cls=_RunUnlessNamed,
    help=(
        "De-identify a folder of DICOM, NIfTI, JSON, PNG, JPEG and TIFF files: "
        "tumorscope deid IN OUT. The source is never touched. The commands below keep "
        "the key, and lead back or erase the way back."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"ignore_unknown_options": True},
)
app.add_typer(deid, name="deid")

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
SequencesOption = Annotated[
    str,
    typer.Option(
        metavar="NAME[,NAME,NAME]",
        help="Channels of volumes: one or three of t1, t1c, t2, flair; what all studies "
        "have unless set.",
    ),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(
        help="Table of labels for volumes without masks: patient_id, study_id or "
        "series_id, perhaps slice_index, and label."
    ),
]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder made by `tumorscope prepare`.")
]


VaultOption = Annotated[
    Path | None,
    typer.Option("--vault", help="File of the vault; the user's own unless set."),
]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        help="File with the vault's key; else TUMORSCOPE_VAULT_KEY_FILE, "
        "TUMORSCOPE_VAULT_KEY or the system's keyring.",
    ),
]
WhyOption = Annotated[
    str, typer.Option("--why", help="Reason; it stands in the audit log.")
]


class Importer(StrEnum):
    """Layouts that `prepare` reads."""

    auto = "auto"
    folder = "folder"
    csv = "csv"
    lgg = "lgg"
    phantom = "phantom"
    dicom = "dicom"
    nifti = "nifti"


class Protocol(StrEnum):
    """Ways of training and testing in folds."""

    cv = "cv"
    nested_cv = "nested-cv"
    leave_site_out = "leave-site-out"


class EngineTarget(StrEnum):
    """Runtimes that `export` writes for."""

    openvino = "openvino"
    onnx = "onnx"


class EnginePrecision(StrEnum):
    """Numbers that an exported network is computed in."""

    fp32 = "fp32"
    bf16 = "bf16"
    int8 = "int8"


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
    source: Annotated[
        Path,
        typer.Argument(
            help="Folder or table with images, DICOM studies or NIfTI volumes."
        ),
    ],
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
    sequences: SequencesOption = "",
    labels: LabelsOption = None,
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
    from tumorscope.workflows.source_options import source_options, volume_options

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
        volumes=volume_options(sequences, labels=labels),
    )
    run = run_prepare(source, out, spec, options=options, progress=show_progress)
    typer.echo(run.describe())
    typer.echo(f"next: tumorscope train {out}")


@app.command()
def convert(  # noqa: PLR0913 - one option for each way a source can differ
    source: Annotated[
        Path,
        typer.Argument(
            help="Folder of DICOM studies or NIfTI volumes, DICOMDIR, zip, or one file."
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    importer: Annotated[
        Importer, typer.Option(help="Layout; auto looks at it.")
    ] = Importer.auto,
    sequences: SequencesOption = "",
    labels: LabelsOption = None,
    positive: Annotated[
        list[str] | None, typer.Option(help="Label that means tumor; repeatable.")
    ] = None,
    negative: Annotated[
        list[str] | None, typer.Option(help="Label that means none; repeatable.")
    ] = None,
    skip_unreadable: Annotated[
        bool,
        typer.Option(
            "--skip-unreadable", help="Go on without damaged files, and list them."
        ),
    ] = False,
) -> None:
    """Write volumes as slices with a manifest, for `audit` and `evaluate --manifest`.

    `prepare` does this by itself; here nothing is split, so one patient is enough.
    """
    from tumorscope.workflows.convert import convert as run_convert
    from tumorscope.workflows.source_options import source_options, volume_options

    options = source_options(
        importer.value,
        positive=tuple(positive or ()),
        negative=tuple(negative or ()),
        skip_unreadable=skip_unreadable,
        volumes=volume_options(sequences, labels=labels),
    )
    made = run_convert(source, out, options=options, progress=show_progress)
    typer.echo(made.describe())
    typer.echo(f"next: tumorscope evaluate BUNDLE --manifest {out}/manifest.parquet")


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
def export(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a run that holds one.")],
    *,
    to: Annotated[EngineTarget, typer.Option(help="Runtime that is going to score.")],
    precision: Annotated[
        EnginePrecision,
        typer.Option(help="bf16: openvino only. int8: calibrated on training slices."),
    ] = EnginePrecision.fp32,
    images: Annotated[
        list[Path] | None,
        typer.Option(
            help="Compare on these files or folders instead of the run's tuning part; "
            "repeatable."
        ),
    ] = None,
    waive: Annotated[
        str,
        typer.Option(
            metavar="REASON",
            help="Keep an engine beyond the tolerance; the reason stays with it.",
        ),
    ] = "",
) -> None:
    """Write an engine for fast scoring beside the bundle, and prove that it scores alike.

    Leaves BUNDLE/engines/NAME with the graph, its record and parity.json. Exit status 3
    when scores differ beyond the tolerance and no reason waives that.
    """
    from tumorscope.domain.export_spec import ExportSpec
    from tumorscope.workflows.export import export_engine

    spec = ExportSpec(target=to.value, precision=precision.value, waiver=waive)
    done = export_engine(bundle, spec, images=images or (), progress=show_progress)
    typer.echo(done.as_words())


@app.command()
def predict(
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a run that holds one.")],
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Image files or folders; DICOM studies as folder, DICOMDIR or zip; "
            "NIfTI volumes."
        ),
    ],
    *,
    dicom_out: Annotated[
        Path | None,
        typer.Option(help="New folder for report, map and overlays as DICOM files."),
    ] = None,
    stow: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="DICOMweb service (STOW-RS) to send these files to."
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="auto (an exported engine where there is one), torch, openvino, onnx, or "
            "a full name such as openvino-int8."
        ),
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score new images: a probability for each, refused files with their reason.

    Of a study or volume every slice and every series is scored, and every series that is
    left out is listed with its reason. Results for a PACS need a DICOM study; they name
    the patient as it does.
    """
    if dicom_out is None and stow is None:
        from tumorscope.workflows.predict import predict as run_predict

        found = run_predict(bundle, files, engine=engine, progress=show_progress)
        filed = None
    else:
        from tumorscope.workflows.dicom_results import predict_for_pacs

        found, filed = predict_for_pacs(
            *(bundle, files),
            out=dicom_out,
            stow=stow,
            engine=engine,
            progress=show_progress,
        )
    if as_json:
        extra = {} if filed is None else {"dicom_results": filed.as_dict()}
        typer.echo(json.dumps(found.as_dict() | extra, indent=1))
    else:
        typer.echo(found.as_table())
        if filed is not None:
            typer.echo(filed.as_words())
    if found.all_refused:
        raise typer.Exit(2)


@deid.command("run")
def deid_run(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="Folder with patients' files.")
    ],
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="New folder, or one that the same command began."
        ),
    ],
    *,
    mode: Annotated[
        str | None,
        typer.Option(help="research (default), one-way or safe-harbor."),
    ] = None,
    vault: VaultOption = None,
    key_file: KeyOption = None,
    settings: SetOption = None,
) -> None:
    """De-identify a folder: tumorscope deid IN OUT. Leaves deid.html, deid.json, data/.

    Settings for --set: deid.dates, keep_characteristics, clean_descriptors, retain_uids,
    retain_device, patient_from, accept_deidentified, face_free, pixels_reviewed,
    small_cell. Exit status 2 when no file could be written.
    """
    from tumorscope.workflows.deid import deidentify

    chosen = [f"deid.mode={mode}"] if mode is not None else []
    written = deidentify(
        source,
        out,
        vault=vault,
        key_file=key_file,
        assignments=[*chosen, *(settings or [])],
        progress=show_progress,
    )
    typer.echo(written.summary)
    typer.echo(f"report: {written.html}")
    if not written.report.n_written:
        raise typer.Exit(2)


@deid.command("new-key")
def deid_new_key(
    file: Annotated[
        Path | None, typer.Argument(help="New file; only you may read it.")
    ] = None,
    *,
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Put it into the system's keyring.")
    ] = False,
) -> None:
    """Make a key for a vault. Keep it apart from vault and data: it cannot be replaced."""
    from tumorscope.workflows.reidentify import make_key

    typer.echo(f"key: {make_key(file, in_keyring=keyring)}")


@deid.command("reidentify")
def deid_reidentify(
    pseudonym: Annotated[str, typer.Argument(help="As in the output.")],
    *,
    why: WhyOption,
    vault: VaultOption = None,
    key_file: KeyOption = None,
) -> None:
    """Say who a pseudonym stands for; the look is written to the audit log first."""
    from tumorscope.workflows.reidentify import reidentify

    found = reidentify(pseudonym, why=why, vault=vault, key_file=key_file)
    typer.echo(found.as_text())


@deid.command("forget")
def deid_forget(
    patient: Annotated[
        str, typer.Argument(help="Pseudonym, or the original patient ID.")
    ],
    *,
    why: WhyOption,
    issuer: Annotated[
        str, typer.Option(help="Issuer of the patient ID, where the files name one.")
    ] = "",
    vault: VaultOption = None,
    key_file: KeyOption = None,
) -> None:
    """Erase the link between a patient and the pseudonym for good, and prove it."""
    from tumorscope.workflows.forget import forget

    done = forget(patient, why=why, issuer=issuer, vault=vault, key_file=key_file)
    typer.echo(done.as_text())


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
