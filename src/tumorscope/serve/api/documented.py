"""Which refusals each kind of route may answer, for the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from tumorscope.serve.problems import MEDIA_TYPE

Answers = dict[int | str, dict[str, Any]]


class ProblemView(BaseModel):
    """A refusal as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def refusals(*statuses: int) -> Answers:
    """Return the documented answers of a route.

    Args:
        statuses: Beyond those that any route may answer.
    """
    always = (400, 401, 403, 413, 422, 429, 500, 503)
    return {
        status: {
            "model": ProblemView,
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {}},
        }
        for status in sorted({*always, *statuses})
    }
