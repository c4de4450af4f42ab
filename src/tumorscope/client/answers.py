"""Answers of the service as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from tumorscope.domain.errors import TumorscopeError

ENDED = ("done", "not_assessed", "failed")


class ServiceError(TumorscopeError):
    """The service refused, or could not be reached.

    Attributes:
        status: HTTP status; 0 where there was no answer.
        code: Stable word of the service.
        retry_after_s: Seconds after which to try again; None where that is no use.
    """

    exit_status: ClassVar[int] = 1

    def __init__(
        self, detail: str, *, status: int, code: str, retry_after_s: float | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.retry_after_s = status, code, retry_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A screening that was accepted.

    Attributes:
        job_id: The job.
        study_id: Its study.
    """

    job_id: str
    study_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceAnswer:
    """One slice.

    Attributes:
        index: From 0, the lowest.
        tumor_probability: Calibrated score; None where the model abstains.
        interval: Observed share of tumor slices at such a score; None where unknown.
        decision: "above threshold", "not above", "refer" or "not assessed"; None while
            it is withheld.
        reasons: Why it is referred or was not assessed.
    """

    index: int
    tumor_probability: float | None
    interval: tuple[float, float] | None
    decision: str | None
    reasons: tuple[str, ...]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Read it from an answer."""
        interval = answer["interval"]
        return cls(
            index=answer["index"],
            tumor_probability=answer["tumor_probability"],
            interval=None if interval is None else (interval[0], interval[1]),
            decision=answer["decision"],
            reasons=tuple(answer["reasons"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesAnswer:
    """One series in display order.

    Attributes:
        id: From 0.
        label: What messages call it.
        sequences: What its channels show.
        shape: Slices, rows, columns.
        slices: One answer for each slice.
    """

    id: int
    label: str
    sequences: tuple[str, ...]
    shape: tuple[int, int, int]
    slices: tuple[SliceAnswer, ...]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Read it from an answer."""
        return cls(
            id=answer["id"],
            label=answer["label"],
            sequences=tuple(answer["sequences"]),
            shape=(answer["slices"], answer["rows"], answer["columns"]),
            slices=tuple(SliceAnswer.of(one) for one in answer["slice_results"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A study.

    Attributes:
        id: Identifier.
        title: As its sender calls it.
        state: queued, running, done, not_assessed or failed.
        decision: What its slices come to; None before, and while it is withheld.
        highest_tumor_probability: Its figure; None where there is none.
        error: Code and sentence of a failure; None without one.
        series: What is shown.
        notes: What holds for all.
        raw: The whole answer.
    """

    id: str
    title: str
    state: str
    decision: str | None
    highest_tumor_probability: float | None
    error: tuple[str, str] | None
    series: tuple[SeriesAnswer, ...]
    notes: tuple[str, ...]
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def is_over(self) -> bool:
        """Whether its screening is at its end."""
        return self.state in ENDED

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Read it from an answer; a row of the work list has no series."""
        error = answer["error"]
        return cls(
            id=answer["id"],
            title=answer["title"],
            state=answer["state"],
            decision=answer["decision"],
            highest_tumor_probability=answer["highest_tumor_probability"],
            error=None if error is None else (error["code"], error["detail"]),
            series=tuple(SeriesAnswer.of(one) for one in answer.get("series", ())),
            notes=tuple(answer.get("notes", ())),
            raw=answer,
        )
