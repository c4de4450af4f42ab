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
