"""The parts of a multipart/related body -> files, while the body comes in.

References:
    RFC 2387 (multipart/related); DICOM PS3.18, section 8.6 (multipart payloads).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from tumorscope.serve.problems import InvalidError, MediaTypeError, TooLargeError
from tumorscope.serve.settings import UploadLimits

DICOM = "application/dicom"
_MOST_BOUNDARY = 70  # RFC 2046, section 5.1.1


def boundary_of(content_type: str) -> bytes:
    """Return the boundary between the parts of a body of DICOM files.

    Args:
        content_type: Header of the request.

    Raises:
        MediaTypeError: If it is no multipart/related body of DICOM files.
    """
    kind, options = parse_options_header(content_type)
    parts = options.get(b"type", DICOM.encode()).decode("latin-1").lower()
    boundary = options.get(b"boundary", b"")
    if kind.lower() != b"multipart/related" or parts != DICOM:
        raise MediaTypeError(
            f'Send multipart/related; type="{DICOM}": files as they are, not metadata '
            "that names where its bulk data could be fetched."
        )
    if not 1 <= len(boundary) <= _MOST_BOUNDARY:
        raise MediaTypeError(
            f"A boundary of 1 to {_MOST_BOUNDARY} characters is needed."
        )
    return boundary


class RelatedParts:
    """Writes each part to a file of its own; never holds more than a block in memory."""

    def __init__(self, boundary: bytes, folder: Path, limits: UploadLimits) -> None:
        """Take where files go.

        Args:
            boundary: From `boundary_of`.
            folder: Exists; nobody else writes there.
            limits: Bytes of one part and of all, and their number.
        """
        self.files: list[Path] = []
        self._folder = folder
        self._limits = limits
        self._sizes = [0, 0]  # of this part, of all
        self._stream: BinaryIO | None = None
        self._is_over = False
        self._header = [b"", b""]
        callbacks: dict[str, Callable[..., Any]] = {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._note(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._note(1, data[start:end]),
            "on_header_end": self._check_header,
            "on_part_data": lambda data, start, end: self._write(data[start:end]),
            "on_part_end": self.close,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]

    def feed(self, block: bytes) -> None:
        """Take the next bytes of the body.

        Raises:
            InvalidError: If they are no such body.
            MediaTypeError: If a part is no DICOM file.
            TooLargeError: If a part, all parts or their number are too large.
            OSError: If the disk is full.
        """
        self._sizes[1] += len(block)
        if self._sizes[1] > self._limits.session_bytes:
            raise TooLargeError(
                f"A request has at most {self._limits.session_bytes // 2**20} MiB."
            )
        try:
            self._parser.write(block)
        except MultipartParseError as error:
            raise _broken() from error

    def finish(self) -> list[Path]:
        """Return the files, in their order.

        Raises:
            InvalidError: If the body ended too early, or has no part.
        """
        if not self._is_over or not self.files:
            raise _broken()
        return self.files

    def close(self) -> None:
        """Have the part on the disk, and close it."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()

    def _begin(self) -> None:
        if len(self.files) >= self._limits.session_files:
            raise TooLargeError(
                f"A request has at most {self._limits.session_files} files."
            )
        place = self._folder / f"{len(self.files)}.dcm"
        self._stream = place.open("xb")
        self._sizes[0] = 0
        self.files.append(place)

    def _note(self, which: int, text: bytes) -> None:
        self._header[which] += text

    def _check_header(self) -> None:
        (name, value), self._header = self._header, [b"", b""]
        if name.lower() != b"content-type":
            return
        kind, _ = parse_options_header(value)
        if kind.lower() != DICOM.encode():
            raise MediaTypeError(f"Every part must be {DICOM}.")

    def _write(self, data: bytes) -> None:
        self._sizes[0] += len(data)
        if self._sizes[0] > self._limits.file_bytes:
            raise TooLargeError(
                f"A file has at most {self._limits.file_bytes // 2**20} MiB."
            )
        if self._stream is None:
            raise _broken()
        self._stream.write(data)

    def _end(self) -> None:
        self._is_over = True


def _broken() -> InvalidError:
    return InvalidError(
        "The body is not whole: parts between boundaries, and a last boundary."
    )
