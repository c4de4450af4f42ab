"""Objects of a screening -> the PACS that is configured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tumorscope.io.pacs import StoreReceipt, check_address, store_files

__all__ = ["StoreReceipt", "check_pacs", "send_results"]


def check_pacs(url: str) -> None:
    """Refuse an address that cannot be used, before a service starts.

    Raises:
        ConfigError: If it is none of HTTP, or holds a password.
    """
    check_address(url)


def send_results(url: str, files: Sequence[Path]) -> StoreReceipt:
    """Send objects to a PACS; see `store_files`.

    Raises:
        ConfigError: If the address cannot be used.
        DataError: If the PACS cannot be reached or refuses an object.
    """
    return store_files(url, files)
