"""Tests of the way of a study through the API: handed in, screened, read, reported."""

from __future__ import annotations

import gzip
import zipfile
from io import BytesIO

import numpy as np
import pytest

from tumorscope.domain.volume import volume_from_affine
from tumorscope.io.images import encode_png
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.settings import QueueLimits, UploadLimits

AFFINE = np.array([[0, 0, 2.0, -60], [0, 2.0, 0, -60], [5.0, 0, 0, 5], [0, 0, 0, 1]])
PROBLEM = "application/problem+json"


def dicom_files(scan_makers, **values):
    head = volume_from_affine(scan_makers.make_head((6, 48, 48)), AFFINE)
    series = scan_makers.make_series(head, "flair", **values)
    return {
        f"flair/{number:03d}.dcm": scan_makers.to_bytes(one)
        for number, one in enumerate(series)
    }


def zipped(files):
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_pictures_are_handed_in_screened_and_shown(service, pictures):
    """Each slice has a number inside [0, 1], and no side of the patient is claimed."""
    study = service.study(service.upload(pictures))

    assert study["state"] == "done"
    assert study["job"]["attempts"] == 1
    series = study["series"][0]
    assert series["edge_labels"] is None
    assert series["slices"] == len(series["slice_results"]) == 3
    values = [one["tumor_probability"] for one in series["slice_results"]]
    assert all(0 <= value <= 1 for value in values)
    assert study["highest_tumor_probability"] == max(values)


def test_arrays_have_the_shape_that_the_study_states(service, pictures):
    """Pixels are int16 and relevance uint8, slices by rows by columns."""
    study_id = service.upload(pictures)
    place = f"/api/v1/studies/{study_id}/series/0"

    pixels = service.client.get(f"{place}/pixels")
    relevance = service.client.get(f"{place}/relevance")

    assert pixels.headers["content-encoding"] == "gzip"
    assert len(pixels.content) == 3 * 64 * 64 * 2
    assert np.frombuffer(pixels.content, "<i2").max() == 219 * 257 >> 1
    assert len(relevance.content) == 3 * 64 * 64
    assert service.client.get(f"{place}/pixels?channel=2").status_code == 404


def test_a_dicom_study_has_sides_and_objects_for_a_pacs(service, scan_makers):
    """The patient's right is on the left of the picture; a report and a map are made."""
    study_id = service.upload(dicom_files(scan_makers))

    study = service.study(study_id)

    assert study["series"][0]["edge_labels"]["left"] == "R"
    listed = service.client.get(f"/api/v1/studies/{study_id}/results").json()
    assert len(listed) == study["dicom_results"] >= 3
    first = service.client.get(listed[0]["href"])
    assert first.content[128:132] == b"DICM"
    assert first.headers["content-type"] == "application/dicom"


@pytest.mark.parametrize("kind", ["dicom", "pictures"])
def test_a_zip_is_read_like_what_it_holds(service, scan_makers, pictures, kind):
    """An archive of a study or of pictures needs no unpacking by its sender."""
    files = pictures if kind == "pictures" else dicom_files(scan_makers)

    study = service.study(service.upload({"study.zip": zipped(files)}))

    assert study["state"] == "done"
    assert study["series"][0]["slices"] == len(files)


def test_what_names_a_patient_stays_out_of_the_answers(start, scan_makers):
    """Without identity the study is screened all the same, under a pseudonym."""
    service = start(deidentify=True)
    files = dicom_files(scan_makers, PatientName="Secret^Name", PatientID="SECRET-7")

    study_id = service.upload({f"SECRET/{name}": one for name, one in files.items()})

    assert service.study(study_id)["state"] == "done"
    assert (
        "SECRET" not in service.client.get(f"/api/v1/studies/{study_id}").text.upper()
    )
    folder = service.settings.data / "studies" / study_id
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if b"SECRET" in path.read_bytes().upper()]


def test_two_names_that_would_meet_are_kept_apart(service, pictures):
    """A name that leaves its folder is cut, and no file replaces another."""
    first, second, third = pictures.values()
    study = service.study(
        service.upload({"../../a.png": first, "a.png": second, "x/../a.png": third})
    )

    assert sum(one["slices"] for one in study["series"]) == 3


def test_a_repeat_with_the_same_key_is_the_same_upload_and_the_same_job(
    service, pictures
):
    """A sender that lost the answer asks again and changes nothing."""
    keyed = {"Idempotency-Key": "abc"}
    first = service.client.post("/api/v1/uploads", json={}, headers=keyed).json()
    again = service.client.post("/api/v1/uploads", json={}, headers=keyed).json()
    assert first["id"] == again["id"]
    place = f"/api/v1/uploads/{first['id']}"
    service.client.put(f"{place}/files/0?name=a.png", content=pictures["slice_0.png"])

    jobs = [service.client.post(f"{place}/complete", json={}) for _ in range(3)]

    assert len({one.json()["job_id"] for one in jobs}) == 1
    assert len(service.client.get("/api/v1/studies").json()["items"]) == 1


def test_the_same_number_again_replaces_the_file(service, pictures):
    """A file that was cut off is sent again under its number."""
    place = (
        "/api/v1/uploads/"
        + service.client.post("/api/v1/uploads", json={}).json()["id"]
    )
    service.client.put(f"{place}/files/0?name=a.png", content=b"cut off")

    service.client.put(f"{place}/files/0?name=a.png", content=pictures["slice_0.png"])

    received = service.client.get(place).json()["received"]
    assert [one["size_bytes"] for one in received] == [len(pictures["slice_0.png"])]
    study = place.rpartition("/")[2]
    assert (
        len(list((service.settings.data / "studies" / study / "source").iterdir())) == 1
    )


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.dcm", b"\0" * 128 + b"DICM" + b"garbage" * 9, "unreadable"),
        ("a.png", b"no picture", "unreadable"),
        ("a.zip", b"PK\x03\x04 no archive", "unreadable"),
        ("a.zip", zipped({"../../evil.dcm": b"x"}), "unsafe_archive"),
        ("a.png", encode_png(np.zeros((64, 64), np.uint8)), "no_signal"),
        ("a.txt", b"words", "unreadable"),
    ],
)
def test_what_cannot_be_read_fails_with_a_code_and_no_path(
    service, name, content, code
):
    """The reason is told, the server's folders are not, and nobody tries again."""
    study = service.study(service.upload({name: content}))

    assert study["state"] == "failed"
    assert study["error"]["code"] == code
    assert str(service.settings.data) not in study["error"]["detail"]
    assert study["job"]["attempts"] == 1


def test_a_slice_that_is_referred_has_no_number_anywhere(start, make_bundle, card):
    """Neither study, slice, map nor report shows one; the report is made all the same."""
    rule = card.referral.model_copy(
        update={"refer_when": "confidence", "confidence_cut": 1.0}
    )
    service = start(bundles=(make_bundle(card, "unsure", referral=rule),))
    study_id = service.upload({"a.png": encode_png(gray_head())})

    study = service.study(study_id)

    one = study["series"][0]["slice_results"][0]
    assert (study["decision"], one["decision"]) == ("refer", "refer")
    assert one["tumor_probability"] is one["interval"] is None
    assert study["highest_tumor_probability"] is study["series"][0]["highest"] is None
    assert study["series"][0]["overlay"] is None
    place = f"/api/v1/studies/{study_id}"
    relevance = service.client.get(f"{place}/series/0/relevance").content
    assert not any(relevance)
    assert service.client.get(f"{place}/report.pdf").content.startswith(b"%PDF")


def gray_head():
    rows, columns = np.mgrid[:64, :64] - 32
    inside = rows**2 + columns**2 < 26**2
    return np.where(inside, 60 + (rows + 32) * 2, 0).astype(np.uint8)


def test_a_full_queue_is_429_and_the_upload_can_be_completed_later(start, pictures):
    """The sender is told when to come back, and nothing that was sent is lost."""
    service = start(queue=QueueLimits(waiting_jobs=1))
    service.upload(pictures, screened=False)
    place = (
        "/api/v1/uploads/"
        + service.client.post("/api/v1/uploads", json={}).json()["id"]
    )
    service.client.put(f"{place}/files/0?name=a.png", content=pictures["slice_0.png"])

    refused = service.client.post(f"{place}/complete", json={})
    service.screen()
    accepted = service.client.post(f"{place}/complete", json={})

    assert (refused.status_code, accepted.status_code) == (429, 202)
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["content-type"] == PROBLEM
    assert refused.json()["code"] == "queue_full"


def test_limits_of_files_and_sessions_are_413(start):
    """By the stated length, by the real one, and over all files together."""
    service = start(
        uploads=UploadLimits(file_bytes=10, session_bytes=15, session_files=3)
    )
    place = (
        "/api/v1/uploads/"
        + service.client.post("/api/v1/uploads", json={}).json()["id"]
    )

    def put(number, content):
        return service.client.put(
            f"{place}/files/{number}", content=content
        ).status_code

    assert put(0, b"x" * 11) == 413
    assert put(0, iter([b"x" * 6, b"x" * 6])) == 413
    assert (put(0, b"x" * 10), put(1, b"x" * 10), put(3, b"x")) == (200, 413, 413)
    assert service.client.post(f"{place}/complete", json={}).status_code == 202


def test_an_empty_upload_cannot_be_completed(service):
    """There is nothing to screen."""
    upload = service.client.post("/api/v1/uploads", json={}).json()

    answer = service.client.post(f"/api/v1/uploads/{upload['id']}/complete", json={})

    assert (answer.status_code, answer.json()["code"]) == (409, "empty_upload")


def test_content_that_crashed_twice_is_not_taken_again(service, pictures):
    """The quarantine goes by content, whatever a new upload calls it."""
    first = service.upload({"a.png": pictures["slice_0.png"]}, screened=False)
    for _ in range(2):
        service.queue.claim("doomed")
        service.queue.bury("doomed", crashed=True)
    service.screen()
    assert service.study(first)["error"]["code"] == "quarantined"
    place = (
        "/api/v1/uploads/"
        + service.client.post("/api/v1/uploads", json={}).json()["id"]
    )
    service.client.put(f"{place}/files/0?name=b.png", content=pictures["slice_0.png"])

    answer = service.client.post(f"{place}/complete", json={})

    assert (answer.status_code, answer.json()["code"]) == (422, "quarantined")


def test_a_disk_that_is_full_is_507_and_leaves_nothing(service, pictures, monkeypatch):
    """What was there stays readable; the failed file is neither listed nor on the disk."""
    study_id = service.upload(pictures)
    place = (
        "/api/v1/uploads/"
        + service.client.post("/api/v1/uploads", json={}).json()["id"]
    )

    def full(_handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("tumorscope.serve.api.receiving.os.fsync", full)
        refused = service.client.put(f"{place}/files/0?name=a.png", content=b"x")

    assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
    assert service.client.get(place).json()["received"] == []
    folder = service.settings.data / "studies" / place.rpartition("/")[2] / "source"
    assert list(folder.iterdir()) == []
    assert service.study(study_id)["state"] == "done"


def test_the_work_list_is_cut_searched_and_filtered(service, pictures):
    """Newest first; a cursor goes on where the last part ended."""
    ids = [service.upload({"a.png": pictures["slice_0.png"]}) for _ in range(3)]
    service.upload({"a.txt": b"words"})

    first = service.client.get("/api/v1/studies?limit=2&state=done").json()
    rest = service.client.get(
        f"/api/v1/studies?limit=2&state=done&cursor={first['next_cursor']}"
    ).json()

    shown = [one["id"] for one in (*first["items"], *rest["items"])]
    assert shown == ids[::-1]
    assert rest["next_cursor"] is None
    assert len(service.client.get("/api/v1/studies?q=stud").json()["items"]) == 4
    assert service.client.get("/api/v1/studies?q=%25").json()["items"] == []
    assert service.client.get("/api/v1/studies?cursor=bad").status_code == 422


def test_a_waiting_job_is_canceled_at_once_and_never_runs(service, pictures):
    """The study says so, and a second cancel is refused."""
    study_id = service.upload(pictures, screened=False)
    job = service.study(study_id)["job"]["id"]

    assert service.client.post(f"/api/v1/jobs/{job}/cancel").status_code == 202
    service.screen()

    assert service.study(study_id)["error"]["code"] == "canceled"
    assert service.client.get(f"/api/v1/jobs/{job}").json()["state"] == "canceled"
    assert service.client.post(f"/api/v1/jobs/{job}/cancel").status_code == 409


def test_deleting_a_study_removes_rows_and_files(service, pictures):
    """Nothing is left below the data folder, and its address is gone."""
    study_id = service.upload(pictures)

    assert service.client.delete(f"/api/v1/studies/{study_id}").status_code == 204

    assert service.client.get(f"/api/v1/studies/{study_id}").status_code == 404
    assert list((service.settings.data / "studies").iterdir()) == []


def test_a_study_deleted_while_it_is_read_gets_no_result(service, pictures):
    """The worker finds its claim gone and leaves nothing."""
    study_id = service.upload(pictures, screened=False)
    claim = service.queue.claim("test")
    service.client.delete(f"/api/v1/studies/{study_id}")

    queue = JobQueue(service.database, service.settings.queue)

    assert not queue.finish(claim)


def test_a_model_in_the_shadow_scores_too_and_no_reader_sees_it(
    start, make_bundle, card, pictures
):
    """Its figures are compared for admins; it can be asked for by nobody."""
    shadow = make_bundle(card, "shadow", fill=1.0)
    service = start(shadow=shadow)

    study_id = service.upload(pictures)

    models = service.client.get("/api/v1/models").json()
    assert [one["is_shadow"] for one in models] == [False, True]
    assert models[1]["comparison"]["studies"] == 1
    assert models[1]["comparison"]["same_decision"] == 1
    assert "shadow" not in service.client.get(
        f"/api/v1/studies/{study_id}"
    ).text.replace("is_shadow", "")
    place = (
        "/api/v1/uploads/"
        + service.client.post("/api/v1/uploads", json={}).json()["id"]
    )
    service.client.put(f"{place}/files/0", content=b"x")
    asked = service.client.post(f"{place}/complete", json={"model_id": models[1]["id"]})
    assert asked.status_code == 422


def test_sending_without_a_pacs_is_refused(service, scan_makers):
    """Nothing leaves to an address that nobody configured."""
    study_id = service.upload(dicom_files(scan_makers))

    answer = service.client.post(f"/api/v1/studies/{study_id}/pacs")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_pacs")


def test_a_card_shows_no_digest_of_the_training_data(service):
    """They would tell whether somebody's picture was among it."""
    model = service.client.get("/api/v1/models").json()[0]["id"]

    card = service.client.get(f"/api/v1/models/{model}/card").json()

    assert "seen_pixel_digests" not in card["data"]
    assert card["intended_use"]


def test_ready_says_what_is_missing(service, monkeypatch):
    """A full disk makes the service not ready, and it still lives."""
    assert service.client.get("/health/ready").status_code == 200
    monkeypatch.setattr("tumorscope.serve.storage.Storage.free_bytes", lambda _: 0)

    answer = service.client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"]["disk"] == "almost full"
    assert service.client.get("/health/live").status_code == 200


def test_metrics_count_what_happened(service, pictures):
    """Studies by state, decisions and routes are there for Prometheus."""
    service.upload(pictures)

    text = service.client.get("/metrics").text

    assert 'tumorscope_studies{state="done"} 1.0' in text
    assert 'tumorscope_jobs_total{end="done"} 1.0' in text
    assert "tumorscope_request_seconds_bucket" in text


def test_packed_pixels_are_those_of_the_file(service, pictures):
    """The stored array is the picture itself: no window and no flip in between."""
    study_id = service.upload(pictures)
    place = service.settings.data / "studies" / study_id / "results"

    packed = next(place.rglob("pixels-0.gz")).read_bytes()

    stored = np.frombuffer(gzip.decompress(packed), "<i2").reshape(3, 64, 64)
    sent = service.client.get(f"/api/v1/studies/{study_id}/series/0/pixels").content
    assert stored.tobytes() == sent
