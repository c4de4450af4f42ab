"""A sequence that was not acquired: replaced by another one, or by nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

FLAIR = "flair"
REPLACEABLE: MappingProxyType[str, str] = MappingProxyType({"t1": "pre", "t1c": "post"})
"""Sequences that may be missing, by name, and what they are called in the figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSequence:
    """One way in which a slice may lack a sequence.

    Attributes:
        name: For example "post replaced by FLAIR".
        channel: Channel that is missing.
        substitute: Channel that stands in its place; -1 for zeros.
    """

    name: str
    channel: int
    substitute: int


def missing_sequences(sequences: Sequence[str]) -> tuple[MissingSequence, ...]:
    """Return every way in which T1 before or after contrast may be missing.

    Args:
        sequences: Names of the three channels, e.g. ("t1", "flair", "t1c").

    Returns:
        By FLAIR, then by zeros, for each; empty where the names are not known, or FLAIR or
        T1 is not among them.
    """
    names = [name.strip().lower() for name in sequences]
    if FLAIR not in names:
        return ()
    return tuple(
        MissingSequence(
            name=f"{word} replaced by {what}",
            channel=names.index(name),
            substitute=substitute,
        )
        for name, word in REPLACEABLE.items()
        if name in names
        for what, substitute in (("FLAIR", names.index(FLAIR)), ("zeros", -1))
    )


def replace_sequence(pixels: NDArray[Any], missing: MissingSequence) -> NDArray[Any]:
    """Return a copy of a slice without one of its sequences.

    Args:
        pixels: Shape (height, width, 3), any dtype.
        missing: Which, and what stands in its place.

    Returns:
        Shape and dtype of `pixels`.
    """
    replaced = pixels.copy()
    is_empty = missing.substitute < 0
    replaced[..., missing.channel] = 0 if is_empty else pixels[..., missing.substitute]
    return replaced
