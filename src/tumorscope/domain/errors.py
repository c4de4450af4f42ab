"""What can go wrong, as one tree.

    TumorscopeError            exit status 1
    ├── ConfigError            exit status 2: an option, a spec or a column name
    └── DataError              exit status 2: the user's files
        ├── UnreadableScanError   a file that is no usable image
        ├── UnsafeArchiveError a zip archive that is not to be trusted
        ├── BundleError           a damaged, foreign or newer bundle
        ├── LeakageError       exit status 3: a patient on both sides of a split
        ├── GateError          exit status 3: an audit found a fault that nobody waived
        └── ParityError        exit status 3: an engine scores otherwise than its bundle

A message says what is wrong, where, and what to do. It names the file or the pseudonym,
and never repeats a patient's header values.
"""

from __future__ import annotations

from typing import ClassVar


class TumorscopeError(Exception):
    """Any failure that Tumorscope foresaw; its text is meant for the user."""

    exit_status: ClassVar[int] = 1


class ConfigError(TumorscopeError):
    """A setting, option or column name that cannot be used."""

    exit_status: ClassVar[int] = 2


class DataError(TumorscopeError):
    """Input data that cannot be used as they are."""

    exit_status: ClassVar[int] = 2


class UnreadableScanError(DataError):
    """A file that is not a usable image: truncated, blank, animated, too large."""


class UnsafeArchiveError(DataError):
    """A zip archive with links, lying sizes, or names that leave its folder."""


class BundleError(DataError):
    """A bundle that is damaged, foreign, or written by a newer version."""


class LeakageError(DataError):
    """A patient or near-duplicate group that stands on both sides of a split."""

    exit_status: ClassVar[int] = 3


class GateError(DataError):
    """A cohort whose audit failed, and whose failed gates were not waived."""

    exit_status: ClassVar[int] = 3


class ParityError(DataError):
    """An exported engine whose scores differ from the bundle's beyond the tolerance."""

    exit_status: ClassVar[int] = 3
