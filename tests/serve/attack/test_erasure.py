"""Erasing a patient, and what a service clears away by itself."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid

import pytest
from sqlalchemy import func, select, update

from tumorscope.io.vault import Vault
from tumorscope.io.vault_key import read_master_key
from tumorscope.serve.database.tables import JOBS, READINGS, STUDIES, UPLOADS
from tumorscope.serve.deidentify import vault_of
from tumorscope.serve.erasure import Eraser
from tumorscope.serve.housekeeping import Housekeeping
from tumorscope.serve.services import Services


@pytest.fixture
def housekeeping(service):
    services: Services = service.app.state.services
    return Housekeeping(
        database=service.database, storage=services.storage, safety=service.safety
    )


def rows_of(service, study):
    """Return how many rows a study has in all tables."""
    tables = (
        (STUDIES, STUDIES.c.id),
        (UPLOADS, UPLOADS.c.id),
        (JOBS, JOBS.c.study_id),
        (READINGS, READINGS.c.study_id),
    )
    with service.database.read() as connection:
        return sum(
            connection.execute(
                select(func.count()).select_from(table).where(column == study)
            ).scalar_one()
            for table, column in tables
        )


def stored_bytes(service):
    """Return all bytes of the data folder but the audit log's own words."""
    service.database.empty_journal()
    return b"".join(
        path.read_bytes() for path in service.settings.data.rglob("*") if path.is_file()
    )


def records(service):
    """Return the bodies of the audit log."""
    return [json.loads(one.body) for one in service.safety.audit_log.read()]


def test_nothing_of_an_erased_patient_is_left_but_a_tombstone(service):
    """Rows, files, readings and the key itself are gone; the log tells by keyed hash."""
    mark = f"patient-{uuid.uuid4()}"
    first, second, other = (service.put_study("service") for _ in range(3))
    with service.database.write() as connection:
        for one in (first, second):
            connection.execute(
                update(STUDIES)
                .where(STUDIES.c.id == one.study_id)
                .values(patient_key=mark, title=f"title of {mark}")
            )
    admin = service.session_of("admin")
    admin.post(
        f"/api/v1/studies/{first.study_id}/reading",
        json={"opinion": "suspected", "seconds_open": 1},
    )

    answer = admin.delete(f"/api/v1/patients/{mark}")

    assert answer.json() == {"studies": 2, "vault": "no vault"}
    assert rows_of(service, first.study_id) == rows_of(service, second.study_id) == 0
    assert rows_of(service, other.study_id) > 0
    assert not (service.settings.data / "studies" / first.study_id).exists()
    assert mark.encode() not in stored_bytes(service)
    tombstone = records(service)[-1]
    assert tombstone["action"] == "patient_erased"
    assert tombstone["patient"] == service.safety.audit_log.patient_hash(mark)
    assert tombstone["detail"] == "2 studies"
    assert admin.get("/api/v1/audit-log/state").json()["intact"]


def test_erasing_a_patient_that_is_not_there_is_no_error(service):
    """The answer says that nothing was there, and the log that it was asked."""
    answer = service.session_of("admin").delete("/api/v1/patients/no/such/patient")

    assert answer.json()["studies"] == 0
    assert records(service)[-1]["action"] == "patient_erased"


def test_the_vault_s_way_back_is_erased_too(service, tmp_path):
    """By original patient ID: the studies under the pseudonym, and the vault's entry."""
    file, key_file = vault_of(service.settings.data)
    vault = Vault(file, read_master_key(key_file))
    entry = vault.entry_of("", "HOSPITAL-4711", names=("Mueller^Anna",), output="x")
    study = service.put_study("service")
    with service.database.write() as connection:
        connection.execute(
            update(STUDIES)
            .where(STUDIES.c.id == study.study_id)
            .values(patient_key=entry.pseudonym)
        )
    services: Services = service.app.state.services
    eraser = Eraser(
        database=service.database,
        storage=services.storage,
        log=service.safety.audit_log,
    )

    try:
        erased = eraser.erase_patient("HOSPITAL-4711", account_id="test")

        assert (erased.studies, erased.vault) == (1, "erased")
        assert vault.find("", "HOSPITAL-4711") is None
    finally:
        file.unlink()


def test_what_is_past_its_time_is_erased(service, housekeeping):
    """Retention by age, through the same path as any erasure."""
    old, young = service.put_study("service"), service.put_study("service")
    with service.database.write() as connection:
        connection.execute(
            update(STUDIES)
            .where(STUDIES.c.id == old.study_id)
            .values(created=time.time() - 31 * 24 * 3600)
        )
    eraser = Eraser(
        database=service.database,
        storage=housekeeping.storage,
        log=service.safety.audit_log,
    )

    assert eraser.erase_older(30, account_id="system") == 1
    assert rows_of(service, old.study_id) == 0
    assert rows_of(service, young.study_id) > 0


def test_housekeeping_removes_orphans_and_uploads_that_were_given_up(
    service, housekeeping
):
    """Folders without rows, and uploads whose time is over; nothing that is in use."""
    folder = service.settings.data / "studies"
    orphan, fresh = folder / str(uuid.uuid4()), folder / str(uuid.uuid4())
    for place in (orphan, fresh):
        (place / "source").mkdir(parents=True)
    os.utime(orphan, (time.time() - 7200,) * 2)
    client = service.session_of("reader")
    upload = client.post("/api/v1/uploads", json={}).json()["id"]
    client.put(f"/api/v1/uploads/{upload}/files/0", content=b"abc")
    kept = client.post("/api/v1/uploads", json={}).json()["id"]
    client.put(f"/api/v1/uploads/{kept}/files/0", content=b"abc")
    os.utime(folder / kept, (time.time() - 7200,) * 2)
    with service.database.write() as connection:
        connection.execute(
            update(UPLOADS).where(UPLOADS.c.id == upload).values(expires=0.0)
        )

    housekeeping.tidy()

    assert not orphan.exists()
    assert not (folder / upload).exists()
    assert fresh.exists()
    assert (folder / kept).exists()
    assert client.get(f"/api/v1/uploads/{upload}").status_code == 404


def test_files_with_identifiers_do_not_outlive_a_study_that_was_refused(
    service, housekeeping
):
    """Where uploads are de-identified, what was sent goes also when the job failed."""
    study = service.put_study("service", state="failed")
    sent = service.settings.data / "studies" / study.study_id / "source"
    sent.mkdir(parents=True)
    (sent / "a.dcm").write_bytes(b"with a name")

    housekeeping.remove_sent_files()

    assert not sent.exists()


def test_housekeeping_stops_when_it_is_asked(housekeeping):
    """The thread ends with the service."""
    stops = threading.Event()
    stops.set()
    thread = threading.Thread(target=housekeeping.run, args=(stops,))
    thread.start()
    thread.join(timeout=30)

    assert not thread.is_alive()
