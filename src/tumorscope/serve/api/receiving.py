"""A request's body -> a file on the disk, within limits, without parsing a byte of it."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from tumorscope.serve.problems import IdleError, ProblemError, TooLargeError
from tumorscope.serve.settings import UploadLimits
from tumorscope.serve.storage import new_id

_BLOCK = 2**20
COUNTED_HERE = 2**40
"""The body of a file is counted while it is written, against the settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedContent:
    """A file that is on the disk.

    Attributes:
        place: Where.
        size_bytes: Size.
        digest: SHA-256.
    """

    place: Path
    size_bytes: int
    digest: str


async def receive_body(
    request: Request, place: Path, limits: UploadLimits
) -> ReceivedContent:
    """Write a request's body to a file that appears when it is whole.

    Raises:
        TooLargeError: If it has, or says to have, too many bytes.
        IdleError: If its sender is silent for too long.
        OSError: If the disk is full.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limits.file_bytes:
        raise _too_large(limits)
    partial = place.with_name(f".{new_id()}.partial")
    digest = hashlib.sha256()
    size = 0
    try:
        with partial.open("xb") as stream:
            async for block in blocks(request, limits):
                size += len(block)
                if size > limits.file_bytes:
                    raise _too_large(limits)
                digest.update(block)
                await run_in_threadpool(stream.write, block)
            await run_in_threadpool(_settle, stream)
        await run_in_threadpool(partial.replace, place)
    except ClientDisconnect as error:
        raise ProblemError("The sender went away before the file was whole.") from error
    finally:
        partial.unlink(missing_ok=True)
    return ReceivedContent(place=place, size_bytes=size, digest=digest.hexdigest())


def _settle(stream: BinaryIO) -> None:
    """Have what was written on the disk, and not only in the system's memory."""
    stream.flush()
    os.fsync(stream.fileno())


async def blocks(request: Request, limits: UploadLimits) -> AsyncIterator[bytes]:
    """Yield a request's body in blocks of a MiB.

    Raises:
        IdleError: If its sender is silent for too long.
    """
    waiting = bytearray()
    parts = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(limits.idle_s):
                part = await anext(parts)
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise IdleError(
                f"Nothing came for {limits.idle_s:g} s. Send the file again."
            ) from None
        waiting += part
        if len(waiting) >= _BLOCK:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _too_large(limits: UploadLimits) -> TooLargeError:
    return TooLargeError(f"A file has at most {limits.file_bytes // 2**20} MiB.")
