"""The command that starts the service."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tumorscope.cli.options import show_progress
from tumorscope.domain.errors import ConfigError


class Auth(StrEnum):
    """How people sign in."""

    none = "none"
    accounts = "accounts"
    oidc = "oidc"


def serve(  # noqa: PLR0913 - the options of a command
    bundles: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="BUNDLE...",
            help="Bundles, or runs with one; the first is the default.",
        ),
    ] = None,
    *,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help="Make a small model and phantom studies for a first look."
        ),
    ] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8080,
    data: Annotated[
        Path | None, typer.Option(help="Data folder; the user's own unless set.")
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(
            envvar="TUMORSCOPE_DATABASE_URL",
            help="For instance postgresql+psycopg://user@host/name; a file of the data "
            "folder unless set.",
        ),
    ] = None,
    auth: Annotated[
        Auth, typer.Option(help="How people sign in; none on the loopback only.")
    ] = Auth.none,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-host",
            help="Name by which browsers reach the service; repeatable. Needed for any "
            "--host but the loopback.",
        ),
    ] = None,
    behind_tls: Annotated[
        bool,
        typer.Option(
            "--behind-tls",
            help="Browsers come over TLS only, through a reverse proxy on this machine.",
        ),
    ] = False,
    oidc_issuer: Annotated[
        str | None,
        typer.Option(help="Issuer of the OpenID provider, an https address."),
    ] = None,
    oidc_audience: Annotated[
        str | None, typer.Option(help="Audience that its tokens must name.")
    ] = None,
    oidc_client_id: Annotated[
        str | None,
        typer.Option(
            help="Name of this service at the provider: the page offers to sign in there."
        ),
    ] = None,
    reader_first: Annotated[
        bool,
        typer.Option(
            "--reader-first", help="Withhold results until the reader's own opinion."
        ),
    ] = False,
    workers: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    engine: Annotated[
        str, typer.Option(help="What runs the network, as for `predict`.")
    ] = "auto",
    shadow: Annotated[
        Path | None,
        typer.Option(help="Bundle that scores too and whose results nobody reads."),
    ] = None,
    stow: Annotated[
        str | None,
        typer.Option(help="DICOMweb service that results can be sent to."),
    ] = None,
    keep_identity: Annotated[
        bool,
        typer.Option(
            "--keep-identity", help="Do not de-identify uploads when they arrive."
        ),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(help="TOML file with further settings, such as limits."),
    ] = None,
) -> None:
    """Serve the page and the API until Ctrl-C or SIGTERM."""
    from tumorscope.serve.launch import launch
    from tumorscope.serve.offline import default_data
    from tumorscope.serve.settings_file import read_service_settings

    folder = (data or default_data()).resolve()
    chosen = list(bundles or [])
    studies: Path | None = None
    if demo:
        from tumorscope.workflows.serve_demo import make_serve_demo

        made = make_serve_demo(folder / "demo", progress=show_progress, say=typer.echo)
        chosen, studies = [*chosen, made.bundle], made.studies
    if not chosen:
        raise ConfigError("name a bundle, or take a first look with --demo")
    settings = read_service_settings(
        config,
        {
            "data": folder,
            "bundles": [path.resolve() for path in chosen],
            "shadow": shadow and shadow.resolve(),
            "host": host,
            "port": port,
            "database_url": database_url,
            "auth": auth.value,
            "reader_first": reader_first,
            "workers": workers,
            "engine": engine,
            "stow_url": stow,
            "deidentify": not keep_identity,
            "demo": studies,
        },
        security={
            "allowed_hosts": allowed_host or None,
            "behind_tls": behind_tls or None,
            "oidc": oidc_issuer
            and {
                "issuer": oidc_issuer,
                "audience": oidc_audience,
                "client_id": oidc_client_id,
            },
        },
    )
    sys.exit(launch(settings, say=typer.echo))
