"""The master key of a vault: from a file, the environment or the system's keyring.

It never stands on a command line, where every user of the machine and the shell's history
would see it.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path

import keyring
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from keyring.errors import KeyringError

from tumorscope.domain.errors import ConfigError

KEY_BYTES = 32
ESCROW_BITS = 3072
KEY_VARIABLE, KEY_FILE_VARIABLE = "TUMORSCOPE_VAULT_KEY", "TUMORSCOPE_VAULT_KEY_FILE"
_SERVICE, _ENTRY = "tumorscope", "deid-vault"
_HOW = (
    "make one with `tumorscope deid new-key FILE` and keep it apart from the vault and "
    f"the data; name it with --key-file or {KEY_FILE_VARIABLE}, put its text into "
    f"{KEY_VARIABLE}, or use `tumorscope deid new-key --keyring`"
)
_OTHERS_MAY_READ = 0o077


def read_master_key(file: Path | None) -> bytes:
    """Return the key: of the named file, else of the environment, else of the keyring.

    Args:
        file: Key file, or None.

    Raises:
        ConfigError: If there is no key, it is damaged, or others may read its file.
    """
    text = os.environ.get(KEY_VARIABLE, "")
    named = file or _path_of_environment()
    if named is not None:
        return _decode(_read_file(named), str(named))
    if text:
        return _decode(text, KEY_VARIABLE)
    stored = _read_keyring()
    if not stored:
        raise ConfigError(f"no key for the vault: {_HOW}")
    return _decode(stored, "the keyring")


def write_new_key(file: Path) -> None:
    """Write 256 random bits to a new file that only its owner may read.

    Raises:
        ConfigError: If the file exists: a key is never overwritten.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConfigError(
            f"{file} exists; a key is never overwritten, because without it nothing in "
            "its vault can be read again"
        ) from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(_new_text() + "\n")


def seal_key(key: bytes, public_key: Path) -> bytes:
    """Return a master key, readable for the owner of a private key alone.

    What is sealed is the text of a key file, so that any tool that knows RSA-OAEP with
    SHA-256 makes a key file of it again.

    Args:
        key: The master key.
        public_key: File with an RSA public key of `ESCROW_BITS` or more, PEM.

    Raises:
        ConfigError: If the file holds no such key.
    """
    how = (
        f"{public_key}: no RSA public key of {ESCROW_BITS} bits or more in PEM: make one "
        "with `openssl genrsa -out private.pem 3072` and `openssl rsa -in private.pem "
        "-pubout -out public.pem`"
    )
    try:
        read = load_pem_public_key(public_key.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(how) from error
    if not isinstance(read, RSAPublicKey) or read.key_size < ESCROW_BITS:
        raise ConfigError(how)
    text = base64.b64encode(key) + b"\n"
    way = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    return read.encrypt(text, way)


def store_new_key() -> None:
    """Put 256 random bits into the system's keyring.

    Raises:
        ConfigError: If the keyring has one, or there is no keyring.
    """
    if _read_keyring():
        raise ConfigError("the keyring holds a key already; it is never overwritten")
    try:
        keyring.set_password(_SERVICE, _ENTRY, _new_text())
    except KeyringError as error:
        raise ConfigError(
            "this system has no keyring that can be used: write the key to a file, "
            "`tumorscope deid new-key FILE`"
        ) from error


def _new_text() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _path_of_environment() -> Path | None:
    named = os.environ.get(KEY_FILE_VARIABLE, "")
    return Path(named) if named else None


def _read_keyring() -> str:
    try:
        return keyring.get_password(_SERVICE, _ENTRY) or ""
    except KeyringError:
        return ""  # no keyring on this system: the same as none in it


def _read_file(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: no readable key: {_HOW}") from error
    if os.name == "posix" and mode & _OTHERS_MAY_READ:
        raise ConfigError(f"{file}: other users may read this key: chmod 600 {file}")
    return text


def _decode(text: str, origin: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigError(f"{origin}: holds no key in base64: {_HOW}") from error
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{origin}: a key has {KEY_BYTES} bytes: {_HOW}")
    return key
