"""Tests of the sandbox: whatever happens in the child, the parent has one clear error."""

from __future__ import annotations

import operator
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.images import read_image
from tumorscope.io.sandbox import Sandbox, SandboxLimits

SMALL = SandboxLimits(wall_s=0.5, processor_s=5, answer_bytes=10_000)


@pytest.fixture(scope="module")
def sandbox():
    """Return a sandbox with tight limits."""
    with Sandbox(SMALL) as made:
        yield made


def test_a_call_answers_with_plain_values(sandbox):
    """Numbers, texts, bytes and mappings come back as they are; a tuple as a list."""
    value = {"a": [1, 2.5, None, True, "é\ud800"], "b": b"\x00\xff", "c": (1, (2,))}

    answer = sandbox.call(operator.getitem, [value], 0)

    assert answer == value | {"c": [1, [2]]}


def test_arrays_come_back_with_shape_and_dtype(sandbox):
    """Pixels keep every value, and cannot be written to."""
    pixels = np.arange(24, dtype=">i2").reshape(2, 3, 4)

    answer = sandbox.call(operator.getitem, [pixels], 0)

    np.testing.assert_array_equal(answer, pixels)
    assert answer.dtype == pixels.dtype
    assert not answer.flags.writeable


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        (os.abort, (), "crashed the reader .SIGABRT."),
        (os._exit, (7,), "ended the reader .exit status 7."),
        (time.sleep, (60,), "took longer than 0.5 s"),
        (np.zeros, ((100_000, 100_000),), "more memory than a file may use"),
        (np.zeros, ((2_000,),), "more than 0 MiB"),
        (operator.truediv, (1, 0), "cannot be parsed or decoded .ZeroDivisionError."),
        (object, (), "the answer cannot be sent"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_end_is_one_error_with_its_reason(sandbox, function, arguments, reason):
    """Death, delay, memory and foreign answers: one kind of error, and life goes on."""
    with pytest.raises(UnreadableScanError, match=reason):
        sandbox.call(function, *arguments)

    assert sandbox.call(operator.add, 1, 2) == 3


def test_a_reason_never_repeats_what_a_library_said(sandbox):
    """Libraries quote the value that they could not parse: it may be a name."""
    with pytest.raises(UnreadableScanError) as caught:
        sandbox.call(int, "Doe^Jane")

    assert "Doe" not in str(caught.value)
    assert "ValueError" in str(caught.value)


def test_our_own_reasons_are_passed_on(sandbox, tmp_path):
    """What Tumorscope found out about a file reaches the user in words."""
    (tmp_path / "scan.png").write_bytes(b"")

    with pytest.raises(UnreadableScanError, match=r"scan\.png: empty"):
        sandbox.call(read_image, tmp_path / "scan.png")


def test_the_child_cannot_write_files(sandbox, tmp_path):
    """A decoder that was taken over leaves nothing on the disk."""
    with pytest.raises(UnreadableScanError):
        sandbox.call(np.save, str(tmp_path / "left.npy"), np.arange(10))

    assert not (tmp_path / "left.npy").exists() or not (
        (tmp_path / "left.npy").stat().st_size
    )


def test_secrets_of_the_environment_stay_with_the_parent(sandbox, monkeypatch):
    """The child that reads foreign files has no key to steal."""
    monkeypatch.setenv("TUMORSCOPE_VAULT_KEY", "secret")
    with Sandbox(SMALL) as own:
        assert own.call(os.getenv, "TUMORSCOPE_VAULT_KEY") is None


def test_a_child_is_kept_and_replaced_when_it_is_due():
    """Small files share a child; after a number of calls a fresh one takes over."""
    with Sandbox(SandboxLimits(calls_per_child=2)) as own:
        ids = [own.call(os.getpid) for _ in range(4)]

    assert ids[0] == ids[1] != ids[2] == ids[3]
    assert os.getpid() not in ids


def test_threads_do_not_wait_for_each_other():
    """Two threads have two children at work at once."""
    with Sandbox(SandboxLimits(wall_s=20)) as own, ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: own.call(time.sleep, 0.2), range(2)))
        start = time.monotonic()
        list(pool.map(lambda _: own.call(time.sleep, 0.5), range(2)))
        elapsed_s = time.monotonic() - start

    assert elapsed_s < 0.95


def test_map_keeps_the_order_and_goes_on_after_a_failure(sandbox):
    """A bad file among good ones is an error in its place."""
    found = list(sandbox.map(operator.floordiv, [(6, 3), (1, 0), (9, 3)], workers=2))

    assert found[::2] == [2, 3]
    assert isinstance(found[1], UnreadableScanError)


def test_more_than_300_small_calls_a_second(sandbox):
    """The sandbox itself costs about a millisecond for each file at most."""
    sandbox.call(operator.add, 1, 2)
    start = time.process_time()
    for number in range(300):
        sandbox.call(operator.add, number, 1)

    assert time.process_time() - start < 1


def test_no_child_outlives_its_sandbox():
    """Closing ends every child."""
    with Sandbox() as own:
        child = own.call(os.getpid)

    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_function_without_a_name_is_refused(sandbox):
    """A lambda cannot be found by the child; that is a mistake of the program."""
    with pytest.raises(ValueError, match="cannot be found by its name"):
        sandbox.call(lambda: 1)
