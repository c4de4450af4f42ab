"""How a row of the vault is sealed and found: what only the holder of the key can do.

References:
    NIST SP 800-38D (AES-GCM).
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tumorscope.deid.keys import PatientKeys, lookup_key
from tumorscope.domain.errors import DataError

_NONCE_BYTES = 12
_PROBE = b"tumorscope vault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One patient in the vault.

    Attributes:
        secret: 256 bits from which everything about the patient is derived.
        issuer: Issuer of the patient ID; may be empty.
        patient_id: The original patient ID.
        names: Original names.
        outputs: Folders that received files of the patient.
    """

    secret: bytes = field(repr=False)
    issuer: str = field(repr=False)
    patient_id: str = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    outputs: tuple[str, ...]

    @property
    def pseudonym(self) -> str:
        """The name that stands for the patient."""
        return PatientKeys(secret=self.secret).pseudonym


class VaultSeal:
    """Seals and opens rows under one master key."""

    def __init__(self, master_key: bytes) -> None:
        """Derive the key of the rows.

        Args:
            master_key: 32 bytes.
        """
        self._master = master_key
        self._cipher = AESGCM(hmac.digest(master_key, b"tumorscope/1/seal", "sha256"))

    def lookup_of(self, issuer: str, patient_id: str) -> bytes:
        """Return under which key a patient stands in the vault."""
        return lookup_key(self._master, issuer, patient_id)

    def seal(self, lookup: bytes, entry: Entry) -> bytes:
        """Return a row; it opens under the same lookup only."""
        content = {
            "secret": entry.secret.hex(),
            "issuer": entry.issuer,
            "patient_id": entry.patient_id,
            "names": entry.names,
            "outputs": entry.outputs,
        }
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, json.dumps(content).encode(), lookup)

    def open(self, lookup: bytes, sealed: bytes) -> Entry:
        """Return what a row holds.

        Raises:
            DataError: If it was altered.
        """
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            content = json.loads(self._cipher.decrypt(nonce, rest, lookup))
        except InvalidTag as error:
            raise DataError("a row of the vault was altered") from error
        return Entry(
            secret=bytes.fromhex(content["secret"]),
            issuer=content["issuer"],
            patient_id=content["patient_id"],
            names=tuple(content["names"]),
            outputs=tuple(content["outputs"]),
        )

    def new_probe(self) -> bytes:
        """Return what tells this key from another one."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, _PROBE, None)

    def fits(self, probe: bytes) -> bool:
        """Return whether a probe was made under this key."""
        try:
            self._cipher.decrypt(probe[:_NONCE_BYTES], probe[_NONCE_BYTES:], None)
        except InvalidTag:
            return False
        return True
