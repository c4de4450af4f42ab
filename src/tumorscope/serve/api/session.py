"""Signing in and out, and what the page must know of its user."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import SecretStr

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import ConfigError
from tumorscope.serve.api.documented import refusals
from tumorscope.serve.audit_log.recording import Action, record
from tumorscope.serve.problems import ConflictError, InvalidError
from tumorscope.serve.safety import Safety
from tumorscope.serve.security.access import Principal, Scope, identify, require
from tumorscope.serve.security.accounts import Account
from tumorscope.serve.security.cross_site import refuse_cross_site
from tumorscope.serve.security.refusals import UnauthenticatedError
from tumorscope.serve.wire.people import (
    NewPassword,
    SessionView,
    SignIn,
    SignInWays,
    WireAccount,
)

router = APIRouter(tags=["session"])
_WRONG = "The name or the password is wrong."
Reader = Annotated[Principal, Depends(require(Scope.READ))]


@router.get("/sign-in", responses=refusals())
def sign_in_ways(request: Request) -> SignInWays:
    """Say how to sign in; this needs no sign-in."""
    safety: Safety = request.app.state.safety
    return SignInWays(
        auth=safety.settings.auth,
        redirect=None if safety.oidc_sign_in is None else "/api/v1/sign-in/oidc",
        notice=RESEARCH_USE,
    )


@router.get("/session", responses=refusals())
def read_session(request: Request) -> SessionView:
    """Return who is signed in; 401 where nobody is."""
    principal = identify(request)
    if principal is None:
        raise UnauthenticatedError
    token = request.app.state.authenticator.csrf_token(request)
    return _view(request, principal, token)


@router.post("/session", responses=refusals(409))
def sign_in(request: Request, response: Response, given: SignIn) -> SessionView:
    """Sign in with name and password; the session's cookie is always a new one."""
    safety: Safety = request.app.state.safety
    if safety.settings.auth == "none":
        raise ConflictError("Nobody signs in here: the service runs without accounts.")
    refuse_cross_site(request)
    address = client_address(request)
    safety.guard.admit(given.name, address)
    account = safety.accounts.sign_in(given.name, given.password.get_secret_value())
    if account is None:
        record(request, Action.LOGGED_IN, outcome="refused", detail="wrong password")
        raise UnauthenticatedError(_WRONG)
    safety.guard.succeeded(given.name, address)
    secret = start_session(request, response, account)
    principal: Principal = request.state.principal
    return _view(request, principal, safety.sessions.csrf_token(secret))


@router.delete("/session", status_code=204, responses=refusals())
def sign_out(request: Request, response: Response, _principal: Reader) -> None:
    """End this session."""
    safety: Safety = request.app.state.safety
    secret = request.cookies.get(safety.cookie)
    if secret:
        safety.sessions.end(secret)
    record(request, Action.LOGGED_OUT)
    response.delete_cookie(safety.cookie, path="/")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


@router.put("/session/password", status_code=204, responses=refusals(409))
def change_password(
    request: Request, response: Response, given: NewPassword, principal: Reader
) -> None:
    """Change one's own password; all sessions and tokens of the account end."""
    safety: Safety = request.app.state.safety
    if principal.via != "session":
        raise ConflictError("A password is changed from a session of the page only.")
    safety.guard.admit(principal.name, client_address(request))
    present = given.present.get_secret_value()
    if safety.accounts.sign_in(principal.name, present) is None:
        raise UnauthenticatedError("The present password is wrong.")
    safety.guard.succeeded(principal.name, client_address(request))
    set_password(safety, principal.account_id, given.new)
    record(request, Action.ACCOUNT_CHANGED, detail="own password")
    response.delete_cookie(safety.cookie, path="/")


def set_password(safety: Safety, account_id: str, new: SecretStr) -> None:
    """Set a new password.

    Raises:
        InvalidError: If it is weak.
    """
    try:
        safety.accounts.set_password(account_id, new.get_secret_value())
    except ConfigError as error:
        raise InvalidError(str(error)) from error


def start_session(request: Request, response: Response, account: Account) -> str:
    """Begin a session, record it, and set its cookie; return the cookie's value.

    Args:
        request: Its principal becomes the account; a cookie that it brought ends.
        response: Carries the cookie.
        account: Who proved who they are.
    """
    safety: Safety = request.app.state.safety
    request.state.principal = account.principal("session")
    record(request, Action.LOGGED_IN)
    secret = safety.sessions.start(
        account.id, instead_of=request.cookies.get(safety.cookie)
    )
    response.set_cookie(
        safety.cookie,
        secret,
        max_age=int(safety.settings.security.sessions.absolute.total_seconds()),
        path="/",
        secure=safety.settings.security.behind_tls,
        httponly=True,
        samesite="strict",
    )
    return secret


def client_address(request: Request) -> str:
    """Return where a request came from."""
    return "unknown" if request.client is None else request.client.host


def _view(request: Request, principal: Principal, csrf_token: str) -> SessionView:
    safety: Safety = request.app.state.safety
    return SessionView(
        account=WireAccount(
            id=principal.account_id, name=principal.name, role=principal.role
        ),
        scopes=sorted(principal.scopes),
        csrf_token=csrf_token,
        auth=safety.settings.auth,
        reader_first=safety.settings.reader_first,
        pacs_configured=safety.settings.stow_url is not None,
        version=version("tumorscope"),
        notice=RESEARCH_USE,
    )
