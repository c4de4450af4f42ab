"""Tests of the answers of a sandboxed child: plain data, checked before use."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tumorscope.io.sandbox_wire import PREFIX, WireError, decode, encode, read_head


def round_trip(value):
    """Encode and decode a value as parent and child do."""
    prefix, head, *buffers = encode(value)
    assert PREFIX.unpack(prefix)[0] == len(head)
    tree, lengths = read_head(head)
    assert lengths == [len(buffer) for buffer in buffers]
    return decode(tree, buffers)


@pytest.mark.parametrize(
    "value", [None, True, -3, 2.5, "text", b"bytes", [], {}, {"l": ["a", {"d": b""}]}]
)
def test_plain_values_survive(value):
    """Words that the format uses itself are no trap."""
    assert round_trip(value) == value


def test_an_empty_array_survives():
    """A file without frames has an array without rows."""
    assert round_trip(np.zeros((0, 4), np.uint8)).shape == (0, 4)


@pytest.mark.parametrize("value", [object(), {1: 2}, np.array(["text"]), {1, 2}])
def test_other_values_are_refused(value):
    """Nothing is sent that the other side would have to interpret."""
    with pytest.raises(WireError):
        encode(value)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"{}",
        b"[" * 100_000,
        b'{"value": 1, "buffers": [-1]}',
        b'{"value": 1, "buffers": [true]}',
        b'{"value": 1, "buffers": 3}',
    ],
)
def test_a_damaged_head_is_refused(head):
    """A child that was taken over can send anything."""
    with pytest.raises(WireError):
        read_head(head)


@pytest.mark.parametrize(
    "tree",
    [
        {"a": 1},
        [],
        ["z", 1],
        ["b", 7],
        ["b", "0"],
        ["l", 3],
        ["d", []],
        ["a", 0, "<i4", [2]],
        ["a", 0, "O", [1]],
        ["a", 0, "|V4", [1]],
        ["a", 0, "nonsense", [4]],
        ["a", 0, "<i4", [-1, -1]],
        ["a", 0, "u1", [1] * 40],
    ],
    ids=json.dumps,
)
def test_a_tree_that_lies_is_refused(tree):
    """Arrays must fit their bytes, and objects are never made."""
    with pytest.raises(WireError):
        decode(tree, [b"1234"])
