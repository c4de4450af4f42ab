"""One record before it is sealed, and the bytes that the seal covers."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from tumorscope.serve.audit_log.actions import Action, Outcome

RECORD_VERSION = 1
START_SEAL = hashlib.sha256(b"tumorscope service audit log").hexdigest()
"""Stands before the first record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who did what to which study, and how it ended.

    Attributes:
        action: What.
        outcome: How it ended.
        account_id: Who; `nobody` before a sign-in.
        via: How they were signed in.
        address: Network address that the request came from.
        study_id: The service's own id of the study.
        patient: Keyed hash of the patient, never the patient's own id.
        model: SHA-256 of the weights, where a model was run.
        detail: A word of the program's own, such as the account that was changed; never
            text that came from outside.
    """

    action: Action
    outcome: Outcome = "success"
    account_id: str
    via: str | None = None
    address: str | None = None
    study_id: str | None = None
    patient: str | None = None
    model: str | None = None
    detail: str | None = None


def body_of(entry: Entry, *, when: str, host: str) -> str:
    """Return a record as canonical JSON: sorted keys, no blanks, ASCII, nothing unknown.

    Args:
        entry: What happened.
        when: ISO 8601 time in UTC.
        host: Name of the machine.
    """
    event = entry.action.event
    fields: dict[str, Any] = {
        "account": entry.account_id,
        "action": entry.action.value,
        "address": entry.address,
        "code": event.code,
        "detail": entry.detail,
        "host": host,
        "kind": event.kind or None,
        "meaning": event.meaning,
        "model": entry.model,
        "outcome": entry.outcome,
        "patient": entry.patient,
        "study": entry.study_id,
        "v": RECORD_VERSION,
        "verb": event.verb,
        "via": entry.via,
        "when": when,
    }
    known = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(known, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def seal_of(key: bytes, number: int, before: str, body: str) -> str:
    """Return the HMAC-SHA-256 of a record over its number, the seal before and its body.

    Args:
        key: Key of the log, 32 bytes.
        number: Its number, from 1 without gaps.
        before: Seal of the record before, as hexadecimal digits.
        body: Canonical JSON.
    """
    text = f"{number}\n{before}\n{body}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
