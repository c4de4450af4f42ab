"""All that keeps a service safe, put together once for each process."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from tumorscope.serve.audit_log.actions import Action
from tumorscope.serve.audit_log.checkpoints import (
    CHECKPOINT_FILE,
    Checkpoint,
    CheckpointWriter,
)
from tumorscope.serve.audit_log.entry import Entry
from tumorscope.serve.audit_log.log import AuditKeys, AuditLog
from tumorscope.serve.database.engine import Database
from tumorscope.serve.security.accounts import Accounts
from tumorscope.serve.security.authenticators import (
    AccountsAuthenticator,
    LocalAuthenticator,
    cookie_name,
)
from tumorscope.serve.security.browser_headers import BrowserHeaders
from tumorscope.serve.security.oidc import OidcVerifier
from tumorscope.serve.security.oidc_sign_in import OidcSignIn
from tumorscope.serve.security.quotas import Quotas
from tumorscope.serve.security.secret_keys import (
    ServiceKeys,
    derive_keys,
    oidc_client_secret,
    service_key,
)
from tumorscope.serve.security.sessions import Sessions
from tumorscope.serve.security.sign_in_limits import SignInGuard
from tumorscope.serve.security.tokens import Tokens
from tumorscope.serve.settings import ServiceSettings

SYSTEM = "system"
"""Account of what the service does by itself."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """What keeps a service safe.

    Attributes:
        settings: Settings of the service.
        keys: Keys.
        accounts: Accounts.
        sessions: Sessions.
        tokens: Tokens.
        guard: Counts failed sign-ins.
        quotas: Counts uploads.
        oidc: Checks a provider's tokens; None where there is none.
        oidc_sign_in: Signs people in there; None where no client is named.
        authenticator: Finds who asks.
        audit_log: The audit log.
        checkpoints: Writes its checkpoints.
    """

    settings: ServiceSettings
    keys: ServiceKeys
    accounts: Accounts
    sessions: Sessions
    tokens: Tokens
    guard: SignInGuard
    quotas: Quotas
    oidc: OidcVerifier | None
    oidc_sign_in: OidcSignIn | None
    authenticator: LocalAuthenticator | AccountsAuthenticator
    audit_log: AuditLog
    checkpoints: CheckpointWriter

    @property
    def cookie(self) -> str:
        """Name of the session's cookie."""
        return cookie_name(behind_tls=self.settings.security.behind_tls)

    def note(self, action: Action, *, detail: str | None = None) -> None:
        """Record something that the service does by itself."""
        self.audit_log.append(Entry(action=action, account_id=SYSTEM, detail=detail))

    def seal(self) -> None:
        """Write a checkpoint of the log as it is now."""
        self.checkpoints.write(*self.audit_log.head())


def make_safety(
    database: Database, settings: ServiceSettings, *, creates_key: bool = True
) -> Safety:
    """Put everything together for one process.

    Args:
        database: Of the newest layout.
        settings: Settings of the service.
        creates_key: Whether a missing key of the service is made.

    Raises:
        ConfigError: If a key is missing or weak.
    """
    security = settings.security
    keys = derive_keys(service_key(settings.data, creates=creates_key))
    checkpoints = CheckpointWriter(
        keys.checkpoint, checkpoint_file(settings), tell=_tell_checkpoint
    )
    accounts, tokens = Accounts(database), Tokens(database)
    sessions = Sessions(database, security.sessions, keys.csrf)
    oidc = None if security.oidc is None else OidcVerifier(security.oidc)
    authenticator: LocalAuthenticator | AccountsAuthenticator
    if settings.auth == "none":
        authenticator = LocalAuthenticator(keys.csrf)
    else:
        authenticator = AccountsAuthenticator(
            accounts=accounts,
            sessions=sessions,
            tokens=tokens,
            oidc=oidc if settings.auth == "oidc" else None,
            cookie=cookie_name(behind_tls=security.behind_tls),
        )
    return Safety(
        settings=settings,
        keys=keys,
        accounts=accounts,
        sessions=sessions,
        tokens=tokens,
        guard=SignInGuard(security.sign_in),
        quotas=Quotas(database, security.quotas),
        oidc=oidc,
        oidc_sign_in=_oidc_sign_in(settings, oidc, keys),
        authenticator=authenticator,
        audit_log=AuditLog(
            database,
            AuditKeys(chain=keys.chain, patients=keys.patients),
            after=checkpoints,
        ),
        checkpoints=checkpoints,
    )


def _oidc_sign_in(
    settings: ServiceSettings, verifier: OidcVerifier | None, keys: ServiceKeys
) -> OidcSignIn | None:
    found = settings.security.oidc
    if settings.auth != "oidc" or verifier is None or found is None:
        return None
    if found.client_id is None:
        return None
    return OidcSignIn(found, verifier, keys.sign_in, client_secret=oidc_client_secret())


def install_safety(app: FastAPI, safety: Safety) -> None:
    """Give an app its authenticator and audit log, and wrap it in the headers.

    Args:
        app: Routes ask `require`, `record` and `app.state.safety`.
        safety: From `make_safety`.
    """
    app.state.safety = safety
    app.state.authenticator = safety.authenticator
    app.state.audit_log = safety.audit_log
    security = safety.settings.security
    app.add_middleware(
        BrowserHeaders,
        allowed_hosts=security.allowed_hosts,
        behind_tls=security.behind_tls,
    )


def checkpoint_file(settings: ServiceSettings) -> Path:
    """Return where checkpoints are written."""
    return settings.security.checkpoint_file or settings.data / CHECKPOINT_FILE


def _tell_checkpoint(checkpoint: Checkpoint) -> None:
    """Say it in the service's log, which often leaves the machine."""
    _LOG.info(
        "audit checkpoint",
        extra={
            "number": checkpoint.number,
            "seal": checkpoint.seal,
            "signature": checkpoint.signature,
        },
    )
