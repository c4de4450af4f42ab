"""A vault's key -> another key, or a copy of it that only an escrow can open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tumorscope.domain.counted import counted
from tumorscope.domain.errors import ConfigError, TumorscopeError
from tumorscope.io.vault_key import read_master_key, seal_key, write_new_key
from tumorscope.io.whole_files import write_bytes
from tumorscope.workflows.reidentify import log_access, open_vault

WHOLE_VAULT = "*"
_OPEN = (
    "openssl pkeyutl -decrypt -inkey private.pem -pkeyopt rsa_padding_mode:oaep "
    "-pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatedKey:
    """What changing a key came to.

    Attributes:
        new_key: File of the key from now on.
        patients: Rows that it seals.
    """

    new_key: Path
    patients: int

    def as_text(self) -> str:
        """Return lines for a terminal."""
        return (
            f"key: {self.new_key}, for {counted(self.patients, 'patient')}\n"
            "The old key no longer opens this vault, but it opens copies and backups made "
            "before: destroy it, and make new backups. Pseudonyms are what they were."
        )


def rotate_key(
    new_key: Path,
    *,
    why: str,
    vault: Path | None = None,
    key_file: Path | None = None,
) -> RotatedKey:
    """Seal a vault under a new random key; pseudonyms stay.

    The new key is written first, so that a stop at any time leaves a vault that one of
    the two keys opens.

    Args:
        new_key: New file for the new key.
        why: Reason, for the audit log.
        vault: File of the vault; the user's own unless set.
        key_file: File of the old key; else the environment or the keyring.

    Raises:
        ConfigError: If a file is in the way, or there is no vault, key or reason.
        DataError: If the vault or the log was altered; then the old key stays valid.
    """
    opened = open_vault(vault, key_file)
    write_new_key(new_key)
    try:
        log_access(opened.path, "rotate-key", WHOLE_VAULT, why)
        patients = opened.rotate(read_master_key(new_key))
    except TumorscopeError:
        new_key.unlink()
        raise
    return RotatedKey(new_key=new_key, patients=patients)


def escrow_key(
    public_key: Path,
    out: Path,
    *,
    why: str,
    vault: Path | None = None,
    key_file: Path | None = None,
) -> str:
    """Write the vault's key so that only the owner of a private key can read it.

    Args:
        public_key: RSA public key of the escrow, PEM.
        out: New file for the sealed key.
        why: Reason, for the audit log.
        vault: File of the vault; the user's own unless set.
        key_file: File of its key; else the environment or the keyring.

    Returns:
        Lines for a terminal: where it is, and how it is opened.

    Raises:
        ConfigError: If a file is in the way, or there is no vault, key or reason.
        DataError: If the log was altered.
    """
    opened = open_vault(vault, key_file)
    if out.exists():
        raise ConfigError(f"{out} exists: name a new file")
    sealed = seal_key(read_master_key(key_file), public_key)
    log_access(opened.path, "escrow", WHOLE_VAULT, why)
    write_bytes(out, sealed)
    return f"sealed key: {out}\nto open it: {_OPEN} -in {out} -out vault.key"
