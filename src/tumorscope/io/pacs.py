"""Sends results to a PACS by STOW-RS, the store service of DICOMweb (PS3.18, 10.5).

A user name and password come from the user's netrc file, which the HTTP client reads; they do not
belong on a command line.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from pydicom.dataset import Dataset
from requests import RequestException, Response, Session

from tumorscope.domain.errors import ConfigError, DataError

OPEN_NOTE = (
    "sent without encryption: results name the patient; use https outside of a protected "
    "network"
)
TIMEOUT_S = 60.0
AGAIN = "Sending again does no harm: an object keeps its UID"
_STATUSES_WITH_LIST = (200, 202, 409)
"""All stored, some stored, none stored (PS3.18, table 10.5.3-1)."""
_REASONS = {
    0x0110: "processing failure",
    0x0117: "invalid SOP Instance UID",
    0x0119: "class and instance conflict",
    0x0122: "kind of object not supported",
    0x0124: "not authorized",
    0x0211: "not accepted",
    0xA700: "out of resources",
    0xA900: "does not match its SOP class",
    0xC000: "cannot be understood",
    0xC122: "transfer syntax not supported",
    0xB000: "values were coerced",
    0xB006: "elements were discarded",
    0xB007: "does not match its SOP class",
}
"""Failure and warning reasons of PS3.18 I.2.2 and PS3.4 B.2.3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReceipt:
    """What a PACS accepted.

    Attributes:
        url: Service, as given.
        instances: SOP Instance UIDs that it holds now.
        warnings: One line for each that it changed, and what to know of the way.
    """

    url: str
    instances: tuple[str, ...]
    warnings: tuple[str, ...]


def check_address(url: str) -> SplitResult:
    """Refuse an address that cannot be used, before anything is computed.

    Args:
        url: Base of the service, for instance "https://pacs.example/dicom-web".

    Raises:
        ConfigError: If it is none of HTTP, or holds a password.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "--stow: the address holds a user name or password, which other users of this "
            "machine could see; put them into your netrc file"
        )
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError(
            "--stow: give the base address of a DICOMweb service, for instance "
            "https://pacs.example/dicom-web"
        )
    return parts


def store_files(url: str, files: Sequence[Path]) -> StoreReceipt:
    """Send files one after the other, and read the answer for each.

    Redirections are not followed: identities go to the address that was given.

    Args:
        url: Base of the service.
        files: Objects that Tumorscope wrote.

    Returns:
        What was accepted.

    Raises:
        ConfigError: If the address cannot be used.
        DataError: If the service cannot be reached or refuses an object; the message
            names each. What it accepted stays there, and sending again changes nothing.
    """
    parts = check_address(url)
    notes = [] if parts.scheme == "https" or _is_local(parts) else [OPEN_NOTE]
    accepted: list[str] = []
    refused: list[str] = []
    with Session() as session:
        for path in files:
            try:
                answer = _post(session, f"{url.rstrip('/')}/studies", path)
            except RequestException as error:
                raise DataError(
                    f"{url}: cannot be reached ({type(error).__name__}), "
                    f"{len(accepted)} of {len(files)} objects are stored; check address, "
                    f"network and certificate. {AGAIN}"
                ) from error
            reason, warning = _read_answer(answer, path.stem)
            if reason:
                refused.append(f"{path.stem}: {reason}")
                continue
            accepted.append(path.stem)
            notes += [f"{path.stem}: {warning}"] if warning else []
    if refused:
        raise DataError(
            f"{url}: refused {len(refused)} of {len(files)} objects: "
            f"{'; '.join(refused)}. {AGAIN}"
        )
    return StoreReceipt(url=url, instances=tuple(accepted), warnings=tuple(notes))


def _post(session: Session, address: str, path: Path) -> Response:
    """Send one object (PS3.18, 8.6.1.2: a multipart message of one part)."""
    boundary = f"tumorscope-{secrets.token_hex(16)}"
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n"
    kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
    return session.post(
        address,
        data=head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode(),
        headers={"Content-Type": kind, "Accept": "application/dicom+json"},
        timeout=TIMEOUT_S,
        allow_redirects=False,
    )


def _read_answer(answer: Response, uid: str) -> tuple[str, str]:
    """Return why an object was refused, and what was changed in it; both often empty.

    FailedSOPSequence is in every answer of some services: its length counts.
    """
    status = f"HTTP status {answer.status_code}"
    if answer.status_code not in _STATUSES_WITH_LIST:
        return status, ""
    try:
        listed = Dataset.from_json(answer.json())
        failed = list(listed.get("FailedSOPSequence") or [])
        stored = list(listed.get("ReferencedSOPSequence") or [])
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"{status} with an answer that cannot be read", ""
    if failed:
        return f"{describe_reason(failed[0].get('FailureReason'))}, {status}", ""
    if uid not in [str(item.get("ReferencedSOPInstanceUID")) for item in stored]:
        return f"{status} with an answer that does not name it", ""
    code = stored[0].get("WarningReason")
    return "", f"stored with changes: {describe_reason(code)}" if code else ""


def describe_reason(code: object) -> str:
    """Return a failure or warning reason in words.

    Args:
        code: As the PACS gave it.
    """
    if not isinstance(code, int):
        return "no reason given"
    words = _REASONS.get(code) or _REASONS.get(code & 0xFF00) or "unknown reason"
    return f"{words} (0x{code:04X})"


def _is_local(parts: SplitResult) -> bool:
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
