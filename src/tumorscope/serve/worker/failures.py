"""What a failed screening is called outside: a stable code and a sentence."""

from __future__ import annotations

from pathlib import Path

from tumorscope.domain.errors import (
    BundleError,
    DataError,
    TumorscopeError,
    UnsafeArchiveError,
)
from tumorscope.serve.queue.job import Failure

MAX_DETAIL = 600
NO_SIGNAL = ("constant: every pixel", "no contrast", "is blank")


def describe_failure(error: TumorscopeError, *, hidden: tuple[Path, ...]) -> Failure:
    """Return code and words for a foreseen failure.

    Args:
        error: What was raised.
        hidden: Folders of the server that no message may name.
    """
    detail = str(error)
    for folder in hidden:
        detail = detail.replace(f"{folder}/", "").replace(str(folder), "the upload")
    return Failure(code=_code(error), detail=detail[:MAX_DETAIL])


def _code(error: TumorscopeError) -> str:
    if isinstance(error, UnsafeArchiveError):
        return "unsafe_archive"
    if isinstance(error, BundleError):
        return "model_unusable"
    if isinstance(error, DataError):
        words = str(error)
        return "no_signal" if any(one in words for one in NO_SIGNAL) else "unreadable"
    return "unusable"
