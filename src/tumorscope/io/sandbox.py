"""Foreign files are parsed and decoded in a child process with limits.

Decoders crash, hang and allocate what a header tells them to. A call runs in a child
that has a cap on address space, processor time, wall time, written files and the size of
its answer. Whatever goes wrong there becomes one `UnreadableScanError`; the parent lives
on and the child is replaced.

    with Sandbox() as sandbox:
        header = sandbox.call(read_header, str(path))
        voxels = sandbox.call("tumorscope.io.nifti_parsing:read_voxels", file)

A function can be given by its name, so that the parent need not import the parser.

Several threads may call at once: each gets a child of its own. A child is kept for many
files, so that small ones cost about a millisecond more than without it.

The child inherits neither secrets from the environment nor the parent's output. It is
not cut off from the network or from files that the user may read: the limits stop
accidents and bombs, and are no jail for code that took the decoder over.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import Any, Self

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.sandbox_wire import (
    MAX_HEAD_BYTES,
    PREFIX,
    WireError,
    decode,
    read_head,
)

START_S = 60.0
"""A busy machine needs seconds to start an interpreter; this is not the file's fault."""
_KEPT_VARIABLES = (
    *("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV"),
    *("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
)
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
_CHUNK_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLimits:
    """What one call may use.

    Attributes:
        memory_bytes: Address space of the child, libraries included.
        wall_s: Seconds on the clock for one call; with the replacement of its child, a file
            takes less than 10.
        processor_s: Seconds of processor for one call.
        answer_bytes: Size of one answer.
        file_bytes: Size of any file that the child writes; 0 forbids writing.
        calls_per_child: Calls before a child is replaced.
    """

    memory_bytes: int = 1_500 * 2**20
    wall_s: float = 8.0
    processor_s: int = 10
    answer_bytes: int = 600 * 2**20
    file_bytes: int = 0
    calls_per_child: int = 2_000


class Sandbox:
    """A pool of children; as many as there are threads that call at once."""

    def __init__(self, limits: SandboxLimits | None = None) -> None:
        """Take the limits; the first call starts the first child."""
        self.limits = limits or SandboxLimits()
        self._idle: list[_Child] = []
        self._lock = Lock()
        self._closed = False

    def call(self, function: Callable[..., Any] | str, *arguments: Any) -> Any:
        """Run a function in a child.

        Args:
            function: A function of an importable module, or "module:function": the
                child imports it by that name.
            arguments: Anything that can be pickled. The child may read files by path.

        Returns:
            What the function returned: numbers, texts, bytes, arrays of numbers, and
            lists and mappings of these. Arrays are read-only. Check it: the child may
            have been fooled by the file.

        Raises:
            UnreadableScanError: If the function raised, used too much, or died. The
                text has the reason in words and no value of the file.
            ValueError: If the function cannot be found by its name.
        """
        request = _pack_call(function, arguments)
        child = self._take()
        try:
            answer = child.ask(request)
        except BaseException:
            child.end()
            raise
        self._give_back(child)
        if "failure" in answer:
            raise UnreadableScanError(_printable(answer["failure"]))
        return answer.get("answer")

    def map(
        self,
        function: Callable[..., Any] | str,
        calls: Iterable[tuple[Any, ...]],
        *,
        workers: int = 1,
    ) -> Iterator[Any | UnreadableScanError]:
        """Run a function on many files; an unusable one does not stop the others.

        Args:
            function: As for `call`.
            calls: The arguments of each call.
            workers: Threads, and children, at once.

        Yields:
            For each call, in order, what it returned, or its `UnreadableScanError`. At
            most a few answers wait at any time.
        """

        def attempt(arguments: tuple[Any, ...]) -> Any | UnreadableScanError:
            try:
                return self.call(function, *arguments)
            except UnreadableScanError as error:
                return error

        waiting: deque[Future[Any]] = deque()
        with ThreadPoolExecutor(max_workers=workers) as pool:
            for arguments in calls:
                waiting.append(pool.submit(attempt, arguments))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def close(self) -> None:
        """End all children; a call that is under way ends its own."""
        with self._lock:
            self._closed = True
            children, self._idle = self._idle, []
        for child in children:
            child.end()

    def __enter__(self) -> Self:
        """Return the sandbox."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all children."""
        self.close()

    def _take(self) -> _Child:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Child(self.limits)

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            keeps = not self._closed and child.may_go_on
            if keeps:
                self._idle.append(child)
        if not keeps:
            child.end()


class _Child:
    """One process and the socket to it."""

    def __init__(self, limits: SandboxLimits) -> None:
        self._limits = limits
        self._calls = 0
        self._healthy = True
        self._clock_runs = False
        self._socket, other = socket.socketpair()
        with other:
            self._process = _start(other, limits)
        try:
            self._receive(1, time.monotonic() + START_S)
        except BaseException:
            self.end()
            raise

    @property
    def may_go_on(self) -> bool:
        """Whether this child is whole, and not due to be replaced."""
        return self._healthy and self._calls < self._limits.calls_per_child

    def ask(self, request: bytes) -> dict[str, Any]:
        """Return the answer to one call.

        Raises:
            UnreadableScanError: If there is none that can be used.
        """
        self._calls += 1
        self._clock_runs = False
        starts_by = time.monotonic() + START_S
        self._send(request, starts_by)
        self._receive(1, starts_by)  # the module is imported
        self._clock_runs = True
        deadline = time.monotonic() + self._limits.wall_s
        head_bytes = PREFIX.unpack(self._receive(PREFIX.size, deadline))[0]
        if head_bytes > MAX_HEAD_BYTES:
            raise UnreadableScanError(self._too_large())
        try:
            tree, lengths = read_head(self._receive(head_bytes, deadline))
            if sum(lengths) > self._limits.answer_bytes:
                raise UnreadableScanError(self._too_large())
            buffers = [self._receive(length, deadline) for length in lengths]
            answer = decode(tree, buffers)
        except WireError as error:
            raise UnreadableScanError("the reader gave no usable answer") from error
        if not isinstance(answer, dict):
            raise UnreadableScanError("the reader gave no usable answer")
        self._healthy = answer.get("healthy", True) is True
        return answer

    def end(self) -> None:
        """End the process, whatever it does."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def _send(self, content: bytes, deadline: float) -> None:
        self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            self._socket.sendall(content)
        except TimeoutError:
            raise UnreadableScanError(self._too_slow()) from None
        except OSError:
            raise UnreadableScanError(self._cause_of_death()) from None

    def _receive(self, size: int, deadline: float) -> bytes:
        content = bytearray()
        while len(content) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise UnreadableScanError(self._too_slow())
            self._socket.settimeout(left)
            try:
                part = self._socket.recv(min(size - len(content), _CHUNK_BYTES))
            except TimeoutError:
                continue
            except OSError:
                part = b""
            if not part:
                raise UnreadableScanError(self._cause_of_death())
            content += part
        return bytes(content)

    def _too_slow(self) -> str:
        if not self._clock_runs:
            return f"the reader did not start within {START_S:g} s; try again"
        return f"took longer than {self._limits.wall_s:g} s"

    def _too_large(self) -> str:
        return f"decodes to more than {self._limits.answer_bytes // 2**20} MiB"

    def _cause_of_death(self) -> str:
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "the reader stopped answering"
        if status == -signal.SIGXCPU:
            return f"used more than {self._limits.processor_s} s of processor"
        if status < 0:
            return f"crashed the reader ({signal.Signals(-status).name})"
        return f"ended the reader (exit status {status})"


def _start(other: socket.socket, limits: SandboxLimits) -> subprocess.Popen[bytes]:
    """Start an interpreter; nothing of ours runs between fork and exec."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    told = {
        "memory_bytes": limits.memory_bytes,
        "processor_s": limits.processor_s,
        "file_bytes": limits.file_bytes,
    }
    command = [sys.executable, "-P", "-m", "tumorscope.io.sandbox_child"]
    return subprocess.Popen(  # noqa: S603 - our own module
        [*command, str(other.fileno()), json.dumps(told)],
        pass_fds=[other.fileno()],
        env=kept | _ONE_THREAD,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is the parent's matter
    )


def _pack_call(function: Callable[..., Any] | str, arguments: tuple[Any, ...]) -> bytes:
    module, name = _name_of(function)
    content = pickle.dumps((module, name, arguments), protocol=5)
    return PREFIX.pack(len(content)) + content


def _name_of(function: Callable[..., Any] | str) -> tuple[str, str]:
    if isinstance(function, str):
        module, _, name = function.partition(":")
        return module, name
    module, name = function.__module__, function.__qualname__
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not function:
        raise ValueError(f"{module}.{name} cannot be found by its name")
    return module, name


def _printable(reason: object) -> str:
    return "".join(one for one in str(reason)[:500] if one.isprintable())
