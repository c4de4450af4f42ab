"""Studies and results on the wire."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tumorscope.serve.wire.models import ModelSummary
from tumorscope.serve.wire.uploads import JobView, Wire

StudyState = Literal["queued", "running", "done", "failed", "not_assessed"]
Decision = Literal["above threshold", "not above", "refer", "not assessed"]
Opinion = Literal["suspected", "none_seen", "cannot_judge", "skipped"]
Agreement = Literal["agree", "disagree", "not comparable"]
FeedbackKind = Literal["agree", "disagree", "wrong_input", "other"]
Pixel = Annotated[float, Field(ge=0, le=100_000)]


class StudyQuery(Wire):
    """Which part of the work list is wanted."""

    state: StudyState | None = None
    """Where a study stands."""
    q: Annotated[str, Field(max_length=200)] = ""
    """Part of its title or of its patient's key, or its identifier."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    """Studies in one part."""
    cursor: Annotated[str, Field(max_length=200)] | None = None
    """`next_cursor` of the part before."""


class ErrorView(Wire):
    """Why a study failed."""

    code: str
    """Stable word."""
    detail: str
    """A sentence."""


class NewReading(Wire):
    """A reader's own opinion."""

    opinion: Opinion
    """What was seen; `skipped` shows the result without an opinion."""
    seconds_open: Annotated[float, Field(ge=0, le=1e7)]
    """Seconds that the images were open."""


class ReadingView(Wire):
    """An opinion that was recorded."""

    opinion: Opinion
    """What was seen."""
    seconds_open: float
    """Seconds that the images were open."""
    agreement: Agreement
    """With the model's decision."""
    created: str
    """When."""
    account: str
    """Who."""


class Mark(Wire):
    """A place on a slice, in pixels of the series in display order."""

    series: Annotated[int, Field(ge=0, le=10_000)]
    """Series."""
    slice: Annotated[int, Field(ge=0, le=100_000)]
    """Slice."""
    kind: Literal["box", "point"]
    """A point has no second corner."""
    x0: Pixel
    """Column."""
    y0: Pixel
    """Row."""
    x1: Pixel | None = None
    """Column of the other corner."""
    y1: Pixel | None = None
    """Row of the other corner."""

    @model_validator(mode="after")
    def _box_has_two_corners(self) -> Self:
        if (self.kind == "box") != (self.x1 is not None and self.y1 is not None):
            raise ValueError("a box has two corners, a point has one")
        return self


class NewFeedback(Wire):
    """What a reader says of a result."""

    kind: FeedbackKind
    """Agreement, or what is wrong."""
    comment: Annotated[str, Field(max_length=2_000)] | None = None
    """Free text without a patient's data."""
    marks: Annotated[list[Mark], Field(max_length=200, default_factory=list)]
    """Places."""


class FeedbackView(Wire):
    """Feedback that was recorded."""

    id: str
    """Identifier."""
    kind: FeedbackKind
    """Agreement, or what is wrong."""
    comment: str | None
    """Free text."""
    marks: list[Mark]
    """Places."""
    created: str
    """When."""
    account: str
    """Who."""


class StudySummary(Wire):
    """A row of the work list."""

    id: str
    """Identifier."""
    title: str
    """As its sender calls it."""
    created: str
    """When it was handed in."""
    state: StudyState
    """Where it stands."""
    model_id: str
    """Model."""
    series_count: int
    """Series that are shown; 0 before."""
    highest_tumor_probability: float | None
    """The study's figure; null where there is none, or it is withheld."""
    decision: Decision | None
    """What the slices come to."""
    reading: ReadingView | None
    """One's own opinion."""
    withheld: bool
    """Whether the result waits for one's own opinion."""
    error: ErrorView | None
    """Why it failed."""


class StudyPage(Wire):
    """A part of the work list."""

    items: list[StudySummary]
    """Newest first."""
    next_cursor: str | None
    """Where the next part starts; null at the end."""


class InputCheckView(Wire):
    """A finding about the input."""

    name: str
    """Of the check."""
    outcome: Literal["accept", "flag", "refuse"]
    """What it means."""
    words: str
    """The finding."""


class EdgeLabelsView(Wire):
    """Sides of the patient."""

    left: str
    """Of the picture."""
    right: str
    """Of the picture."""
    top: str
    """Of the picture."""
    bottom: str
    """Of the picture."""


class WindowView(Wire):
    """Gray values to show first."""

    center: float
    """Middle gray."""
    width: float
    """From black to white."""


class HighestView(Wire):
    """Where the highest score is."""

    slice_index: int
    """Slice."""
    tumor_probability: float
    """Score."""


class SliceView(Wire):
    """One slice; without a number where the model abstains."""

    index: int
    """From 0, the lowest."""
    position_mm: float | None
    """Along the head."""
    tumor_probability: float | None
    """Calibrated score."""
    interval: tuple[float, float] | None
    """Observed share of tumor slices at such a score; see the notes of the study."""
    decision: Decision | None
    """What was decided; null while withheld."""
    reasons: list[str]
    """Why it is referred or not assessed, and warnings."""


class OverlayView(Wire):
    """How the map is to be read."""

    method: str
    """What made it."""
    threshold: float
    """Edge of the contour, as a share of the largest value."""
    score_words: str
    """What the values mean."""


class SeriesView(Wire):
    """One series in display order."""

    id: int
    """From 0."""
    label: str
    """What messages call it."""
    sequences: list[str]
    """What the channels show."""
    sequence_words: str
    """How sure that is."""
    slices: int
    """Slices."""
    rows: int
    """Pixels."""
    columns: int
    """Pixels."""
    spacing_mm: tuple[float, float]
    """Between rows, between columns; where `edge_labels` is null the scale is unknown, and
    only the ratio counts."""
    edge_labels: EdgeLabelsView | None
    """Null: orientation and scale unknown."""
    window: WindowView
    """Gray values to show first."""
    highest: HighestView | None
    """Where the highest score is."""
    slice_results: list[SliceView]
    """One for each slice."""
    overlay: OverlayView | None
    """Null without a map."""
    notes: list[str]
    """What a reader must know."""


class LeftOutView(Wire):
    """What was not scored."""

    label: str
    """What messages call it."""
    reason: str
    """Why."""


class StudyView(StudySummary):
    """A study with all that is shown of it."""

    job: JobView | None
    """Its newest job."""
    input_checks: list[InputCheckView]
    """Findings about the input."""
    series: list[SeriesView]
    """What is shown."""
    left_out: list[LeftOutView]
    """What was not scored."""
    notes: list[str]
    """What holds for all."""
    model: ModelSummary
    """Who says so."""
    feedback: list[FeedbackView]
    """What readers said."""
    dicom_results: int
    """Objects for a PACS."""
    notice: str
    """Stands on every output."""


class ResultFileView(Wire):
    """An object for a PACS."""

    n: int
    """Number."""
    href: str
    """Address."""
    size_bytes: int
    """Size."""


class SentView(Wire):
    """What a PACS took."""

    stored: int
    """Objects."""
    warnings: list[str]
    """What it said."""
