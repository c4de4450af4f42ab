"""A service without processes: an app, its database, and a worker that runs when asked.

The network is a stub that scores a slice by its brightness; all else is the real thing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from fastapi.testclient import TestClient

from tumorscope.domain.calibration import LogitCalibration
from tumorscope.domain.card import BundleCard
from tumorscope.inference.predictor import Predictor
from tumorscope.io.bundle import WEIGHTS, sha256, weights_bytes, write_bundle
from tumorscope.io.images import encode_png
from tumorscope.serve.app import create_app
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.migration import migrate
from tumorscope.serve.models import read_models
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.settings import ServiceSettings
from tumorscope.serve.storage import Storage
from tumorscope.serve.worker.loop import Worker
from tumorscope.serve.worker.screening_job import Workplace
from tumorscope.workflows.serving import ServedModel

LOOPBACK = "http://127.0.0.1"


class BrightnessEngine:
    """The brighter the slice, the higher its score."""

    def run(self, images):
        class_map = (images[:, 0, ::8, ::8] + 0.5) * 8
        return class_map.mean(axis=(1, 2)), class_map


@dataclass
class OneModel:
    """Opens every bundle with the stub."""

    registry: object

    def open(self, entry):
        predictor = Predictor(entry.facts.card, BrightnessEngine())
        return ServedModel(
            predictor=predictor,
            engine_note="engine: stub",
            card_digest="0" * 64,
            engine_digests={},
            streams=1,
        )


def card_for(card: BundleCard, weights: bytes, **changes) -> BundleCard:
    calibration = LogitCalibration(
        method="temperature", slope=1.0, tune_slices=20, tune_patients=4
    )
    return card.model_copy(
        update={"files": {WEIGHTS: sha256(weights)}, "calibration": calibration}
        | changes
    )


@pytest.fixture(scope="session")
def make_bundle(tmp_path_factory):
    """Return a maker of bundles whose weights are a few zeros."""

    def make(card, name="model", fill=0.0, **changes):
        weights = weights_bytes({"fill": np.full(4, fill, dtype=np.float32)})
        folder = tmp_path_factory.mktemp("bundle") / name
        whole = card_for(card, weights, name=name, **changes)
        write_bundle(folder, whole, weights)
        return folder

    return make


@pytest.fixture(scope="session")
def whole_bundle(tmp_path_factory, make_card, weights):
    """Return a bundle with real, random weights, for processes of their own."""
    content = weights_bytes(weights)
    folder = tmp_path_factory.mktemp("whole") / "model"
    write_bundle(folder, card_for(make_card(), content, name="whole"), content)
    return folder


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Return the bytes of a migrated database: migrating takes a while."""
    file = tmp_path_factory.mktemp("template") / "empty.sqlite"
    database = Database(f"sqlite:///{file}")
    migrate(database)
    database.empty_journal()
    database.close()
    return file.read_bytes()


@pytest.fixture
def make_settings(tmp_path, template, make_bundle, card):
    """Return a maker of settings over an empty, migrated database."""

    def make(**changes):
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        (data / "tumorscope.sqlite").write_bytes(template)
        bundles = changes.pop("bundles", None) or (make_bundle(card),)
        known = {"data": data, "bundles": bundles, "deidentify": False}
        return ServiceSettings.model_validate(known | changes)

    return make


@dataclass
class Service:
    """An app, and a worker that runs when asked."""

    settings: ServiceSettings
    client: TestClient
    worker: Worker
    database: Database
    queue: JobQueue

    def screen(self):
        """Do all jobs that wait."""
        while (claim := self.queue.claim("test")) is not None:
            self.worker._work(claim)

    def upload(self, files, *, screened=True, **completion):
        """Hand in files by name and content; return the study's id."""
        opened = self.client.post("/api/v1/uploads", json={"name": "Study"})
        upload_id = opened.json()["id"]
        for number, (name, content) in enumerate(files.items()):
            put = self.client.put(
                f"/api/v1/uploads/{upload_id}/files/{number}",
                params={"name": name},
                content=content,
            )
            assert put.status_code == 200, put.text
        done = self.client.post(
            f"/api/v1/uploads/{upload_id}/complete", json=completion
        )
        assert done.status_code == 202, done.text
        if screened:
            self.screen()
        return upload_id

    def study(self, study_id):
        """Return what the API says of a study."""
        return self.client.get(f"/api/v1/studies/{study_id}").json()


@pytest.fixture
def start(make_settings):
    """Return a maker of services."""
    opened = []

    def make(**changes):
        settings = make_settings(**changes)
        app = create_app(settings)
        client = TestClient(app, base_url=LOOPBACK, raise_server_exceptions=False)
        database = Database(settings.url_of_database)
        queue = JobQueue(database, settings.queue)
        registry = read_models(settings)
        place = Workplace(
            database=database,
            queue=queue,
            storage=Storage(settings.data),
            registry=registry,
            models=OneModel(registry),
            settings=settings,
        )
        opened.append((app, database))
        return Service(
            settings=settings,
            client=client,
            worker=Worker("test", place, settings),
            database=database,
            queue=queue,
        )

    yield make
    for app, database in opened:
        app.state.services.database.close()
        app.state.stow_inbox.received.close()
        database.close()


@pytest.fixture
def service(start):
    """Return a service without accounts."""
    return start()


def head_picture(seed: int, brightest: int = 220) -> np.ndarray:
    """Return a gray disk with texture on black, shape (64, 64), uint8."""
    rows, columns = np.mgrid[:64, :64] - 32
    texture = np.random.default_rng(seed).integers(brightest // 3, brightest, (64, 64))
    return np.where(rows**2 + columns**2 < 26**2, texture, 0).astype(np.uint8)


@pytest.fixture
def pictures():
    """Return three pictures of a head by name."""
    return {f"slice_{one}.png": encode_png(head_picture(one)) for one in range(3)}
