"""Commands about the machine at hand: what it offers, and a first look on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tumorscope.cli.options import (
    show_progress,
)


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Show versions, CPU and GPU features, free disk, and what is missing."""
    from tumorscope.workflows.doctor import inspect_machine

    report = inspect_machine()
    typer.echo(report.as_json() if as_json else report.as_text())


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
