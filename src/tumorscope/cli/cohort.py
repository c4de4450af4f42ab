"""Commands that make, read and audit a cohort."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tumorscope.cli.options import (
    ConfigOption,
    LabelsOption,
    SequencesOption,
    SetOption,
    show_progress,
)


class Importer(StrEnum):
    """Layouts that `prepare` reads."""

    auto = "auto"
    folder = "folder"
    csv = "csv"
    lgg = "lgg"
    phantom = "phantom"
    dicom = "dicom"
    nifti = "nifti"


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
