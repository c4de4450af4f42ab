"""The child of a sandbox: sets its own limits, then answers one call after the other.

Started by `tumorscope.io.sandbox` as a fresh interpreter, never by a fork. It receives
pickled calls from its parent, whom it trusts, and answers in the plain format of
`sandbox_wire`, because its parent must not trust it. What the libraries print, warn or
log may hold a value of the file, so none of it leaves this process.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import pickle
import resource
import socket
import sys
import warnings
from collections.abc import Mapping
from typing import Any

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.sandbox_wire import PREFIX, WireError, encode

READY, LOADED = b"R", b"L"
FATAL = (MemoryError, SystemError)
MAX_REASON_CHARACTERS = 500


def main() -> None:
    """Answer the calls that come through the socket, until it closes."""
    descriptor, limits = int(sys.argv[1]), json.loads(sys.argv[2])
    # Parsed files are trees of tuples without cycles; looking for some takes a tenth of
    # the time.
    gc.set_threshold(100_000, 20, 20)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    set_limits(limits)
    with socket.socket(fileno=descriptor) as parent:
        parent.sendall(READY)
        while True:
            request = _receive_request(parent)
            if request is None:
                return
            spend_processor_time(limits["processor_s"])
            if not _serve(parent, request):
                return


def set_limits(limits: Mapping[str, int]) -> None:
    """Limit this process for good: memory, files it writes, core dumps.

    Args:
        limits: `memory_bytes` of address space and `file_bytes` of any file written.
    """
    memory, file_size = limits["memory_bytes"], limits["file_bytes"]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def spend_processor_time(seconds: int) -> None:
    """Let this process be ended (SIGXCPU) after so many further seconds of processor."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def describe_failure(error: BaseException) -> str:
    """Return why a call failed, without a value of the file.

    Only the texts of `UnreadableScanError` are passed on: Tumorscope wrote them. The
    texts of libraries quote what they could not parse.
    """
    if isinstance(error, UnreadableScanError):
        return str(error)[:MAX_REASON_CHARACTERS]
    if isinstance(error, MemoryError):
        return "needs more memory than a file may use"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, WireError):
        return "the answer cannot be sent"
    return f"cannot be parsed or decoded ({type(error).__name__})"


def _receive_request(parent: socket.socket) -> bytes | None:
    prefix = _receive(parent, PREFIX.size)
    return None if prefix is None else _receive(parent, PREFIX.unpack(prefix)[0])


def _receive(parent: socket.socket, size: int) -> bytes | None:
    content = bytearray(size)
    view, done = memoryview(content), 0
    while done < size:
        count = parent.recv_into(view[done:])
        if not count:
            return None
        done += count
    return bytes(content)


def _serve(parent: socket.socket, request: bytes) -> bool:
    """Answer one call; return whether this process may serve another one."""
    module, name, arguments = pickle.loads(request)  # noqa: S301 - from the parent, who is trusted
    function: Any = importlib.import_module(module)
    for part in name.split("."):
        function = getattr(function, part)
    parent.sendall(LOADED)
    healthy = True
    try:
        parts = encode({"answer": function(*arguments)})
    except BaseException as error:  # noqa: BLE001 - decoders raise what they like
        healthy = isinstance(error, Exception) and not isinstance(error, FATAL)
        parts = encode({"failure": describe_failure(error), "healthy": healthy})
    for part in parts:
        parent.sendall(part)
    return healthy


if __name__ == "__main__":
    main()
