"""Tests of sending by C-STORE: a clear yes for each object, or an error that names it."""

from __future__ import annotations

import numpy as np
import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import MRImageStorage

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.io.store_scu import StoreAddress, send_files


@pytest.fixture
def files(scan_makers, tmp_path):
    """Return two files of one made-up series."""
    found = []
    for number in (1, 2):
        data = scan_makers.make_file(
            np.zeros((8, 8), np.uint16), SOPInstanceUID=f"1.2.3.{number}"
        )
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(scan_makers.to_bytes(data))
        found.append(path)
    return found


@pytest.fixture
def listen():
    """Return a function that starts a PACS of one status; it gives address and list."""
    started = []

    def start(status, kind=MRImageStorage):
        held = []

        def keep(event):
            held.append(str(event.dataset.SOPInstanceUID))
            return status

        entity = AE(ae_title="ARCHIVE")
        entity.add_supported_context(kind)
        handlers = [(evt.EVT_C_STORE, keep)]
        server = entity.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=handlers
        )
        started.append(server)
        return f"ARCHIVE@127.0.0.1:{server.server_address[1]}", held

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def test_every_object_arrives(files, listen):
    """The receipt names them; on this machine there is nothing to warn of."""
    address, held = listen(0x0000)

    receipt = send_files(address, files)

    assert receipt.instances == ("1.2.3.1", "1.2.3.2") == tuple(held)
    assert receipt.warnings == ()


def test_a_change_is_a_warning(files, listen):
    """Coerced values are told, and the object counts as stored."""
    address, _ = listen(0xB000)

    receipt = send_files(address, files)

    assert len(receipt.instances) == 2
    assert "values were coerced" in receipt.warnings[0]


@pytest.mark.parametrize(
    ("status", "words"),
    [(0xA700, "out of resources"), (0xC001, "cannot be understood")],
)
def test_a_refusal_names_object_and_reason(files, listen, status, words):
    """All objects are tried."""
    address, held = listen(status)

    with pytest.raises(DataError, match=f"refused 2 of 2 objects: 1.2.3.1: {words}"):
        send_files(address, files)
    assert len(held) == 2


def test_an_unknown_kind_of_object_is_a_refusal(files, listen):
    """A PACS that takes other objects only accepts no context."""
    address, _ = listen(0x0000, kind="1.2.840.10008.5.1.4.1.1.2")

    with pytest.raises(DataError, match="nothing is stored"):
        send_files(address, files)


def test_nobody_there_is_an_error(files):
    """The message says what to check."""
    with pytest.raises(
        DataError, match=r"cannot be reached \(ConnectionRefusedError\), nothing is"
    ):
        send_files("ARCHIVE@127.0.0.1:9", files)


@pytest.mark.parametrize(
    "text",
    ["pacs:104", "A@host", "A@host:0", "A@host:70000", "A" * 17 + "@h:1", "A@b@c:1"],
)
def test_an_address_has_three_parts(text):
    """A mistake is told before anything is computed."""
    with pytest.raises(ConfigError, match="ARCHIVE@"):
        StoreAddress.from_text(text)


def test_an_address_is_read():
    """Names and both kinds of IP address."""
    found = StoreAddress.from_text("MY_PACS@[::1]:11112")

    assert (found.title, found.host, found.port) == ("MY_PACS", "::1", 11112)
    assert StoreAddress.from_text("A@pacs.example:104").host == "pacs.example"
