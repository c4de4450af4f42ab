"""The walk of the documentation, run as it stands, on a service of real processes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import requests
from dicomweb_client import DICOMwebClient

from tumorscope.client import Client, ServiceError
from tumorscope.domain.volume import volume_from_affine

PAGE = Path(__file__).parents[2] / "docs" / "serving.md"
AFFINE = np.array([[0, 0, 2.0, -60], [0, 2.0, 0, -60], [5.0, 0, 0, 5], [0, 0, 0, 1]])
STARTS_S = 90
READY = "/health/ready"


@pytest.fixture(scope="module")
def served(whole_bundle, tmp_path_factory):
    """Return the address of a service with one worker, and its parent process."""
    folder = tmp_path_factory.mktemp("served")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    (folder / "service.toml").write_text("[uploads]\nquiet_s = 0.5\n")
    log = (folder / "log").open("wb")
    command = [sys.executable, "-P", "-m", "tumorscope", "serve"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [
            *command,
            str(whole_bundle),
            *("--data", str(folder / "data"), "--port", str(port), "--engine", "torch"),
            *("--config", str(folder / "service.toml")),
        ],
        stderr=log,
        stdout=log,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process)
        yield url, process, folder
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        log.close()


def _wait(url, process):
    ends = time.monotonic() + STARTS_S
    while time.monotonic() < ends and process.poll() is None:
        try:
            if requests.get(url + READY, timeout=5).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    pytest.fail("the service did not start")


@pytest.fixture
def study(tmp_path, pictures):
    """Return a folder with a study."""
    folder = tmp_path / "study"
    folder.mkdir()
    for name, content in pictures.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.slow
def test_the_walk_of_the_page_runs_as_it_stands(served, study, tmp_path):
    """Every command ends well, and a report is there at the end."""
    if not (shutil.which("curl") and shutil.which("jq") and shutil.which("bash")):
        pytest.skip("needs bash, curl and jq")
    lines = re.search(r"<!-- walk.*?```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)

    done = subprocess.run(  # noqa: S603 - the page's own lines
        [shutil.which("bash"), "-euo", "pipefail", "-c", lines.group(1)],
        env={**os.environ, "SERVICE": served[0], "STUDY": str(study)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert '"state": ' in done.stdout
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_the_client_hands_in_waits_and_reads(served, study):
    """Values have types, arrays have the stated shape, and refusals have codes."""
    with Client(served[0]) as client:
        found = client.screen([study], title="Client", timeout_s=120)

        assert found.state in {"done", "not_assessed"}
        assert client.pixels(found, 0).shape == found.series[0].shape
        assert client.report(found.id, paper="letter").startswith(b"%PDF")
        assert found.id in [one.id for one in client.studies()]
        with pytest.raises(ServiceError) as caught:
            client.study("absent")
        assert (caught.value.status, caught.value.code) == (404, "not_found")


@pytest.mark.slow
def test_a_dicomweb_client_stores_a_study_that_is_screened(served, scan_makers):
    """What other programs use for STOW-RS works as it is, and its study appears."""
    head = volume_from_affine(scan_makers.make_head((6, 48, 48)), AFFINE)
    series = scan_makers.make_series(head, "flair")
    for one in series:
        one.preamble = bytes(128)
    store = DICOMwebClient(url=f"{served[0]}/api/v1/dicom-web")

    answer = store.store_instances(series)

    assert len(answer.ReferencedSOPSequence) == len(series)
    with Client(served[0]) as client:
        ends = time.monotonic() + 120
        found = []
        while not found and time.monotonic() < ends:
            time.sleep(0.5)
            found = [one for one in client.studies() if one.title == "Received study"]
        assert client.wait(found[0].id, timeout_s=120).state in {"done", "not_assessed"}


@pytest.mark.slow
def test_a_killed_worker_and_a_killed_api_are_replaced(served, study):
    """The service goes on, and a study handed in between is screened."""
    url, parent, _ = served
    children = psutil.Process(parent.pid).children()
    assert len(children) == 2
    for child in children:
        child.kill()

    with Client(url) as client:
        found = client.screen([study], timeout_s=150)

    assert found.state in {"done", "not_assessed"}


@pytest.mark.slow
def test_logs_hold_no_name_of_a_file_or_study(served, study):
    """What a sender wrote is nowhere in the log."""
    marked = study / "SECRETNAME.png"
    marked.write_bytes((study / "slice_0.png").read_bytes())
    with Client(served[0]) as client:
        client.screen([marked], title="SECRETTITLE", timeout_s=150)

    assert b"SECRET" not in (served[2] / "log").read_bytes()
