"""Tests of the DICOM node: what came in is kept, screened and answered into its own study."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pynetdicom
import pytest
from pydicom.uid import MRImageStorage

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.volume import volume_from_affine
from tumorscope.serve.dicom_node import ACCOUNT, VERIFICATION, DicomNode
from tumorscope.serve.hand_in import Intake
from tumorscope.serve.node_settings import NodeSettings, Peer
from tumorscope.serve.result_files import ResultFiles
from tumorscope.serve.storage import Storage
from tumorscope.workflows.received_files import ReceivedFiles

AFFINE = np.array([[0, 0, 2.0, -60], [0, 2.0, 0, -60], [5.0, 0, 0, 5], [0, 0, 0, 1]])
CONVERSATION = Path(__file__).parents[1] / "pacs" / "node_conversation.py"
IN_NAMESPACE = 'ip link set lo up && exec "$@"'


@pytest.fixture
def series(scan_makers):
    """Return the files of a series of one patient."""
    head = volume_from_affine(scan_makers.make_head((6, 48, 48)), AFFINE)
    return scan_makers.make_series(head, "flair", PatientID="NODE-1")


@pytest.fixture
def answers():
    """Return a node that takes results, and what it was sent."""
    found = []

    def keep(event):
        found.append(event.dataset)
        return 0

    entity = pynetdicom.AE(ae_title="ARCHIVE")
    entity.supported_contexts = pynetdicom.StoragePresentationContexts[:120]
    for uid in (
        "1.2.840.10008.5.1.4.1.1.88.34",
        "1.2.840.10008.5.1.4.1.1.30",
        "1.2.840.10008.5.1.4.1.1.7",
    ):
        entity.add_supported_context(uid)
    handlers = [(pynetdicom.evt.EVT_C_STORE, keep)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    yield server.socket.getsockname()[1], found
    server.shutdown()


@pytest.fixture
def make_node(service):
    """Return a maker of nodes over the queue of a service."""
    nodes = []
    storage = Storage(service.settings.data)

    def make(**settings):
        intake = Intake(
            database=service.database,
            storage=storage,
            queue=service.queue,
            model_id="model",
            account_id=ACCOUNT,
            keeps_identity=True,
        )
        received = ReceivedFiles()
        node = DicomNode(
            settings=NodeSettings(port=0, quiet_s=0.05, **settings),
            intake=intake,
            results=ResultFiles(storage),
            received=received,
        )
        node.start()
        nodes.append((node, received))
        return node

    yield make
    for node, received in nodes:
        node.stop()
        received.close()


def send(port, files, title="SCANNER", called="TUMORSCOPE"):
    """Send files by C-STORE; return the statuses, the echo's first."""
    entity = pynetdicom.AE(ae_title=title)
    entity.add_requested_context(VERIFICATION)
    entity.add_requested_context(MRImageStorage)
    association = entity.associate("127.0.0.1", port, ae_title=called)
    if not association.is_established:
        return None
    statuses = [association.send_c_echo().Status]
    statuses += [association.send_c_store(one).Status for one in files]
    association.release()
    return statuses


def test_a_study_is_received_screened_and_answered(service, make_node, answers, series):
    """Report, map and pictures go to the destination, in the patient's own study, once."""
    port, found = answers
    node = make_node(destination=Peer(ae_title="ARCHIVE", host="127.0.0.1", port=port))

    assert set(send(node.port, series)) == {0}
    time.sleep(0.1)
    node.work()
    service.screen()
    node.work()
    sent = len(found)
    node.work()

    assert sent == len(found) >= 3
    assert {str(one.StudyInstanceUID) for one in found} == {series[0].StudyInstanceUID}
    assert {str(one.PatientID) for one in found} == {"NODE-1"}
    studies = service.client.get("/api/v1/studies").json()["items"]
    assert [one["state"] for one in studies] == ["done"]
    assert list(node.incoming.rglob("*.dcm")) == []


def test_what_cannot_be_read_is_refused_and_not_kept(make_node, series):
    """The sender hears of it; the rest of the study is kept."""
    node = make_node()
    del series[0].StudyInstanceUID

    assert send(node.port, series[:2]) == [0, 0xC000, 0]

    assert len(list(node.incoming.rglob("*.dcm"))) == 1


def test_who_calls_another_title_or_is_not_named_is_refused(make_node, series):
    """Titles are no proof of identity, but a wrong one is a mistake."""
    node = make_node(callers=("SCANNER",))

    assert send(node.port, [], title="OTHER") is None
    assert send(node.port, [], called="OTHERNODE") is None
    assert send(node.port, []) == [0]


def test_files_that_waited_at_a_restart_are_handed_in(service, make_node, series):
    """What was acknowledged is not lost."""
    first = make_node()
    send(first.port, series)
    first.stop()

    again = make_node()
    time.sleep(0.1)
    again.work()

    assert len(service.client.get("/api/v1/studies").json()["items"]) == 1


def test_a_node_that_others_reach_names_its_callers():
    """DICOM has no passwords."""
    with pytest.raises(ConfigError, match="--caller"):
        NodeSettings(host="0.0.0.0")  # noqa: S104 - refused
    with pytest.raises(ConfigError, match="TITLE@HOST:PORT"):
        Peer.parse("no address")


@pytest.mark.exhaustive
@pytest.mark.debian("orthanc")
@pytest.mark.debian("iproute2")
def test_orthanc_sends_a_study_and_gets_results(
    whole_bundle, series, scan_makers, tmp_path
):
    """A real PACS: echo, store, and a report beside the scans in the same study."""
    unshare = shutil.which("unshare")
    has_all = Path("/usr/sbin/Orthanc").is_file() and unshare and shutil.which("ip")
    tried = has_all and subprocess.run(  # noqa: S603 - a known program
        [unshare, "-n", "true"], capture_output=True, check=False
    )
    if not has_all or tried.returncode != 0:
        if os.environ.get("CI") == "true":
            pytest.fail("in CI nothing may be left out: no Orthanc or no namespace")
        pytest.skip("no Orthanc, or no network namespace: run as root")
    source = tmp_path / "source"
    source.mkdir()
    for number, one in enumerate(series):
        (source / f"{number}.dcm").write_bytes(scan_makers.to_bytes(one))
    arguments = [str(tmp_path), str(whole_bundle), str(source)]

    done = subprocess.run(  # noqa: S603 - our own script
        [
            *(unshare, "-n", "sh", "-c", IN_NAMESPACE, "sh"),
            *(sys.executable, str(CONVERSATION), *arguments),
        ],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )

    log = (tmp_path / "node.log").read_text() if done.returncode else ""
    assert done.returncode == 0, done.stderr[-2000:] + log[-2000:]
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["before"] == {"MR": 6}
    assert found["after"]["MR"] == 6
    assert found["after"]["SR"] == 1
    assert len(found["after"]) >= 3
    assert (found["studies"], found["patients"]) == (1, ["NODE-1"])
