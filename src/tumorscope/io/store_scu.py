"""Sends results to a PACS by C-STORE, the store service of DICOM itself (PS3.4, annex B).

The address is AET@HOST:PORT. The protocol knows no password, and is not encrypted here.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.presentation import build_context

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.io.pacs import AGAIN, OPEN_NOTE, StoreReceipt, describe_reason

CALLING_AE = "TUMORSCOPE"
TIMEOUT_S = 60.0
_ADDRESS = re.compile(
    r"(?P<title>[\x21-\x3f\x41-\x5b\x5d-\x7e]{1,16})@"
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:@/\[\]]+):(?P<port>\d{1,5})"
)
_LARGEST_PORT = 65_535
_PENDING = 0xFF00
_WARNINGS = 0xB000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAddress:
    """Where a PACS listens.

    Attributes:
        title: Its application entity title.
        host: Name or address.
        port: TCP port.
    """

    title: str
    host: str
    port: int

    @classmethod
    def from_text(cls, text: str) -> StoreAddress:
        """Read AET@HOST:PORT.

        Raises:
            ConfigError: If the text is none.
        """
        match = _ADDRESS.fullmatch(text)
        if match is None or not 0 < int(match["port"]) <= _LARGEST_PORT:
            raise ConfigError(
                "--cstore: give title, host and port of the PACS, for instance "
                "ARCHIVE@pacs.example:104"
            )
        return cls(
            title=match["title"],
            host=match["host"].strip("[]"),
            port=int(match["port"]),
        )


def send_files(text: str, files: Sequence[Path]) -> StoreReceipt:
    """Send files over one association, and read the status of each.

    Args:
        text: AET@HOST:PORT.
        files: Objects that Tumorscope wrote.

    Returns:
        What was accepted.

    Raises:
        ConfigError: If the address cannot be used.
        DataError: If the PACS cannot be reached or refuses an object; the message names
            each. What it accepted stays there, and sending again changes nothing.
    """
    address = StoreAddress.from_text(text)
    _knock(address, text)
    objects = [dcmread(path) for path in files]
    association = _associate(address, objects, text)
    notes = [] if _is_local(address.host) else [OPEN_NOTE]
    accepted: list[str] = []
    refused: list[str] = []
    try:
        for one in objects:
            uid = str(one.SOPInstanceUID)
            reason, warning = _read_status(_store(association, one))
            if reason:
                refused.append(f"{uid}: {reason}")
                continue
            accepted.append(uid)
            notes += [f"{uid}: {warning}"] if warning else []
    finally:
        if association.is_established:
            association.release()
    if refused:
        raise DataError(
            f"{text}: refused {len(refused)} of {len(files)} objects: "
            f"{'; '.join(refused)}. {AGAIN}"
        )
    return StoreReceipt(url=text, instances=tuple(accepted), warnings=tuple(notes))


def _knock(address: StoreAddress, text: str) -> None:
    """Refuse an address where nobody listens; the DICOM library leaves sockets open."""
    try:
        with socket.create_connection((address.host, address.port), TIMEOUT_S):
            return
    except OSError as error:
        raise DataError(
            f"{text}: cannot be reached ({type(error).__name__}), nothing is stored; check "
            f"host, port and network. {AGAIN}"
        ) from error


def _associate(address: StoreAddress, objects: Sequence[Dataset], text: str) -> Any:
    """Open an association for exactly the classes and encodings of the objects."""
    entity = AE(ae_title=CALLING_AE)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = TIMEOUT_S
    entity.connection_timeout = TIMEOUT_S
    kinds = {
        (str(one.SOPClassUID), str(one.file_meta.TransferSyntaxUID)) for one in objects
    }
    association = entity.associate(
        address.host,
        address.port,
        contexts=[build_context(*kind) for kind in sorted(kinds)],
        ae_title=address.title,
    )
    if association.is_established:
        return association
    raise DataError(
        f"{text}: refused the association, nothing is stored; check the title, whether "
        f"the PACS knows {CALLING_AE}, and whether it takes such objects. {AGAIN}"
    )


def _store(association: Any, one: Dataset) -> Dataset:
    """Return the status of one object; empty where there is none."""
    try:
        status: Dataset = association.send_c_store(one)
    except ValueError:
        # The PACS took no presentation context for this kind of object.
        status = Dataset()
        status.Status = 0x0122
    except RuntimeError:
        status = Dataset()
    return status


def _read_status(status: Dataset) -> tuple[str, str]:
    """Return why an object was refused, and what was changed in it; both often empty."""
    code = status.get("Status")
    if code is None:
        return "the connection broke, or no answer came in time", ""
    if code == 0:
        return "", ""
    if code & _PENDING == _WARNINGS:
        return "", f"stored with changes: {describe_reason(code)}"
    return describe_reason(code), ""


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
