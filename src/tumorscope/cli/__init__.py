"""The command line: read settings, call one workflow, print, map errors to exit codes.

Heavy imports wait inside the commands, so that `--help` answers within 0.3 s.
"""

from __future__ import annotations

import gc
import os
import sys

import typer

from tumorscope.cli.cohort import audit, convert, phantom, prepare
from tumorscope.cli.machine import demo, doctor
from tumorscope.cli.modeling import evaluate, explain, train
from tumorscope.cli.node import dicom_node
from tumorscope.cli.privacy import deid
from tumorscope.cli.reporting import card, compare, fairness, robustness
from tumorscope.cli.screening import export, predict
from tumorscope.cli.service_safety import accounts, audit_log, erase
from tumorscope.cli.serving import serve
from tumorscope.domain.errors import TumorscopeError

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
# In the order of the work, which is the order of `--help`.
for command in (
    *(doctor, demo, phantom, prepare, convert, audit, train, evaluate, compare),
    *(fairness, robustness, explain, card, export, predict),
    *(serve, dicom_node),
    erase,
):
    app.command()(command)
app.add_typer(deid, name="deid")
app.add_typer(accounts, name="accounts")
app.add_typer(audit_log, name="audit-log")


def main() -> None:
    """Run the command line; every foreseen failure is one message and an exit status."""
    _start_quickly()
    try:
        app()
    except TumorscopeError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_status)


def _start_quickly() -> None:
    """Leave out work of the start that nothing here needs; 5 % of a single `predict`."""
    # What imports make lives as long as the process: there is nothing to collect in it.
    gc.set_threshold(50_000)
    # Else pydantic opens a file of every installed package, in search of plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
