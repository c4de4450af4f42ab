"""How a worker ends, so that its parent knows whether the content may be the cause."""

from __future__ import annotations

import signal

DONE = 0
"""Asked to stop, or due to be replaced."""
STAGE_TOO_LONG = 75
"""A stage of its job took longer than it may."""
OUT_OF_TIME = 76
"""Asked to stop, and the job was put back because it took too long."""
OUT_OF_MEMORY = 77
"""Its job used up its memory."""

_BLAMED = frozenset({STAGE_TOO_LONG})
_BLAMED_SIGNALS = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGILL,
        signal.SIGFPE,
        signal.SIGXCPU,
    }
)


def blames_content(status: int) -> bool:
    """Return whether what a worker read may have ended it.

    A plain kill comes from outside; out of memory is counted by the worker itself.

    Args:
        status: As `subprocess` has it: negative for a signal.
    """
    return status in _BLAMED or -status in _BLAMED_SIGNALS
