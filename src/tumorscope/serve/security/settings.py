"""Settings of the service's safety, and what is refused before it listens."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.spec import Spec
from tumorscope.serve.security.oidc import OidcSettings
from tumorscope.serve.security.quotas import QuotaLimits
from tumorscope.serve.security.sessions import SessionLimits
from tumorscope.serve.security.sign_in_limits import SignInLimits

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


class SecuritySettings(Spec):
    """Settings of the service's safety."""

    allowed_hosts: tuple[str, ...] = ()
    """Names that the server answers to, beside those of the loopback interface."""
    behind_tls: bool = False
    """Whether browsers reach it over TLS only, through a reverse proxy."""
    sessions: SessionLimits = SessionLimits()
    """How long sessions last."""
    sign_in: SignInLimits = SignInLimits()
    """How often a sign-in may fail."""
    quotas: QuotaLimits = QuotaLimits()
    """How much may be uploaded."""
    checkpoint_file: Path | None = None
    """File that checkpoints of the audit log are added to; best on another disk or a
    share that the service may only append to. In the data folder unless set."""
    retention_days: Annotated[int, Field(ge=1)] | None = None
    """Days after which a study is erased by itself; never unless set."""
    oidc: OidcSettings | None = None
    """Whose tokens count, where `auth` is `oidc`."""

    @field_validator("allowed_hosts")
    @classmethod
    def _are_plain(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not host or set(host) & set("*/ "):
                raise ValueError(
                    f"{host!r}: give a plain name such as screening.example.org, no "
                    "wildcard and no path"
                )
        return hosts


def is_loopback(host: str) -> bool:
    """Return whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_open_binding(
    host: str, auth: Literal["none", "accounts", "oidc"], settings: SecuritySettings
) -> None:
    """Raise where others could reach the service without signing in.

    Args:
        host: Address to listen on.
        auth: How people sign in.
        settings: Settings.

    Raises:
        ConfigError: If the address is not the machine's own and nobody must sign in, or
            no host name was given.
    """
    if auth == "oidc" and settings.oidc is None:
        raise ConfigError("--auth oidc needs --oidc-issuer and --oidc-audience")
    if is_loopback(host):
        return
    if auth == "none":
        raise ConfigError(
            f"--host {host} can be reached by others, and nobody would have to sign in: "
            "use --auth accounts or --auth oidc, or listen on 127.0.0.1"
        )
    if not settings.allowed_hosts:
        raise ConfigError(
            f"--host {host}: say by which name browsers reach the service, "
            "--allowed-host NAME"
        )
