"""What `predict` answers: slices, series, what was left out, and what holds for all."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.workflows.slice_prediction import SlicePrediction


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPrediction:
    """What the slices of one series come to.

    Attributes:
        source: Path as given.
        series: Folder and number, or file, of the series whose grid the slices have.
        sequences: What the channels show.
        sequence_guess: How the sequence was recognized, and how sure that is.
        slices: Slices of the series.
        scored_slices: Slices with a score.
        highest_tumor_probability: Over its scored slices; None where there is none.
        highest_slice_index: Where that is, from 0 (lowest).
        mean_tumor_probability: Over its scored slices; None where there is none.
        slices_above_threshold: Scored slices above the threshold.
        referred_slices: Scored slices that are referred to a reader.
        orientation: "LPS": columns grow to the patient's left, rows to the back.
        spacing_mm: Between rows, between columns.
        notes: What a reader must know of this series.
    """

    source: str
    series: str
    sequences: tuple[str, ...]
    sequence_guess: str
    slices: int
    scored_slices: int
    highest_tumor_probability: float | None
    highest_slice_index: int | None
    mean_tumor_probability: float | None
    slices_above_threshold: int
    referred_slices: int
    orientation: str
    spacing_mm: tuple[float, float]
    notes: tuple[str, ...]

    def as_words(self) -> str:
        """Return one line of figures, then one for each note."""
        head = (
            f"series {self.series} [{','.join(self.sequences)}; {self.sequence_guess}]"
        )
        if self.highest_tumor_probability is None:
            figures = f"none of {self.slices} slices could be scored"
        else:
            figures = (
                f"highest tumor_probability {self.highest_tumor_probability:.4f} (slice "
                f"{self.highest_slice_index}), mean {self.mean_tumor_probability:.4f}, "
                f"{self.slices_above_threshold} of {self.scored_slices} scored slices "
                f"above the threshold, {self.referred_slices} referred"
            )
        notes = [f"  note: {note}" for note in self.notes]
        return "\n".join([f"{head}: {figures}", *notes])


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionList:
    """Predictions of one call.

    Attributes:
        bundle: Name of the model.
        slices: One entry for each file, in the order given, then for each slice of each
            series.
        series: One entry for each series of DICOM studies and volumes.
        left_out: Series and files of studies that were not scored, each with its reason.
        notes: What holds for all: threshold, calibration, sets, referral, prevalence.
        notice: Stands on every output.
    """

    bundle: str
    slices: tuple[SlicePrediction, ...]
    notes: tuple[str, ...] = ()
    notice: str = RESEARCH_USE
    series: tuple[SeriesPrediction, ...] = ()
    left_out: tuple[LeftOutScan, ...] = ()

    @property
    def all_refused(self) -> bool:
        """Whether not a single file could be scored."""
        return all(entry.tumor_probability is None for entry in self.slices)

    def as_dict(self) -> dict[str, object]:
        """Return the content of the JSON answer."""
        return {
            "notice": self.notice,
            "bundle": self.bundle,
            "notes": list(self.notes),
            "slices": [asdict(entry) for entry in self.slices],
            "series": [asdict(entry) for entry in self.series],
            "left_out": [asdict(entry) for entry in self.left_out],
        }

    def as_table(self) -> str:
        """Return a line for each slice, each series and all else, for a terminal."""
        width = max([len("image"), *(len(entry.image) for entry in self.slices)])
        head = (
            f"{'image':<{width}}  tumor_probability  {'decision':<15}  set and reasons"
        )
        lines = [_line(entry, width) for entry in self.slices]
        return "\n".join(
            [
                *[head, *lines],
                *[entry.as_words() for entry in self.series],
                *[f"left out: {one.label}: {one.reason}" for one in self.left_out],
                *[f"bundle {self.bundle}:", *self.notes, self.notice],
            ]
        )


def _line(entry: SlicePrediction, width: int) -> str:
    if entry.tumor_probability is None:
        return f"{entry.image:<{width}}  refused: {entry.refused}"
    labels = entry.deciding_labels
    shown = "" if labels is None else "{" + ", ".join(labels) + "}"
    warnings = [f"input flagged: {one}" for one in entry.input_reasons]
    rest = "; ".join([shown, *entry.reasons, *warnings])
    return (
        f"{entry.image:<{width}}  {entry.tumor_probability:>17.4f}  "
        f"{entry.decision:<15}  {rest}"
    )
