"""To the sign-in provider's page and back. Both are visited by a browser, not by a script."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from tumorscope.serve.api.documented import refusals
from tumorscope.serve.api.session import start_session
from tumorscope.serve.audit_log.recording import Action, record
from tumorscope.serve.problems import NotFoundError
from tumorscope.serve.safety import Safety
from tumorscope.serve.security.authenticators import AccountsAuthenticator
from tumorscope.serve.security.oidc_sign_in import TICKET_S, OidcSignIn
from tumorscope.serve.security.refusals import UnauthenticatedError

router = APIRouter(prefix="/sign-in/oidc", tags=["session"])
COOKIE = "tumorscope-sign-in"
_PATH = "/api/v1/sign-in/oidc"
_PAGE, _FAILED = "/", "/?sign_in=failed"
Text = Annotated[str, Query(max_length=4096)]
_ANSWERS = refusals(404) | {303: {"description": "Go on there"}}


@router.get("", status_code=303, responses=_ANSWERS, response_class=RedirectResponse)
def begin(request: Request) -> RedirectResponse:
    """Send a browser to the provider's page."""
    safety: Safety = request.app.state.safety
    sign_in = _sign_in(safety)
    try:
        begun = sign_in.begin(_redirect_uri(request, safety))
    except UnauthenticatedError:
        return RedirectResponse(_FAILED, status_code=303)
    answer = RedirectResponse(begun.address, status_code=303)
    answer.set_cookie(
        COOKIE,
        begun.ticket,
        max_age=TICKET_S,
        path=_PATH,
        secure=safety.settings.security.behind_tls,
        httponly=True,
        samesite="lax",  # the provider's page leads back here
    )
    return answer


@router.get(
    "/callback", status_code=303, responses=_ANSWERS, response_class=RedirectResponse
)
def finish(request: Request, state: Text = "", code: Text = "") -> RedirectResponse:
    """Begin a session of who comes back from there; always on to the page itself."""
    safety: Safety = request.app.state.safety
    sign_in = _sign_in(safety)
    answer = RedirectResponse(_PAGE, status_code=303)
    try:
        subject = sign_in.finish(
            ticket=request.cookies.get(COOKIE, ""),
            state=state,
            code=code,
            redirect_uri=_redirect_uri(request, safety),
        )
        authenticator: AccountsAuthenticator = request.app.state.authenticator
        start_session(request, answer, authenticator.account_for(subject))
    except UnauthenticatedError:
        record(request, Action.LOGGED_IN, outcome="refused", detail="provider")
        answer = RedirectResponse(_FAILED, status_code=303)
    answer.delete_cookie(COOKIE, path=_PATH)
    return answer


def _sign_in(safety: Safety) -> OidcSignIn:
    if safety.oidc_sign_in is None:
        raise NotFoundError("No provider's page is set up here.")
    return safety.oidc_sign_in


def _redirect_uri(request: Request, safety: Safety) -> str:
    # The host was compared with the allowed ones before this.
    scheme = "https" if safety.settings.security.behind_tls else "http"
    return f"{scheme}://{request.headers['host']}{_PATH}/callback"
