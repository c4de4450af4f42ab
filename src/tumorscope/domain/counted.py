"""Numbers with their noun, in the singular where there is one."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return "1 file" or "2 files".

    Args:
        number: How many.
        noun: In the singular, with a regular plural.
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
