"""What follows from a patient's secret: pseudonym, unique identifiers, date offset.

Everything is an HMAC of the secret with a label of its own, so that one value says
nothing about another. The secret is 256 random bits and follows from nothing: without it
no patient ID, however short the list of candidates, leads to a pseudonym.

References:
    RFC 2104 (HMAC); RFC 9562, version 8 (UUID layout); PS3.5, B.2 (`2.25.` UIDs).
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass, field

SECRET_BYTES = 32
MAX_OFFSET_DAYS = 3650
"""Ten years: 11.8 bits. Weekdays are not kept: multiples of seven would cost 2.8 bits."""
_PSEUDONYM_BYTES = 10


def new_secret() -> bytes:
    """Return 256 random bits."""
    return secrets.token_bytes(SECRET_BYTES)


def lookup_key(master: bytes, issuer: str, patient_id: str) -> bytes:
    """Return under which key a patient stands in the vault.

    Both parts carry their length, so that no two pairs run together.

    Args:
        master: Key of the vault; 32 bytes.
        issuer: Issuer of Patient ID; may be empty.
        patient_id: Patient ID.
    """
    return _derive(master, "patient-index", issuer, patient_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientKeys:
    """Replacements for one patient; the same in any process that has the secret.

    Attributes:
        secret: 256 bits.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a secret that could be guessed."""
        if len(self.secret) != SECRET_BYTES:
            raise ValueError(f"a secret has {SECRET_BYTES} bytes")

    @property
    def pseudonym(self) -> str:
        """Return the name and ID that stand for the patient: P and 16 characters."""
        digest = _derive(self.secret, "pseudonym")[:_PSEUDONYM_BYTES]
        return "P" + base64.b32encode(digest).decode()

    @property
    def offset_days(self) -> int:
        """Return by how many days dates go back: 1 to 3,650."""
        number = int.from_bytes(_derive(self.secret, "date-offset"), "big")
        return 1 + number % MAX_OFFSET_DAYS

    def replace_uid(self, uid: str) -> str:
        """Return the UID that stands for another one.

        Args:
            uid: Without padding; a reference to another patient's object maps apart.
        """
        number = int.from_bytes(_derive(self.secret, "uid", uid)[:16], "big")
        number = number & ~(0xF << 76) | 8 << 76  # version 8: custom
        number = number & ~(0x3 << 62) | 2 << 62  # variant of RFC 9562
        return f"2.25.{number}"

    def name_file(self, kind: str, name: str) -> str:
        """Return a file name of 20 characters that says nothing."""
        digest = _derive(self.secret, "file", kind, name)[:12]
        return base64.b32encode(digest).decode().rstrip("=").lower()


def _derive(key: bytes, label: str, *parts: str) -> bytes:
    message = b"tumorscope/1/" + label.encode()
    for part in parts:
        encoded = part.encode("utf-8", "surrogateescape")
        message += len(encoded).to_bytes(4, "big") + encoded
    return hmac.digest(key, message, "sha256")
