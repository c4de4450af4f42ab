"""Commands that take identity out of files, and keep the key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tumorscope.cli.options import (
    SetOption,
    show_progress,
)

VaultOption = Annotated[
    Path | None,
    typer.Option("--vault", help="File of the vault; the user's own unless set."),
]


KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        help="File with the vault's key; else TUMORSCOPE_VAULT_KEY_FILE, "
        "TUMORSCOPE_VAULT_KEY or the system's keyring.",
    ),
]


WhyOption = Annotated[
    str, typer.Option("--why", help="Reason; it stands in the audit log.")
]


class _RunUnlessNamed(typer.core.TyperGroup):
    """A group of which `deid IN OUT` runs the first command, as `deid run IN OUT`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the name of the first command before what is no command's name."""
        named = args[0] in self.commands
        return super().resolve_command(ctx, args if named else ["run", *args])


deid = typer.Typer(
    cls=_RunUnlessNamed,
    help=(
        "De-identify a folder of DICOM, NIfTI, JSON, PNG, JPEG and TIFF files: "
        "tumorscope deid IN OUT. The source is never touched. The commands below keep "
        "the key, and lead back or erase the way back."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"ignore_unknown_options": True},
)


@deid.command("run")
def deid_run(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="Folder or zip archive of patients' files."),
    ],
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="New folder, or one that the same command began."
        ),
    ],
    *,
    mode: Annotated[
        str | None,
        typer.Option(help="research (default), one-way or safe-harbor."),
    ] = None,
    vault: VaultOption = None,
    key_file: KeyOption = None,
    settings: SetOption = None,
) -> None:
    """De-identify a folder: tumorscope deid IN OUT. Leaves deid.html, deid.json, data/.

    Settings for --set: deid.dates, keep_characteristics, clean_descriptors, retain_uids,
    retain_device, patient_from, accept_deidentified, faces, face_free, pixels,
    pixels_reviewed, small_cell. Exit status 2 when no file could be written.
    """
    from tumorscope.workflows.deid import deidentify

    chosen = [f"deid.mode={mode}"] if mode is not None else []
    written = deidentify(
        source,
        out,
        vault=vault,
        key_file=key_file,
        assignments=[*chosen, *(settings or [])],
        progress=show_progress,
    )
    typer.echo(written.summary)
    typer.echo(f"report: {written.html}")
    if not written.report.n_written:
        raise typer.Exit(2)


@deid.command("new-key")
def deid_new_key(
    file: Annotated[
        Path | None, typer.Argument(help="New file; only you may read it.")
    ] = None,
    *,
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Put it into the system's keyring.")
    ] = False,
) -> None:
    """Make a key for a vault. Keep it apart from vault and data: it cannot be replaced."""
    from tumorscope.workflows.reidentify import make_key

    typer.echo(f"key: {make_key(file, in_keyring=keyring)}")


@deid.command("reidentify")
def deid_reidentify(
    pseudonym: Annotated[str, typer.Argument(help="As in the output.")],
    *,
    why: WhyOption,
    vault: VaultOption = None,
    key_file: KeyOption = None,
) -> None:
    """Say who a pseudonym stands for; the look is written to the audit log first."""
    from tumorscope.workflows.reidentify import reidentify

    found = reidentify(pseudonym, why=why, vault=vault, key_file=key_file)
    typer.echo(found.as_text())


@deid.command("forget")
def deid_forget(
    patient: Annotated[
        str, typer.Argument(help="Pseudonym, or the original patient ID.")
    ],
    *,
    why: WhyOption,
    issuer: Annotated[
        str, typer.Option(help="Issuer of the patient ID, where the files name one.")
    ] = "",
    vault: VaultOption = None,
    key_file: KeyOption = None,
) -> None:
    """Erase the link between a patient and the pseudonym for good, and prove it."""
    from tumorscope.workflows.forget import forget

    done = forget(patient, why=why, issuer=issuer, vault=vault, key_file=key_file)
    typer.echo(done.as_text())


@deid.command("rotate-key")
def deid_rotate_key(
    new_key: Annotated[
        Path, typer.Argument(help="New file for the new key; only you may read it.")
    ],
    *,
    why: WhyOption,
    vault: VaultOption = None,
    key_file: KeyOption = None,
) -> None:
    """Seal the vault under a new key; pseudonyms stay, and the old key opens it no more."""
    from tumorscope.workflows.vault_keys import rotate_key

    done = rotate_key(new_key, why=why, vault=vault, key_file=key_file)
    typer.echo(done.as_text())


@deid.command("escrow-key")
def deid_escrow_key(
    public_key: Annotated[
        Path, typer.Argument(help="RSA public key of who keeps the copy, PEM.")
    ],
    out: Annotated[Path, typer.Argument(help="New file for the sealed key.")],
    *,
    why: WhyOption,
    vault: VaultOption = None,
    key_file: KeyOption = None,
) -> None:
    """Write the vault's key so that only the owner of a private key can read it."""
    from tumorscope.workflows.vault_keys import escrow_key

    typer.echo(escrow_key(public_key, out, why=why, vault=vault, key_file=key_file))
