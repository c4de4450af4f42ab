"""What can go wrong, as one tree."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import (
    BundleError,
    ConfigError,
    DataError,
    GateError,
    LeakageError,
    TumorscopeError,
    UnreadableScanError,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TumorscopeError, 1),
        (ConfigError, 2),
        (DataError, 2),
        (UnreadableScanError, 2),
        (BundleError, 2),
        (LeakageError, 3),
        (GateError, 3),
    ],
)
def test_exit_status_tells_the_kind_of_failure(error, status):
    """A script can act on the status without reading the message."""
    assert issubclass(error, TumorscopeError)
    assert error.exit_status == status


@pytest.mark.parametrize(
    "error", [UnreadableScanError, BundleError, LeakageError, GateError]
)
def test_files_of_the_user_are_data_errors(error):
    """One `except DataError` catches whatever is wrong with the user's files."""
    assert issubclass(error, DataError)
