"""Commands for who runs a service: accounts, the audit log, erasure."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tumorscope.domain.errors import ConfigError

if TYPE_CHECKING:
    from tumorscope.serve.safety import Safety

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", help="Data folder of the service; the user's own unless set."
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        envvar="TUMORSCOPE_DATABASE_URL",
        help="Database of the service, where it is not in the data folder.",
    ),
]
PasswordOption = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        help="File whose first line is the password; asked for unless set. It is never "
        "taken from the command line.",
    ),
]
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the account.")
]

accounts = typer.Typer(
    help="Accounts of a service: who may sign in, and as what.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
audit_log = typer.Typer(
    help="The audit log of a service: who saw or changed what.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@accounts.command("add")
def accounts_add(
    name: NameArgument,
    *,
    role: Annotated[
        str, typer.Option("--role", help="reader, admin or service (tokens only).")
    ] = "reader",
    password_file: PasswordOption = None,
    data: DataOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Make an account; a reader or an admin gets a password, a service uses tokens."""
    from tumorscope.serve.offline import default_data, open_safety
    from tumorscope.serve.security.access import Role

    if role not in set(Role):
        raise ConfigError(f"--role {role}: is none of {', '.join(Role)}")
    chosen = Role(role)
    password = None if chosen is Role.SERVICE else _read_password(password_file)
    _, safety = open_safety(
        data or default_data(), database_url=database_url, creates=True
    )
    made = safety.accounts.add(name, chosen, password=password)
    _note(safety, f"made {made.id}")
    typer.echo(f"account {made.name}: {made.role}")


@accounts.command("list")
def accounts_list(data: DataOption = None, database_url: DatabaseOption = None) -> None:
    """Show all accounts."""
    from tumorscope.serve.offline import default_data, open_safety

    _, safety = open_safety(
        data or default_data(), database_url=database_url, creates=False
    )
    for one in safety.accounts.all():
        state = "disabled" if one.disabled else "open"
        typer.echo(f"{one.name}\t{one.role}\t{state}\t{one.created:%Y-%m-%d}")


@accounts.command("disable")
def accounts_disable(
    name: NameArgument,
    *,
    undo: Annotated[
        bool, typer.Option("--undo", help="Open the account again.")
    ] = False,
    data: DataOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Shut an account; its sessions and tokens end at once."""
    from tumorscope.serve.offline import default_data, open_safety

    _, safety = open_safety(
        data or default_data(), database_url=database_url, creates=False
    )
    account = safety.accounts.by_name(name)
    safety.accounts.set_disabled(account.id, disabled=not undo)
    _note(safety, f"{'opened' if undo else 'shut'} {account.id}")
    typer.echo(f"account {account.name}: {'open' if undo else 'disabled'}")


@accounts.command("password")
def accounts_password(
    name: NameArgument,
    *,
    password_file: PasswordOption = None,
    data: DataOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Set a new password; the account's sessions and tokens end at once."""
    from tumorscope.serve.offline import default_data, open_safety

    _, safety = open_safety(
        data or default_data(), database_url=database_url, creates=False
    )
    account = safety.accounts.by_name(name)
    safety.accounts.set_password(account.id, _read_password(password_file))
    _note(safety, f"password of {account.id}")
    typer.echo(f"account {account.name}: new password set")


@audit_log.command("verify")
def audit_log_verify(
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            help="Checkpoints that were kept elsewhere; those of the data folder unless "
            "set.",
        ),
    ] = None,
    data: DataOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Read the whole log again and name the first record that cannot be trusted."""
    from tumorscope.serve.audit_log.checkpoints import public_key, read_checkpoints
    from tumorscope.serve.audit_log.verification import verify
    from tumorscope.serve.offline import default_data, open_safety
    from tumorscope.serve.safety import checkpoint_file

    _, safety = open_safety(
        data or default_data(), database_url=database_url, creates=False
    )
    file = checkpoint or checkpoint_file(safety.settings)
    found = verify(
        safety.audit_log.read(),
        safety.keys.chain,
        checkpoints=read_checkpoints(file) if checkpoint or file.exists() else (),
        public=public_key(safety.keys.checkpoint),
    )
    typer.echo(found.as_text())
    if found.first_bad is not None:
        raise typer.Exit(3)


@audit_log.command("checkpoint")
def audit_log_checkpoint(
    data: DataOption = None, database_url: DatabaseOption = None
) -> None:
    """Print a signed checkpoint of now, to be kept on another machine."""
    from tumorscope.serve.audit_log.checkpoints import sign_checkpoint
    from tumorscope.serve.offline import default_data, open_safety

    _, safety = open_safety(
        data or default_data(), database_url=database_url, creates=False
    )
    signed = sign_checkpoint(safety.keys.checkpoint, *safety.audit_log.head())
    typer.echo(signed.as_line(), nl=False)


def erase(
    patient_key: Annotated[
        str,
        typer.Argument(
            metavar="PATIENT_KEY",
            help="Key, original patient ID or pseudonym; - reads it from the terminal "
            "or a pipe, so that the shell's history does not keep it.",
        ),
    ],
    data: DataOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Erase a patient from a service: studies, files, rows, and the vault's entry."""
    from tumorscope.serve.erasure import Eraser
    from tumorscope.serve.offline import default_data, open_safety
    from tumorscope.serve.storage import Storage

    place = data or default_data()
    database, safety = open_safety(place, database_url=database_url, creates=False)
    if patient_key == "-":
        patient_key = _read_line("patient key")
    eraser = Eraser(database=database, storage=Storage(place), log=safety.audit_log)
    erased = eraser.erase_patient(patient_key, account_id=f"cli:{_user()}")
    safety.seal()
    typer.echo(erased.as_text())


def _note(safety: Safety, detail: str) -> None:
    from tumorscope.serve.audit_log.actions import Action

    safety.note(Action.ACCOUNT_CHANGED, detail=f"{detail} by {_user()}")


def _user() -> str:
    """Return the number of the user who runs the command; a name may be a person's."""
    return f"uid {os.getuid()}" if hasattr(os, "getuid") else "a user of the machine"


def _read_password(file: Path | None) -> str:
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: the password cannot be read") from error
        return lines[0] if lines else ""
    if not sys.stdin.isatty():
        return _read_line("password")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _read_line(what: str) -> str:
    """Return a line from a pipe, or one typed where nobody sees it."""
    if sys.stdin.isatty():
        typed: str = typer.prompt(what, hide_input=True)
        return typed
    return sys.stdin.readline().rstrip("\r\n")
