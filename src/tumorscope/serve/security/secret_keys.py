"""The service's master key, and the keys that are derived from it.

It comes from a file or the environment, never from a command line. Keys that are short,
repeat themselves or stand in an example are refused.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tumorscope.domain.errors import ConfigError

KEY_BYTES = 32
KEY_VARIABLE = "TUMORSCOPE_SERVICE_KEY"
KEY_FILE_VARIABLE = "TUMORSCOPE_SERVICE_KEY_FILE"
CLIENT_SECRET_VARIABLE = "TUMORSCOPE_OIDC_CLIENT_SECRET"  # noqa: S105 - a name
_OTHERS_MAY_READ = 0o077
_LEAST_DIFFERENT_BYTES = 16
_HOW = (
    "a key is 32 random bytes in base64; make one with "
    "`python -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32))"
    ".decode())'`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKeys:
    """Keys for each purpose; none leads to another.

    Attributes:
        chain: Seals of the audit log.
        checkpoint: Seed of the key that signs its checkpoints.
        patients: Hashes under which the audit log knows patients.
        csrf: Tokens of the page.
        sign_in: Tickets of sign-ins that are under way at a provider.
    """

    chain: bytes = field(repr=False)
    checkpoint: bytes = field(repr=False)
    patients: bytes = field(repr=False)
    csrf: bytes = field(repr=False)
    sign_in: bytes = field(repr=False)


def derive_keys(master: bytes) -> ServiceKeys:
    """Return the keys of all purposes (HKDF-SHA-256 with the purpose as info)."""
    return ServiceKeys(
        chain=_derive(master, "audit chain"),
        checkpoint=_derive(master, "audit checkpoint"),
        patients=_derive(master, "audit patients"),
        csrf=_derive(master, "page csrf"),
        sign_in=_derive(master, "provider sign-in"),
    )


def oidc_client_secret() -> str | None:
    """Return the environment's secret of this service at a sign-in provider, if any."""
    return os.environ.get(CLIENT_SECRET_VARIABLE) or None


def service_key(data: Path, *, creates: bool) -> bytes:
    """Return the master key: the environment's, the named file's, or the data folder's.

    Args:
        data: Data folder of the service; its own key file is `keys/service.key`.
        creates: Whether to make that file where it is missing; a command that only
            reads must not, because a new key would fit nothing.

    Raises:
        ConfigError: If a key is missing, weak, damaged, or others may read its file.
    """
    text = os.environ.get(KEY_VARIABLE, "")
    if text:
        return _decode(text, KEY_VARIABLE)
    named = os.environ.get(KEY_FILE_VARIABLE, "")
    file = Path(named) if named else data / "keys" / "service.key"
    if creates and not named and not file.exists():
        _write_new(file)
    return _decode(_read(file), str(file))


def _derive(master: bytes, purpose: str) -> bytes:
    info = f"tumorscope service: {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(
        master
    )


def _write_new(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process of the same service was faster: its key is read
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(text + "\n")
        opened.flush()
        os.fsync(opened.fileno())


def _read(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{file}: the service's key cannot be read: name its file with "
            f"{KEY_FILE_VARIABLE}, or restore it from the back-up; {_HOW}"
        ) from error
    if mode & _OTHERS_MAY_READ:
        raise ConfigError(
            f"{file}: other users may read the service's key: run chmod 600 on it"
        )
    return text


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < KEY_BYTES:
        raise ConfigError(f"{where}: not a key of 32 bytes in base64: {_HOW}")
    if len(set(key)) < _LEAST_DIFFERENT_BYTES or key.isascii():
        raise ConfigError(
            f"{where}: the key is no random one (it repeats itself, or is a text such as "
            f"an example's): {_HOW}"
        )
    return key
