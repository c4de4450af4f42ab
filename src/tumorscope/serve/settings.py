"""How a service is set up; the command line writes it, every process of it reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tumorscope.domain.spec import Spec
from tumorscope.serve.security.settings import SecuritySettings, refuse_open_binding

AuthMode = Literal["none", "accounts", "oidc"]
DATABASE_FILE = "tumorscope.sqlite"

Whole = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]


class UploadLimits(Spec):
    """What one upload may bring."""

    file_bytes: Whole = 512 * 2**20
    """Bytes of one file, that is of one request."""
    session_bytes: Whole = 2 * 2**30
    """Bytes of all files of one upload."""
    session_files: Whole = 5_000
    """Files of one upload."""
    open_hours: Seconds = 24.0
    """Hours after which an upload that was never completed is removed."""
    idle_s: Seconds = 30.0
    """Seconds that a sender may be silent."""
    quiet_s: Seconds = 10.0
    """Seconds after which a study that comes by STOW-RS counts as complete."""


class QueueLimits(Spec):
    """How work is dealt to workers."""

    waiting_jobs: Whole = 200
    """Jobs that wait or run; beyond it an upload is answered 429."""
    attempts: Whole = 3
    """Times that a job is started before it counts as failed."""
    crashes: Whole = 2
    """Times that one content may end its worker before it is put in quarantine."""
    lease_s: Seconds = 30.0
    """Seconds after which a worker that does not report has lost its job."""
    stage_s: Seconds = 600.0
    """Seconds that one stage of a job may take."""
    poll_s: Seconds = 0.25
    """Seconds between two looks of an idle worker."""
    drain_s: Seconds = 25.0
    """Seconds that a job may still take after the service was asked to stop."""
    worker_bytes: Whole = 6 * 2**30
    """Bytes of memory of one worker."""
    worker_jobs: Whole = 500
    """Jobs after which a worker is replaced by a fresh one."""


class ServiceSettings(Spec):
    """Everything that the processes of a service share."""

    data: Path
    """Folder of the database and of all files."""
    bundles: Annotated[tuple[Path, ...], Field(min_length=1)]
    """Bundles; the first is the default."""
    shadow: Path | None = None
    """Bundle that scores too and whose results no reader sees."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    """Port to listen on; 0 takes a free one."""
    database_url: str | None = Field(default=None, repr=False)
    """SQLAlchemy's URL of the database; a file of the data folder unless set."""
    auth: AuthMode = "none"
    """How people sign in; `none` on the loopback address only."""
    reader_first: bool = False
    """Whether a result is withheld until the reader recorded an opinion."""
    workers: Annotated[int, Field(ge=0, le=64)] = 1
    """Worker processes; 0 where they run elsewhere."""
    engine: str = "auto"
    """What runs the network, as for `tumorscope predict`."""
    stow_url: str | None = None
    """Base address of the DICOMweb service that results are sent to."""
    deidentify: bool = True
    """Whether uploads lose their identifiers on arrival; never where a PACS is set, as
    results belong into the patient's own study."""
    demo: Path | None = None
    """Folder of phantom studies that a first start hands in; none unless set."""
    free_bytes: Annotated[int, Field(ge=0)] = 2**30
    """Bytes that must stay free on the disk for the service to be ready."""
    uploads: UploadLimits = UploadLimits()
    """What one upload may bring."""
    security: SecuritySettings = SecuritySettings()
    """Who may do what, and how much."""
    queue: QueueLimits = QueueLimits()
    """How work is dealt to workers."""

    @model_validator(mode="after")
    def _only_loopback_is_open(self) -> Self:
        refuse_open_binding(self.host, self.auth, self.security)
        return self

    @property
    def url_of_database(self) -> str:
        """SQLAlchemy's URL of the database."""
        return self.database_url or f"sqlite:///{self.data / DATABASE_FILE}"

    @property
    def strips_identity(self) -> bool:
        """Whether uploads lose their identifiers on arrival."""
        return self.deidentify and self.stow_url is None
