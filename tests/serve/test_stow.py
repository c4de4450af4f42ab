"""STOW-RS into the service: a real DICOMweb client, and senders that do it wrong."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest

from tumorscope.domain.volume import volume_from_affine
from tumorscope.serve.hand_in import Intake
from tumorscope.serve.settings import UploadLimits
from tumorscope.serve.storage import Storage
from tumorscope.serve.stow import StowStudies

AFFINE = np.array([[0, 0, 2.0, -60], [0, 2.0, 0, -60], [5.0, 0, 0, 5], [0, 0, 0, 1]])
ROUTE = "/api/v1/dicom-web/studies"
DICOM = "application/dicom"


@pytest.fixture
def series(scan_makers):
    """Return the files of a series of one patient."""
    head = volume_from_affine(scan_makers.make_head((6, 48, 48)), AFFINE)
    return scan_makers.make_series(head, "flair", PatientID="STOW-1")


@pytest.fixture
def service(start):
    """Return a service whose received studies count as complete at once."""
    return start(uploads=UploadLimits(quiet_s=0.001))


def octets(data_set):
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, data_set, enforce_file_format=True)
    return stream.getvalue()


def body_of(parts, *, kind=DICOM, end=b"--"):
    blocks = [
        b"--edge\r\nContent-Type: %s\r\n\r\n%s\r\n" % (kind.encode(), one)
        for one in parts
    ]
    return b"".join(blocks) + b"--edge" + end + b"\r\n"


def send(service, body, *, route=ROUTE, **headers):
    kind = f'multipart/related; type="{DICOM}"; boundary=edge'
    given = {"Content-Type": kind, "Accept": "application/dicom+json"} | headers
    return service.client.post(route, content=body, headers=given)


def hand_in(service):
    """Do once what the service does again and again."""
    intake = Intake(
        database=service.database,
        storage=Storage(service.settings.data),
        queue=service.queue,
        model_id="model",
        account_id="local",
        keeps_identity=False,
    )
    safety = service.client.app.state.safety
    StowStudies(intake=intake, safety=safety, quiet_s=-1).work()


def kept_files(service):
    return list((service.settings.data / "stow").rglob("*.dcm"))


def test_a_series_that_came_in_two_requests_is_one_study(service, series):
    """An archive sends a study in portions; it is screened when no more come."""
    first = send(service, body_of([octets(one) for one in series[:3]]))
    second = send(service, body_of([octets(one) for one in series[3:]]))
    hand_in(service)
    service.screen()

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.headers["content-type"] == "application/dicom+json"
    stored = first.json()["00081199"]["Value"]
    assert [one["00081155"]["Value"] for one in stored] == [
        [str(one.SOPInstanceUID)] for one in series[:3]
    ]
    studies = service.client.get("/api/v1/studies").json()["items"]
    assert [one["state"] for one in studies] == ["done"]
    assert service.study(studies[0]["id"])["series"][0]["slices"] == len(series)
    assert kept_files(service) == []


def test_what_is_sent_again_changes_nothing(service, series):
    """An instance is known by its own identifier."""
    for _ in range(2):
        send(service, body_of([octets(series[0])]))

    assert len(kept_files(service)) == 1


def test_what_is_not_kept_is_named_with_a_reason(service, series):
    """The rest of the request is kept; without a rest the answer is 409."""
    series[1].SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"  # CT
    series[2].StudyInstanceUID = "1.2.3"
    files = [octets(one) for one in series[:3]]
    route = f"{ROUTE}/{series[0].StudyInstanceUID}"

    some = send(service, body_of([*files, b"no DICOM"]), route=route)
    none = send(service, body_of(files[1:]), route=route)

    failed = some.json()["00081198"]["Value"]
    assert some.status_code == 202
    assert [one["00081197"]["Value"] for one in failed] == [
        [0x0122],
        [0xA900],
        [0xC000],
    ]
    assert "Value" not in failed[2]["00081155"]
    assert none.status_code == 409
    assert len(kept_files(service)) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 422),
        (b"no boundary at all", {}, 422),
        (body_of([b"cut"], end=b""), {}, 422),
        (body_of([b"cut"])[:-30], {}, 422),
        (body_of([]), {}, 422),
        (body_of([b"{}"], kind="application/dicom+json"), {}, 415),
        (b"{}", {"Content-Type": "application/dicom+json"}, 415),
        (b"", {"Content-Type": 'multipart/related; type="application/dicom"'}, 415),
        (b"", {"Content-Type": f"multipart/related; boundary={'b' * 71}"}, 415),
        (b"", {"Content-Type": "multipart/form-data; boundary=edge"}, 415),
        (b"", {"Accept": "text/html"}, 406),
        (body_of([b"x" * 5000]), {}, 413),
        (body_of([b"x" * 3000] * 4), {}, 413),
        (body_of([b"x"] * 6), {}, 413),
        (b"--edge\r\n" + b"A: b\r\n" * 1_000, {}, 422),
        (b"--edge\r\nContent-Type: " + b"a" * 9_000, {}, 422),
    ],
)
def test_a_wrong_request_is_refused_and_leaves_nothing(start, body, headers, status):
    """Too much, cut, of another kind: one clear refusal, and no file on the disk."""
    limits = UploadLimits(file_bytes=4_000, session_bytes=10_000, session_files=5)
    service = start(uploads=limits)

    answer = send(service, body, **headers)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [
        one for one in (service.settings.data / "stow").rglob("*") if one.is_file()
    ] == []


@pytest.mark.parametrize("uid", ["..%2F..%2Fetc", "1.2.x", "a", "1" * 65, "1..2"])
def test_a_study_that_no_identifier_can_name_is_refused(service, uid):
    """The name of a study never becomes a path."""
    assert send(service, body_of([b"x"]), route=f"{ROUTE}/{uid}").status_code in (
        404,
        422,
    )


def test_identifiers_go_on_arrival_as_with_an_upload(start, series):
    """Nothing of the patient is left in the data folder when the study is done."""
    service = start(deidentify=True, uploads=UploadLimits(quiet_s=0.001))

    send(service, body_of([octets(one) for one in series]))
    hand_in(service)
    service.screen()

    states = [
        one["state"] for one in service.client.get("/api/v1/studies").json()["items"]
    ]
    assert states == ["done"]
    names = (b"STOW-1", str(series[0].StudyInstanceUID).encode())
    held = [
        path
        for path in service.settings.data.rglob("*")
        if path.is_file() and any(name in path.read_bytes() for name in names)
    ]
    assert held == []


def test_a_batch_whose_process_was_killed_is_handed_in_once(service, series):
    """Killed behind the row and before the folder went, the next look repeats nothing."""
    send(service, body_of([octets(one) for one in series]))
    room = next((service.settings.data / "stow").glob("of-*"))
    waiting = next((room / "waiting").iterdir())
    batch = room / "ready" / "11111111-1111-4111-8111-111111111111"
    batch.parent.mkdir()
    waiting.replace(batch)
    copy = {path.name: path.read_bytes() for path in batch.iterdir()}

    hand_in(service)
    batch.mkdir()
    for name, content in copy.items():
        (batch / name).write_bytes(content)
    hand_in(service)

    assert len(service.client.get("/api/v1/studies").json()["items"]) == 1
    assert kept_files(service) == []
