"""The whole app over a database with studies of two accounts, ready to be attacked."""

from __future__ import annotations

import gzip
import hashlib
import json
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.screening import (
    InputCheck,
    ScreenedSeries,
    ScreenedSlice,
    ScreeningResult,
)
from tumorscope.io.bundle import WEIGHTS, write_bundle
from tumorscope.serve.app import create_app
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.migration import migrate
from tumorscope.serve.database.tables import JOBS, STUDIES, UPLOADS
from tumorscope.serve.safety import Safety
from tumorscope.serve.security.access import Role, Scope
from tumorscope.serve.settings import QueueLimits, ServiceSettings
from tumorscope.workflows.screening import as_content

ADDRESS = "http://127.0.0.1"
PASSWORD = "correct horse battery"  # noqa: S105 - of a test
XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """One study of an account with its upload, job and result."""

    study_id: str
    job_id: str
    patient_key: str


class AttackedService:
    """A service with an admin, a reader, two programs, and studies of theirs."""

    def __init__(self, app: FastAPI, settings: ServiceSettings):
        self.app = app
        self.settings = settings
        self.safety: Safety = app.state.safety
        self.database: Database = app.state.services.database
        accounts = self.safety.accounts
        self.accounts = {
            "admin": accounts.add("anna", Role.ADMIN, password=PASSWORD),
            "reader": accounts.add("ben", Role.READER, password=PASSWORD),
            "service": accounts.add("pacs", Role.SERVICE),
            "other service": accounts.add("rival", Role.SERVICE),
            "spare": accounts.add("spare", Role.SERVICE),
        }

    def client(self, **options) -> TestClient:
        """Return a browser in which nobody is signed in."""
        return TestClient(self.app, base_url=ADDRESS, **options)

    def session_of(self, who: str) -> TestClient:
        """Return a browser in which somebody is signed in."""
        client = self.client()
        secret = self.safety.sessions.start(self.accounts[who].id)
        client.cookies.set(self.safety.cookie, secret)
        client.headers["X-CSRF-Token"] = self.safety.sessions.csrf_token(secret)
        return client

    def token_of(self, who: str, *scopes: Scope, days: float = 1) -> TestClient:
        """Return a program's client."""
        client = self.client()
        text, _ = self.safety.tokens.issue(
            self.accounts[who].id,
            label="test",
            scopes=scopes or set(Scope),
            lasts=timedelta(days=days),
        )
        client.headers["Authorization"] = f"Bearer {text}"
        return client

    def put_study(self, who: str, *, title: str = "study", state: str = "done"):
        """Write a study of an account with a result, as if it had been screened."""
        study, job, folder = (str(uuid.uuid4()) for _ in range(3))
        now = time.time()
        common = {"id": study, "account_id": self.accounts[who].id, "created": now}
        key = f"key-{study[:8]}"
        with self.database.write() as connection:
            connection.execute(
                UPLOADS.insert().values(
                    common | {"title": title, "state": "open", "expires": now + 1000}
                )
            )
            connection.execute(
                STUDIES.insert().values(
                    common
                    | {
                        "title": title,
                        "patient_key": key,
                        "state": state,
                        "model_id": "run-00000000",
                        "content_digest": hashlib.sha256(study.encode()).hexdigest(),
                        "decision": "above threshold",
                        "highest_tumor_probability": 0.9,
                        "result_folder": folder,
                    }
                )
            )
            connection.execute(
                JOBS.insert().values(
                    id=job,
                    study_id=study,
                    idempotency_key=f"upload:{study}",
                    content_digest="0" * 64,
                    state="queued",
                    kind="screen",
                    attempts=0,
                    done=0,
                    total=0,
                    cancel_wanted=False,
                    created=now,
                )
            )
        place = self.settings.data / "studies" / study / "results" / folder
        (place / "series" / "0").mkdir(parents=True)
        pixels = b"\0\1" * 64
        (place / "series" / "0" / "pixels-0.gz").write_bytes(gzip.compress(pixels))
        (place / "series" / "0" / "relevance.gz").write_bytes(
            gzip.compress(pixels[64:])
        )
        content = json.dumps(as_content(_result(title)))
        (place / "result.json").write_text(content)
        return Objects(study_id=study, job_id=job, patient_key=key)


def _result(text: str) -> ScreeningResult:
    """Return a result of one slice whose every text is hostile where `text` is."""
    return ScreeningResult(
        model="run",
        weights_sha256="0" * 64,
        made="2026-11-24T00:00:00+00:00",
        threshold_probability=0.4,
        series=(
            ScreenedSeries(
                id=0,
                label=text,
                sequences=("flair",),
                sequence_words=text,
                slices=1,
                rows=8,
                columns=8,
                spacing_mm=None,
                edge_labels=None,
                slice_results=(
                    ScreenedSlice(
                        index=0,
                        position_mm=None,
                        tumor_probability=0.9,
                        interval=None,
                        decision="above threshold",
                        reasons=(text,),
                    ),
                ),
                overlay=None,
                notes=(text,),
            ),
        ),
        input_checks=(InputCheck(name="files", outcome="accept", words=text),),
        left_out=(LeftOutScan(label=text, files=1, reason=text),),
        notes=(text,),
        dicom_results=(),
    )


@pytest.fixture(scope="module")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory, make_card) -> Path:
    """Return a bundle whose card can be read; its weights are never opened here."""
    folder = tmp_path_factory.mktemp("bundle") / "bundle"
    card = make_card()
    content = b"no weights"
    files = {WEIGHTS: hashlib.sha256(content).hexdigest()}
    write_bundle(folder, card.model_copy(update={"files": files}), content)
    return folder


@pytest.fixture(scope="module")
def service(bundle_folder: Path, tmp_path_factory) -> AttackedService:
    """Return a service with accounts over a database of its own."""
    settings = ServiceSettings(
        data=tmp_path_factory.mktemp("data"),
        bundles=(bundle_folder,),
        auth="accounts",
        free_bytes=0,
        queue=QueueLimits(waiting_jobs=10_000),
    )
    migrate(Database(settings.url_of_database))
    return AttackedService(create_app(settings), settings)
