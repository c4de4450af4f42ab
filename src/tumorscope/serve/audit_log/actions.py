"""What is worth a record, in the codes of DICOM PS3.15 A.5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

Verb = Literal["C", "R", "U", "D", "E"]
"""Create, read, update, delete, execute: RFC 3881's event action."""

Outcome = Literal["success", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCode:
    """One kind of event.

    Attributes:
        code: Event identification of PS3.15 A.5, coding scheme DCM.
        meaning: Its code meaning.
        verb: What was done.
        kind: Event type code, DCM; empty where the standard has none.
    """

    code: str
    meaning: str
    verb: Verb
    kind: str = ""


class Action(StrEnum):
    """What somebody did."""

    SERVICE_STARTED = "service_started"
    SERVICE_STOPPED = "service_stopped"
    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    STUDY_SUBMITTED = "study_submitted"
    STUDY_SCREENED = "study_screened"
    STUDIES_LISTED = "studies_listed"
    STUDY_READ = "study_read"
    RESULT_REVEALED = "result_revealed"
    READING_RECORDED = "reading_recorded"
    FEEDBACK_RECORDED = "feedback_recorded"
    STUDY_EXPORTED = "study_exported"
    STUDY_SENT = "study_sent"
    STUDY_DELETED = "study_deleted"
    PATIENT_ERASED = "patient_erased"
    JOB_CANCELED = "job_canceled"
    ACCOUNT_CHANGED = "account_changed"
    TOKEN_CREATED = "token_created"  # noqa: S105 - a word, no secret
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a word, no secret
    ACCESS_REFUSED = "access_refused"
    AUDIT_LOG_READ = "audit_log_read"

    @property
    def event(self) -> EventCode:
        """Its codes."""
        return _EVENTS[self]


def _code(code: str, meaning: str, verb: Verb, kind: str = "") -> EventCode:
    return EventCode(code=code, meaning=meaning, verb=verb, kind=kind)


_EVENTS: Mapping[Action, EventCode] = MappingProxyType(
    {
        Action.SERVICE_STARTED: _code("110100", "Application Activity", "E", "110120"),
        Action.SERVICE_STOPPED: _code("110100", "Application Activity", "E", "110121"),
        Action.LOGGED_IN: _code("110114", "User Authentication", "E", "110122"),
        Action.LOGGED_OUT: _code("110114", "User Authentication", "E", "110123"),
        Action.STUDY_SUBMITTED: _code("110107", "Import", "C"),
        Action.STUDY_SCREENED: _code("110103", "DICOM Instances Accessed", "E"),
        Action.STUDIES_LISTED: _code("110112", "Query", "E"),
        Action.STUDY_READ: _code("110103", "DICOM Instances Accessed", "R"),
        Action.RESULT_REVEALED: _code(
            "110103", "DICOM Instances Accessed", "R", "110132"
        ),
        Action.READING_RECORDED: _code("110103", "DICOM Instances Accessed", "U"),
        Action.FEEDBACK_RECORDED: _code("110103", "DICOM Instances Accessed", "U"),
        Action.STUDY_EXPORTED: _code("110106", "Export", "R"),
        Action.STUDY_SENT: _code("110104", "DICOM Instances Transferred", "E"),
        Action.STUDY_DELETED: _code("110105", "DICOM Study Deleted", "D"),
        Action.PATIENT_ERASED: _code("110110", "Patient Record", "D"),
        Action.JOB_CANCELED: _code("110111", "Procedure Record", "U"),
        Action.ACCOUNT_CHANGED: _code("110113", "Security Alert", "U", "110137"),
        Action.TOKEN_CREATED: _code("110113", "Security Alert", "C", "110137"),
        Action.TOKEN_REVOKED: _code("110113", "Security Alert", "D", "110137"),
        Action.ACCESS_REFUSED: _code("110113", "Security Alert", "E", "110132"),
        Action.AUDIT_LOG_READ: _code("110101", "Audit Log Used", "R"),
    }
)
