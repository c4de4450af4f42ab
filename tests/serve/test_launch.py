"""Tests of the process tree: what starts again at once, and what waits."""

from __future__ import annotations

import signal
import time

import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.launch import Supervisor, _Child, address_of, open_port
from tumorscope.serve.settings_file import read_service_settings


class Queue:
    """Remembers whose jobs were put back."""

    def __init__(self):
        self.buried = []

    def bury(self, worker, *, crashed):
        self.buried.append((worker, crashed))


def bury(settings, status, times=1):
    queue = Queue()
    supervisor = Supervisor(settings=settings, database=None, queue=queue)
    child = _Child(module="tumorscope.serve.worker", name="w")
    now = time.monotonic()
    for _ in range(times):
        child.began = now
        supervisor._bury(child, status, now)
    return child.starts_at - now, queue.buried


def test_a_worker_that_was_killed_starts_again_at_once(make_settings):
    """However often: the next kill has nothing to do with the last."""
    pause_s, buried = bury(make_settings(), -signal.SIGKILL, times=20)

    assert pause_s <= 0.1
    assert buried[0] == ("w", False)


def test_a_worker_that_ends_by_itself_waits_longer_each_time(make_settings):
    """A broken set-up does not fill the log, and its pause has an end."""
    assert bury(make_settings(), 1, times=3)[0] > bury(make_settings(), 1)[0]
    assert bury(make_settings(), 1, times=50)[0] == 30.0


def test_a_worker_that_crashed_blames_what_it_read(make_settings):
    """Its content is counted towards the quarantine."""
    assert bury(make_settings(), -signal.SIGSEGV)[1] == [("w", True)]


def test_a_worker_that_is_due_is_replaced_without_a_word(make_settings):
    """A normal end is no death: nothing is put back or counted."""
    assert bury(make_settings(), 0) == (0.0, [])


def test_a_port_that_is_taken_is_told(make_settings):
    """The message says what to choose."""
    with (
        open_port("127.0.0.1", 0) as taken,
        pytest.raises(ConfigError, match="choose another port"),
    ):
        open_port("127.0.0.1", taken.getsockname()[1])


def test_the_address_is_one_that_a_browser_takes(make_settings):
    """An IPv6 address stands in brackets."""
    assert address_of(make_settings(host="::1", port=80)) == "http://[::1]:80/"


def test_settings_that_cannot_be_used_are_named_without_their_values(tmp_path):
    """A URL of a database may hold a password."""
    file = tmp_path / "service.toml"
    file.write_text('[uploads]\nfile_bytes = "secret"\ndatabase_url = "x"\n')

    with pytest.raises(ConfigError, match=r"uploads\.file_bytes") as caught:
        read_service_settings(file, {"data": tmp_path, "bundles": [tmp_path]})

    assert "secret" not in str(caught.value)
