"""Accounts and tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.api.documented import refusals
from tumorscope.serve.api.session import set_password
from tumorscope.serve.audit_log.recording import Action, record
from tumorscope.serve.problems import ConflictError, InvalidError, NotFoundError
from tumorscope.serve.safety import Safety
from tumorscope.serve.security.access import Principal, Role, Scope, require
from tumorscope.serve.security.accounts import Account
from tumorscope.serve.security.refusals import ForbiddenError
from tumorscope.serve.wire.people import (
    AccountChange,
    AccountView,
    IssuedToken,
    NewAccount,
    NewToken,
    TokenView,
)

router = APIRouter(tags=["accounts"])
Admin = Annotated[Principal, Depends(require(Scope.ADMIN))]
Reader = Annotated[Principal, Depends(require(Scope.READ))]
AccountId = Annotated[str, Path(max_length=64)]
Prefix = Annotated[str, Path(max_length=16)]


@router.get("/accounts", responses=refusals())
def list_accounts(request: Request, _principal: Admin) -> list[AccountView]:
    """Return all accounts."""
    safety: Safety = request.app.state.safety
    return [AccountView.of(one) for one in safety.accounts.all()]


@router.post("/accounts", status_code=201, responses=refusals())
def add_account(request: Request, given: NewAccount, principal: Admin) -> AccountView:
    """Make an account."""
    safety: Safety = request.app.state.safety
    _refuse_token(principal)
    secret = None if given.password is None else given.password.get_secret_value()
    try:
        account = safety.accounts.add(given.name, given.role, password=secret)
    except ConfigError as error:
        raise InvalidError(str(error)) from error
    record(request, Action.ACCOUNT_CHANGED, detail=f"made {account.id}")
    return AccountView.of(account)


@router.patch("/accounts/{account_id}", responses=refusals(404, 409))
def change_account(
    request: Request, account_id: AccountId, given: AccountChange, principal: Admin
) -> AccountView:
    """Change role, password or state; its sessions and tokens end."""
    safety: Safety = request.app.state.safety
    _refuse_token(principal)
    account = _account(safety, account_id)
    _refuse_lockout(safety, account, given)
    record(request, Action.ACCOUNT_CHANGED, detail=f"changes {account.id}")
    if given.password is not None:
        set_password(safety, account_id, given.password)
    if given.role is not None:
        safety.accounts.set_role(account_id, given.role)
    if given.disabled is not None:
        safety.accounts.set_disabled(account_id, disabled=given.disabled)
    return AccountView.of(_account(safety, account_id))


@router.get("/tokens", responses=refusals())
def list_tokens(request: Request, principal: Reader) -> list[TokenView]:
    """Return one's own tokens; an admin sees all."""
    safety: Safety = request.app.state.safety
    whose = None if Scope.ADMIN in principal.scopes else principal.account_id
    return [TokenView.of(one) for one in safety.tokens.of_account(whose)]


@router.post("/tokens", status_code=201, responses=refusals(404, 409))
def issue_token(request: Request, given: NewToken, principal: Reader) -> IssuedToken:
    """Make a token; its text is shown this once."""
    safety: Safety = request.app.state.safety
    _refuse_token(principal)
    if safety.settings.auth == "none":
        raise ConflictError("Without accounts nothing needs a token.")
    whose = given.account_id or principal.account_id
    if whose != principal.account_id and Scope.ADMIN not in principal.scopes:
        raise ForbiddenError("Only an admin makes tokens for others.")
    account = _account(safety, whose)
    if not given.scopes <= account.principal("token").scopes:
        raise InvalidError("The account's role does not allow all of these scopes.")
    record(request, Action.TOKEN_CREATED, detail=f"for {account.id}")
    text, known = safety.tokens.issue(
        whose,
        label=given.label,
        scopes=given.scopes,
        lasts=timedelta(days=given.days),
    )
    return IssuedToken(token=text, known=TokenView.of(known))


@router.delete("/tokens/{prefix}", status_code=204, responses=refusals(404))
def revoke_token(request: Request, prefix: Prefix, principal: Reader) -> None:
    """Take a token back at once."""
    safety: Safety = request.app.state.safety
    whose = None if Scope.ADMIN in principal.scopes else principal.account_id
    if prefix not in {one.prefix for one in safety.tokens.of_account(whose)}:
        raise NotFoundError("No such token.")
    safety.tokens.revoke(prefix)
    record(request, Action.TOKEN_REVOKED, detail=prefix)


def _account(safety: Safety, account_id: str) -> Account:
    try:
        return safety.accounts.by_id(account_id)
    except ConfigError as error:
        raise NotFoundError("No such account.") from error


def _refuse_token(principal: Principal) -> None:
    """Raise where a token asks: a stolen one must not make itself a successor."""
    if principal.via == "token":
        raise ForbiddenError(
            "Accounts and tokens are made from a session, not by token."
        )


def _refuse_lockout(safety: Safety, account: Account, given: AccountChange) -> None:
    """Raise where nobody would be left to manage accounts."""
    demoted = given.role not in (None, Role.ADMIN) or given.disabled
    admins = [
        one.id
        for one in safety.accounts.all()
        if one.role is Role.ADMIN and not one.disabled
    ]
    if demoted and admins == [account.id]:
        raise ConflictError("This is the only admin: make another first.")
