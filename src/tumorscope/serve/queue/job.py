"""A job as it stands in the queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

JobState = Literal["queued", "running", "done", "failed", "canceled"]
JobKind = Literal["screen", "shadow"]
"""In the order in which they are dealt: nobody waits for a shadow."""
WAITING: tuple[JobState, ...] = ("queued", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What is asked for.

    Attributes:
        study_id: Study that it screens.
        idempotency_key: A repeat with the same key is the same job.
        content_digest: SHA-256 of what it reads.
        kind: With the model that readers see, or with the one in its shadow.
    """

    study_id: str
    idempotency_key: str
    content_digest: str
    kind: JobKind = "screen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that one worker may work on while its lease lasts.

    Attributes:
        job_id: The job.
        study_id: Its study.
        content_digest: SHA-256 of what it reads.
        owner: Random token of this claim; whoever finishes must show it.
        attempt: Which one, from 1.
        kind: As submitted.
    """

    job_id: str
    study_id: str
    content_digest: str
    owner: str
    attempt: int
    kind: JobKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How far a job got.

    Attributes:
        stage: What is being done, in words.
        done: Steps of it.
        total: All steps of it.
    """

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job failed.

    Attributes:
        code: Stable word.
        detail: A sentence without a patient's values.
    """

    code: str
    detail: str


TOO_OFTEN = Failure(
    code="attempts",
    detail="Every attempt was cut off before it ended. Ask the administrator to look at "
    "the log.",
)
QUARANTINED = Failure(
    code="quarantined",
    detail="Reading this content ended its process twice. It is not read again.",
)
CANCELED = Failure(code="canceled", detail="Canceled on request.")
