"""Tests of sending by STOW-RS: every answer of a service is read, and none is taken for a yes."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.io.pacs import check_address, store_files


def item(uid, **codes):
    tags = {"failure": "00081197", "warning": "00081196"}
    return {"00081155": {"vr": "UI", "Value": [uid]}} | {
        tags[name]: {"vr": "US", "Value": [code]} for name, code in codes.items()
    }


def listing(*, failed=(), stored=()):
    return {
        "00081198": {"vr": "SQ", "Value": list(failed)},
        "00081199": {"vr": "SQ", "Value": list(stored)},
    }


@pytest.fixture
def service():
    """Return a service that gives the answers put into its list, and keeps what it got."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((self.path, dict(self.headers), content))
            status, answer = self.server.answers.pop(0)
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_header("Content-Type", "application/dicom+json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.got, server.answers = [], []
        server.url = f"http://127.0.0.1:{server.server_port}/dicom-web/"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def files(tmp_path):
    """Return two files named by their UIDs."""
    found = [tmp_path / "2.25.1.dcm", tmp_path / "2.25.2.dcm"]
    for path in found:
        path.write_bytes(b"content of " + path.stem.encode())
    return found


def test_an_object_arrives_whole_as_one_part(service, files):
    """The message is multipart/related, and an empty list of failures is no failure."""
    service.answers = [
        (200, listing(stored=[item("2.25.1")])),
        (200, listing(stored=[item("2.25.2", warning=0xB000)])),
    ]

    receipt = store_files(service.url, files)

    assert receipt.instances == ("2.25.1", "2.25.2")
    assert receipt.warnings == (
        "2.25.2: stored with changes: values were coerced (0xB000)",
    )
    path, headers, content = service.got[0]
    assert path == "/dicom-web/studies"
    assert 'type="application/dicom"' in headers["Content-Type"]
    boundary = headers["Content-Type"].split("boundary=")[1].encode()
    assert content == (
        b"--" + boundary + b"\r\nContent-Type: application/dicom\r\n\r\n"
        b"content of 2.25.1\r\n--" + boundary + b"--\r\n"
    )


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (409, listing(failed=[item("2.25.2", failure=0x0122)]), "kind of object"),
        (202, listing(failed=[item("2.25.2", failure=0xA7FF)]), "out of resources"),
        (200, listing(failed=[item("2.25.2")]), "no reason given"),
        (200, listing(stored=[item("2.25.9")]), "does not name it"),
        (200, b"<html>", "cannot be read"),
        (401, b"", "HTTP status 401"),
        (302, b"", "HTTP status 302"),
    ],
)
def test_a_refused_object_is_named_with_the_reason(
    service, files, *, status, answer, reason
):
    """Anything but a clear yes is an error that says which object and why."""
    service.answers = [(200, listing(stored=[item("2.25.1")])), (status, answer)]

    with pytest.raises(DataError, match=reason) as caught:
        store_files(service.url, files)

    assert "refused 1 of 2 objects: 2.25.2: " in str(caught.value)
    assert len(service.got) == 2


def test_a_service_that_is_not_there_is_one_clear_error(files):
    """The message says what to check, and how many objects are stored."""
    with pytest.raises(DataError, match="0 of 2 objects are stored"):
        store_files("http://127.0.0.1:9/dicom-web", files)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("pacs.example", "base address"),
        ("ftp://pacs.example/x", "base address"),
        ("http://[", "base address"),
        ("", "base address"),
        ("https://me:secret@pacs.example/dicom-web", "netrc"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_before_anything_runs(url, message):
    """A password on the command line is visible to others; it is not repeated either."""
    with pytest.raises(ConfigError, match=message) as caught:
        check_address(url)

    assert "secret" not in str(caught.value)
