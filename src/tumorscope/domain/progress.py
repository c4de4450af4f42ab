"""How a long stage reports progress without knowing who watches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Progress(Protocol):
    """Wraps an iterable and shows how far it got."""

    def __call__(
        self, items: Iterable[Item], *, total: int, label: str
    ) -> Iterator[Item]:
        """Yield every item unchanged, showing `label` and the count out of `total`."""
        ...


def silent(items: Iterable[Item], *, total: int, label: str) -> Iterator[Item]:  # noqa: ARG001 - the signature of `Progress`
    """Yield every item and show nothing."""
    yield from items
