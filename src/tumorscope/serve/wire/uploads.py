"""Uploads and jobs on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=200)]


class Wire(BaseModel):
    """Unknown keys of a request are an error."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class NewUpload(Wire):
    """What an upload is called."""

    name: Text = ""
    """Title of the study in the work list; no patient's data."""


class ReceivedFile(Wire):
    """A file that is there."""

    n: int
    """Its number."""
    name: str
    """Its client's name for it."""
    size_bytes: int
    """Its size."""


class UploadView(Wire):
    """An upload that is under way."""

    id: str
    """Identifier; the study will have the same."""
    state: Literal["open", "completed"]
    """Whether files can be added."""
    received: list[ReceivedFile]
    """What is there."""
    expires: str
    """When it is removed unless it is completed."""


class Received(Wire):
    """Answer to one file."""

    received_bytes: int
    """Bytes of the file that are on the disk."""


class Completion(Wire):
    """What is wanted with an upload."""

    model_id: Annotated[str, Field(max_length=80)] | None = None
    """Model; the default one unless named."""
    patient_key: Annotated[str, Field(max_length=200)] | None = None
    """A pseudonym by which the patient's studies can be erased together."""


class Accepted(Wire):
    """A screening that will take place."""

    job_id: str
    """The job."""
    study_id: str
    """The study."""


class JobProgress(Wire):
    """How far a job got."""

    done: int
    """Steps done."""
    total: int
    """All steps."""
    stage: str
    """What is being done."""


class JobView(Wire):
    """A job."""

    id: str
    """Identifier."""
    study_id: str
    """Its study."""
    state: Literal["queued", "running", "done", "failed", "canceled"]
    """Where it stands."""
    attempts: int
    """Times that it was started."""
    progress: JobProgress
    """How far it got."""
