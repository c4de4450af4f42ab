"""What a screening says of an upload: the one result of page, API, report and DICOM.

Where the model abstains or the gate refuses there is no number in here, so that none can
be shown by mistake.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import DataError
from tumorscope.domain.left_out_scan import LeftOutScan

SliceDecision = Literal["above threshold", "not above", "refer", "not assessed"]
CheckOutcome = Literal["accept", "flag", "refuse"]
SHOWN: tuple[SliceDecision, ...] = ("above threshold", "not above")
"""Decisions that stand beside a number."""
MAP_METHOD = "class activation map"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputCheck:
    """What was found out about the input before anything was scored.

    Attributes:
        name: Of the check.
        outcome: "accept", "flag" (read the result with care) or "refuse".
        words: The finding, in a sentence.
    """

    name: str
    outcome: CheckOutcome
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedSlice:
    """What the model says of one slice.

    Attributes:
        index: Rank in its series, from 0 (lowest).
        position_mm: Along the head, growing upwards; None where it is not known.
        tumor_probability: Calibrated score; None unless the slice is decided.
        interval: Share of tumor slices, with its interval, among tested slices with such
            a score; None where none is known.
        decision: What was decided.
        reasons: Why it is referred or was not assessed, and warnings.

    Raises:
        DataError: If a number stands beside an abstention, or is missing beside a
            decision.
    """

    index: int
    position_mm: float | None
    tumor_probability: float | None
    interval: tuple[float, float] | None
    decision: SliceDecision
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a number where the model abstains."""
        if (self.decision in SHOWN) != (self.tumor_probability is not None):
            raise DataError(
                f"slice {self.index}: a number stands beside a decision, and only there"
            )
        if self.interval is not None and self.tumor_probability is None:
            raise DataError(f"slice {self.index}: an interval without a number")


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLabels:
    """Which side of the patient each edge of a picture is: R, L, A or P."""

    left: str
    right: str
    top: str
    bottom: str


RADIOLOGICAL_EDGES = EdgeLabels(left="R", right="L", top="A", bottom="P")


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayFacts:
    """How a map is to be read.

    Attributes:
        method: What made it.
        threshold: Edge of the contour, in [0, 1] of the largest value of the series.
        score_words: What the values mean.
    """

    method: str
    threshold: float
    score_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedSeries:
    """One series in display order.

    Attributes:
        id: Number in this screening, from 0.
        label: Folder and number, or file; never a text of the file.
        sequences: What the channels show, one name or three.
        sequence_words: How the sequence was recognized, and how sure that is.
        slices: Number of slices.
        rows: Pixels.
        columns: Pixels.
        spacing_mm: Between rows, between columns; None where it is not known.
        edge_labels: Sides of the patient; None where orientation is not known.
        slice_results: One for each slice.
        overlay: How the map is to be read; None where there is none.
        notes: What a reader must know.
    """

    id: int
    label: str
    sequences: tuple[str, ...]
    sequence_words: str
    slices: int
    rows: int
    columns: int
    spacing_mm: tuple[float, float] | None
    edge_labels: EdgeLabels | None
    slice_results: tuple[ScreenedSlice, ...]
    overlay: OverlayFacts | None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a series without one answer for each slice."""
        if len(self.slice_results) != self.slices or not self.slices:
            raise DataError(f"series {self.id}: needs one answer for each slice")

    @property
    def decision(self) -> SliceDecision:
        """What its slices come to; see `combine_decisions`."""
        return combine_decisions(one.decision for one in self.slice_results)

    @property
    def highest(self) -> ScreenedSlice | None:
        """The slice with the highest score; None where the series has no figure."""
        if self.decision not in SHOWN:
            return None
        decided = [one for one in self.slice_results if one.decision in SHOWN]
        return max(decided, key=_score, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningResult:
    """What one model says of one upload.

    Attributes:
        model: Name of the bundle.
        weights_sha256: Its weights.
        made: ISO 8601 time with zone.
        threshold_probability: A slice is above it when its score is greater.
        series: Series that could be shown.
        input_checks: Findings about the input.
        left_out: What was not scored, and why.
        notes: What holds for all.
        dicom_results: Names of the objects for a PACS, in the screening's folder.
        notice: Stands on every output.
    """

    model: str
    weights_sha256: str
    made: str
    threshold_probability: float
    series: tuple[ScreenedSeries, ...]
    input_checks: tuple[InputCheck, ...]
    left_out: tuple[LeftOutScan, ...] = ()
    notes: tuple[str, ...] = ()
    dicom_results: tuple[str, ...] = ()
    notice: str = RESEARCH_USE

    @property
    def highest(self) -> tuple[ScreenedSeries, ScreenedSlice] | None:
        """Series and slice with the highest shown score; None where none is shown."""
        found = [(one, one.highest) for one in self.series]
        shown = [(series, best) for series, best in found if best is not None]
        return max(shown, key=lambda pair: _score(pair[1]), default=None)

    @property
    def decision(self) -> SliceDecision:
        """What all slices come to; see `combine_decisions`."""
        return combine_decisions(
            one.decision for series in self.series for one in series.slice_results
        )

    @property
    def highest_tumor_probability(self) -> float | None:
        """The figure of the study; None where the study as a whole has none."""
        best = self.highest
        if best is None or self.decision not in SHOWN:
            return None
        return best[1].tumor_probability


def combine_decisions(decisions: Iterable[SliceDecision]) -> SliceDecision:
    """Return what slices come to together.

    One above the threshold decides. Otherwise a referred one refers them all: the others
    cannot speak for it.
    """
    found = set(decisions)
    order: tuple[SliceDecision, ...] = ("above threshold", "refer", "not above")
    return next((one for one in order if one in found), "not assessed")


def _score(one: ScreenedSlice) -> float:
    return -1.0 if one.tumor_probability is None else one.tumor_probability
