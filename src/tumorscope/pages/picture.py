"""A picture on a page."""

from __future__ import annotations

from dataclasses import dataclass

from tumorscope.domain.errors import DataError

MEDIA_TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
"""What a picture's first bytes say of its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture and what it shows.

    Attributes:
        caption: Shown below the picture, and its alternative text.
        content: The bytes of a PNG or JPEG file.

    Raises:
        DataError: If the bytes are no such file or the caption is empty.
    """

    caption: str
    content: bytes

    def __post_init__(self) -> None:
        """Refuse what a browser would not show."""
        media_type(self.content, self.caption or "a picture")
        if not self.caption.strip():
            raise DataError("a picture needs a caption: it is its alternative text")


def media_type(content: bytes, what: str) -> str:
    """Tell PNG from JPEG by the first bytes.

    Args:
        content: The bytes of a file.
        what: What they should show, for the message.

    Returns:
        "image/png" or "image/jpeg".

    Raises:
        DataError: If they are neither.
    """
    for signature, found in MEDIA_TYPES.items():
        if content.startswith(signature):
            return found
    raise DataError(f"{what} is neither a PNG nor a JPEG file: encode it first")
