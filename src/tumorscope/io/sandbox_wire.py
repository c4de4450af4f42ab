"""How a sandboxed child answers: JSON and raw bytes, never a pickle.

A child that parsed a hostile file may have been taken over. Its answer is therefore plain
data that cannot run anything: a JSON tree, and the bytes of arrays behind it.

    8 bytes   length of the JSON, big endian
    JSON      {"value": tree, "buffers": [length, ...]}
    bytes     the buffers, one after the other

In the tree a list is `["l", [...]]`, a mapping `["d", {...}]`, an array
`["a", buffer, dtype, shape]`, bytes are `["b", buffer]`; anything else stands for itself.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

PREFIX = struct.Struct(">Q")
MAX_HEAD_BYTES = 32 * 2**20
"""JSON of one answer; the header of a file with thousands of frames has a few MiB."""
_ARRAY_KINDS = "biuf"
_MAX_DIMENSIONS = 5


class WireError(ValueError):
    """An answer that does not follow the format."""


def encode(value: Any) -> list[bytes]:
    """Return the parts of an answer, to be sent one after the other.

    Args:
        value: None, bool, int, float, str, bytes, arrays of numbers, and lists, tuples
            and mappings with text keys of these. A tuple arrives as a list.

    Returns:
        Prefix, JSON, and each buffer.

    Raises:
        WireError: If the value holds anything else.
    """
    buffers: list[bytes] = []
    tree = _to_tree(value, buffers)
    lengths = [len(buffer) for buffer in buffers]
    head = json.dumps({"value": tree, "buffers": lengths}).encode()
    return [PREFIX.pack(len(head)), head, *buffers]


def read_head(head: bytes) -> tuple[Any, list[int]]:
    """Return the tree of an answer and the lengths of its buffers.

    Raises:
        WireError: If the JSON is damaged or nested beyond measure.
    """
    try:
        content = json.loads(head)
        tree, lengths = content["value"], content["buffers"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WireError("the answer has no readable head") from error
    if not isinstance(lengths, list) or not all(
        type(length) is int and length >= 0 for length in lengths
    ):
        raise WireError("the answer has wrong buffer lengths")
    return tree, lengths


def decode(tree: Any, buffers: Sequence[bytes]) -> Any:
    """Return the value of an answer.

    Args:
        tree: From `read_head`.
        buffers: The buffers behind it.

    Returns:
        The value. Arrays are read-only views of their buffers.

    Raises:
        WireError: If the tree does not follow the format, or an array does not fit its
            buffer.
    """
    try:
        return _from_tree(tree, buffers)
    except (
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        raise WireError("the answer does not follow the format") from error


def _to_tree(value: Any, buffers: list[bytes]) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes | np.ndarray):
        return _buffer_tree(value, buffers)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return ["d", {key: _to_tree(one, buffers) for key, one in value.items()}]
    if isinstance(value, list | tuple):
        return ["l", [_to_tree(one, buffers) for one in value]]
    raise WireError(f"a {type(value).__name__} cannot be sent")


def _buffer_tree(
    value: bytes | np.ndarray[Any, Any], buffers: list[bytes]
) -> list[Any]:
    if isinstance(value, bytes):
        buffers.append(value)
        return ["b", len(buffers) - 1]
    if value.dtype.kind not in _ARRAY_KINDS:
        raise WireError(f"an array of {value.dtype} cannot be sent")
    buffers.append(np.ascontiguousarray(value).tobytes())
    return ["a", len(buffers) - 1, value.dtype.str, list(value.shape)]


def _from_tree(tree: Any, buffers: Sequence[bytes]) -> Any:
    if not isinstance(tree, list):
        if isinstance(tree, dict):
            raise WireError("a bare mapping")
        return tree
    kind, *rest = tree
    if kind == "l":
        return [_from_tree(one, buffers) for one in rest[0]]
    if kind == "d":
        return {key: _from_tree(one, buffers) for key, one in rest[0].items()}
    if kind == "b":
        return buffers[rest[0]]
    if kind == "a":
        return _array(buffers[rest[0]], dtype=rest[1], shape=rest[2])
    raise WireError("an unknown kind of value")


def _array(buffer: bytes, *, dtype: str, shape: list[int]) -> np.ndarray[Any, Any]:
    number = np.dtype(str(dtype))
    fits = (
        number.kind in _ARRAY_KINDS
        and len(shape) <= _MAX_DIMENSIONS
        and all(type(length) is int and length >= 0 for length in shape)
        and math.prod(shape) * number.itemsize == len(buffer)
    )
    if not fits:
        raise WireError("an array that does not fit its buffer")
    return np.frombuffer(buffer, dtype=number).reshape(shape)
