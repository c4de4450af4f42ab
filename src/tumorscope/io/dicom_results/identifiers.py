"""Unique identifiers that a repetition gives again.

The same model, settings and source give the same UIDs, so that sending twice leaves one copy in
a PACS; anything else gives others, so that nothing is overwritten.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from tumorscope.domain.series_result import SeriesResult

_VERSION, _VARIANT = 8, 2


def make_uid(*parts: str) -> str:
    """Return a UID that follows from texts.

    Args:
        parts: Any texts; ("ab", "c") and ("a", "bc") give different ones.

    Returns:
        "2.25." and 128 bits of SHA-256, laid out as a UUID of version 8.

    References:
        PS3.5 B.2 (UUID-derived UID); RFC 9562, 5.8.
    """
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode()
        digest.update(len(content).to_bytes(8, "big") + content)
    number = int.from_bytes(digest.digest()[:16], "big")
    number = number & ~(0xF << 76) | _VERSION << 76
    number = number & ~(0x3 << 62) | _VARIANT << 62
    return f"2.25.{UUID(int=number).int}"


def run_key(result: SeriesResult, source_uids: tuple[str, ...]) -> str:
    """Return what tells this result from any other.

    Args:
        result: Model, threshold and scores count; the time does not.
        source_uids: SOP Instance UIDs of the source.

    Returns:
        A UID, for `make_uid` of the objects.
    """
    model = result.model
    scores = [
        f"{one.index} {one.tumor_probability!r} {one.decision}" for one in result.slices
    ]
    sequences = ",".join(result.stack.sequences)
    return make_uid(
        *(model.name, model.version, model.weights_digest, sequences),
        repr(result.threshold_probability),
        *source_uids,
        *scores,
    )
