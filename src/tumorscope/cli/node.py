"""The command that starts a DICOM node."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def dicom_node(  # noqa: PLR0913 - the options of a command
    bundle: Annotated[
        Path, typer.Argument(metavar="BUNDLE", help="Bundle, or a run with one.")
    ],
    *,
    ae_title: Annotated[str, typer.Option(help="Title of this node.")] = "TUMORSCOPE",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 11112,
    caller: Annotated[
        list[str] | None,
        typer.Option(help="Title that may call; repeatable. All unless set."),
    ] = None,
    send_to: Annotated[
        str | None, typer.Option(metavar="TITLE@HOST:PORT", help="Where results go.")
    ] = None,
    quiet: Annotated[
        float, typer.Option(help="Seconds after which a study counts as complete.")
    ] = 10.0,
    data: Annotated[
        Path | None, typer.Option(help="Data folder; the user's own unless set.")
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(envvar="TUMORSCOPE_DATABASE_URL", help="As for `serve`."),
    ] = None,
    workers: Annotated[
        int, typer.Option(help="Worker processes; 0 where `serve` runs them.")
    ] = 1,
) -> None:
    """Receive scans by C-STORE, screen them, and send the results on."""
    from tumorscope.serve.node_launch import launch_node
    from tumorscope.serve.node_settings import NodeSettings, Peer
    from tumorscope.serve.offline import default_data
    from tumorscope.serve.settings import ServiceSettings

    node = NodeSettings(
        ae_title=ae_title,
        host=host,
        port=port,
        callers=tuple(caller or ()),
        destination=None if send_to is None else Peer.parse(send_to),
        quiet_s=quiet,
    )
    settings = ServiceSettings(
        data=(data or default_data()).resolve(),
        bundles=(bundle.resolve(),),
        database_url=database_url,
        workers=workers,
    )
    launch_node(settings, node, say=typer.echo)
