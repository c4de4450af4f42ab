"""Commands that score new images."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tumorscope.cli.options import (
    show_progress,
)
from tumorscope.domain.errors import ConfigError


class EngineTarget(StrEnum):
    """Runtimes that `export` writes for."""

    openvino = "openvino"
    onnx = "onnx"


class EnginePrecision(StrEnum):
    """Numbers that an exported network is computed in."""

    fp32 = "fp32"
    bf16 = "bf16"
    int8 = "int8"


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


def predict(  # noqa: PLR0913 - what scores, what is scored, and where answers go
    bundle: Annotated[Path, typer.Argument(help="A bundle, or a run that holds one.")],
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Image files or folders; DICOM studies as folder or DICOMDIR; NIfTI "
            "volumes and BraTS cases; zip archives of any of these."
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
    cstore: Annotated[
        str | None,
        typer.Option(
            metavar="AET@HOST:PORT", help="PACS to send these files to by C-STORE."
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="auto (an exported engine where there is one), torch, openvino, onnx, or "
            "a full name such as openvino-int8."
        ),
    ] = "auto",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE.parquet",
            help="Score a whole archive into a Parquet table: one folder, zip, or table "
            "with a column image. Goes on where it was stopped.",
        ),
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, help="Slices in one pass of the network, for --out.")
    ] = 32,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score new images: a probability for each, refused files with their reason.

    Of a study or volume every slice and every series is scored, and every series that is
    left out is listed with its reason. Results for a PACS need a DICOM study; they name
    the patient as it does.
    """
    if out is not None:
        _score_archive(bundle, files, out, engine=engine, batch=batch)
        return
    from tumorscope.workflows.predict_images import are_images, predict_images

    filed = None
    send_to = _one_pacs(stow, cstore)
    if dicom_out is not None or send_to is not None:
        from tumorscope.workflows.dicom_results import predict_for_pacs

        found, filed = predict_for_pacs(
            *(bundle, files),
            out=dicom_out,
            send_to=send_to,
            engine=engine,
            progress=show_progress,
        )
    elif are_images(files):
        # One image from a cold start: nothing is imported that only volumes need.
        found = predict_images(bundle, files, engine=engine, progress=show_progress)
    else:
        from tumorscope.workflows.predict import predict as run_predict

        found = run_predict(bundle, files, engine=engine, progress=show_progress)
    if as_json:
        extra = {} if filed is None else {"dicom_results": filed.as_dict()}
        typer.echo(json.dumps(found.as_dict() | extra, indent=1))
    else:
        typer.echo(found.as_table())
        if filed is not None:
            typer.echo(filed.as_words())
    if found.all_refused:
        raise typer.Exit(2)


def _one_pacs(stow: str | None, cstore: str | None) -> str | None:
    if stow is not None and cstore is not None:
        raise ConfigError("send to one PACS: --stow or --cstore")
    return cstore if stow is None else stow


def _score_archive(
    bundle: Path, files: list[Path], out: Path, *, engine: str, batch: int
) -> None:
    from tumorscope.workflows.score_archive import ArchiveRhythm, score_archive

    if len(files) != 1:
        raise ConfigError("--out takes one source: a folder, an archive or a table")
    done = score_archive(
        *(bundle, files[0], out),
        engine=engine,
        rhythm=ArchiveRhythm(batch=batch),
        progress=show_progress,
    )
    typer.echo(done.as_words())
    if done.all_refused:
        raise typer.Exit(2)
