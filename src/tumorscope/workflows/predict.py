"""Bundle + new images -> probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from tumorscope.domain.calibration import (
    LABELS,
    ConformalLevel,
    ConformalSets,
    possible_labels,
)
from tumorscope.domain.card import RESEARCH_USE, BundleCard
from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.progress import Progress, silent
from tumorscope.evaluation.rule_words import (
    describe_calibration,
    describe_referral,
    describe_sets,
    describe_threshold,
    prevalence_note,
    promise_reason,
    referral_reasons,
    unit_of,
)
from tumorscope.inference.predictor import Predictor, Scores
from tumorscope.io.bundle import read_bundle
from tumorscope.io.images import is_image_name, read_image
from tumorscope.workflows.scoring import bundle_of, open_predictor

Decision = Literal["above threshold", "not above", "refer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """The labels that stay possible at one level.

    Attributes:
        level: For each true label, the promised share of new patients' slices whose set
            holds it.
        labels: Of "no_tumor" and "tumor"; None where the level cannot be promised.
        reason: Why it cannot be promised; empty where it can.
    """

    level: float
    labels: tuple[str, ...] | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicePrediction:
    """What the model says of one file.

    Attributes:
        image: Path as given.
        tumor_probability: Calibrated score in [0, 1], or None where the file was refused.
        threshold_probability: The bundle's threshold.
        above_threshold: Whether the score is greater than the threshold; None where the
            file was refused.
        decision: "above threshold", "not above", or "refer" to a reader; None where the
            file was refused.
        reasons: Why it is referred, or what else a reader must know; often none.
        label_sets: Labels that stay possible, at each level of the bundle.
        deciding_level: The level whose set decides on a referral; None where no level
            can be promised.
        refused: Why there is no score; empty where there is one.
    """

    image: str
    tumor_probability: float | None
    threshold_probability: float
    above_threshold: bool | None
    decision: Decision | None = None
    reasons: tuple[str, ...] = ()
    label_sets: tuple[LabelSet, ...] = ()
    deciding_level: float | None = None
    refused: str = ""

    @property
    def deciding_labels(self) -> tuple[str, ...] | None:
        """The labels that stay possible at the deciding level; None without one."""
        for one in self.label_sets:
            if one.level == self.deciding_level:
                return one.labels
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionList:
    """Predictions of one call.

    Attributes:
        bundle: Name of the model.
        slices: One entry for each file, in the order given.
        notes: What holds for all: threshold, calibration, sets, referral, prevalence.
        notice: Stands on every output.
    """

    bundle: str
    slices: tuple[SlicePrediction, ...]
    notes: tuple[str, ...] = ()
    notice: str = RESEARCH_USE

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
        }

    def as_table(self) -> str:
        """Return one line for each file, then the notes, for a terminal."""
        width = max([len("image"), *(len(entry.image) for entry in self.slices)])
        head = (
            f"{'image':<{width}}  tumor_probability  {'decision':<15}  set and reasons"
        )
        lines = [_line(entry, width) for entry in self.slices]
        return "\n".join(
            [head, *lines, f"bundle {self.bundle}:", *self.notes, self.notice]
        )


def predict(
    bundle: Path, paths: Sequence[Path], *, progress: Progress = silent
) -> PredictionList:
    """Score image files, or all images below folders.

    A lesion mask beside its image (`scan.png`, `scan_mask.png`) is no scan: it is listed
    as refused, so that a whole cohort can be named.

    Args:
        bundle: A bundle, or a run that holds one.
        paths: Image files and folders.
        progress: Shows how far the scoring got.

    Returns:
        One entry for each file; a file that cannot be used is listed with its reason,
        and the others are scored.

    Raises:
        BundleError: If the bundle cannot be used.
        DataError: If a path does not exist, or a folder holds no images.
    """
    files = [file for path in paths for file in _expand(path)]
    read = read_bundle(bundle_of(bundle))
    predictor = open_predictor(read)
    entries = progress(
        (_score(predictor, file) for file in files), total=len(files), label="scoring"
    )
    return PredictionList(
        bundle=read.card.name, slices=tuple(entries), notes=_notes(read.card)
    )


def _notes(card: BundleCard) -> tuple[str, ...]:
    unit = unit_of(card)
    return (
        describe_threshold(card.threshold, unit),
        describe_calibration(card.calibration, unit),
        describe_sets(card.conformal, unit),
        describe_referral(card.referral),
        prevalence_note(card),
    )


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if is_image_name(file))
        if not found:
            raise DataError(f"{path}: no PNG, JPEG or TIFF below this folder")
        return found
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    return [path]


def _score(predictor: Predictor, file: Path) -> SlicePrediction:
    threshold = predictor.threshold_probability
    try:
        _refuse_mask(file)
        scores = predictor.score(read_image(file))
    except DataError as error:
        return SlicePrediction(
            image=str(file),
            tumor_probability=None,
            threshold_probability=threshold,
            above_threshold=None,
            refused=str(error),
        )
    return _decided(predictor, scores, image=str(file))


def _decided(predictor: Predictor, scores: Scores, *, image: str) -> SlicePrediction:
    card, found = predictor.card, predictor.decide(scores)
    deciding = card.conformal.deciding
    above = bool(found.is_above[0])
    reasons = tuple(referral_reasons(found, card, 0))
    by_threshold: Decision = "above threshold" if above else "not above"
    return SlicePrediction(
        image=image,
        tumor_probability=float(scores.tumor_probability[0]),
        threshold_probability=predictor.threshold_probability,
        above_threshold=above,
        decision="refer" if reasons else by_threshold,
        reasons=reasons,
        label_sets=tuple(
            _label_set(one, card.conformal, scores)
            for one in card.conformal.known_levels
        ),
        deciding_level=None if deciding is None else deciding.level,
    )


def _label_set(
    level: ConformalLevel, conformal: ConformalSets, scores: Scores
) -> LabelSet:
    reason = promise_reason(level, conformal)
    if reason:
        return LabelSet(level=level.level, labels=None, reason=reason)
    stays = possible_labels(scores.tumor_probability, level)[0]
    labels = tuple(label for label, kept in zip(LABELS, stays, strict=True) if kept)
    return LabelSet(level=level.level, labels=labels)


def _refuse_mask(file: Path) -> None:
    image = file.with_name(file.name.replace("_mask.", "."))
    if image != file and image.is_file():
        raise UnreadableScanError(f"{file.name}: the lesion mask of {image.name}")


def _line(entry: SlicePrediction, width: int) -> str:
    if entry.tumor_probability is None:
        return f"{entry.image:<{width}}  refused: {entry.refused}"
    labels = entry.deciding_labels
    shown = "" if labels is None else "{" + ", ".join(labels) + "}"
    rest = "; ".join([shown, *entry.reasons])
    return (
        f"{entry.image:<{width}}  {entry.tumor_probability:>17.4f}  "
        f"{entry.decision:<15}  {rest}"
    )
