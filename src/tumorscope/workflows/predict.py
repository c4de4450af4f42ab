"""Bundle + new images -> probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.study import LeftOutScan
from tumorscope.evaluation.rule_words import (
    describe_calibration,
    describe_referral,
    describe_sets,
    describe_threshold,
    prevalence_note,
    unit_of,
)
from tumorscope.importers.detection import volume_layout
from tumorscope.inference.engines import AUTO
from tumorscope.inference.predictor import Predictor
from tumorscope.input_gate.words import describe_gate
from tumorscope.io.images import is_image_name, read_image
from tumorscope.workflows.predict_scans import (
    KeepStack,
    ScannedSeries,
    SeriesPrediction,
    forget_stack,
    score_scans,
)
from tumorscope.workflows.serving import ServedModel, serve_bundle
from tumorscope.workflows.slice_prediction import (
    SlicePrediction,
    refuse_slice,
    score_slice,
)

__all__ = ["PredictionList", "SlicePrediction", "predict"]


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


def predict(
    bundle: Path,
    paths: Sequence[Path],
    *,
    engine: str = AUTO,
    keep: KeepStack = forget_stack,
    progress: Progress = silent,
) -> PredictionList:
    """Score image files, DICOM studies and NIfTI volumes.

    A folder is searched for images; one that holds DICOM or NIfTI files is a study. Each of
    its series is scored slice by slice, and the series that are not are listed.

    A lesion mask beside its image (`scan.png`, `scan_mask.png`) is no scan: it is listed
    as refused, so that a whole cohort can be named.

    Args:
        bundle: A bundle, or a run that holds one.
        paths: Image files, folders, NIfTI volumes, DICOM files, DICOMDIRs and zip
            archives.
        engine: What runs the network: `auto`, `torch`, or an exported engine; see
            `choose_engine`.
        keep: Is handed each series of a study while its voxels are at hand.
        progress: Shows how far the scoring got.

    Returns:
        One entry for each file; a file that cannot be used is listed with its reason,
        and the others are scored.

    Raises:
        BundleError: If the bundle cannot be used.
        ConfigError: If the engine was not exported, or cannot run here.
        DataError: If a path does not exist, or a folder holds no images.
    """
    kinds = {path: volume_layout(path) for path in paths if path.exists()}
    scans = [(path, kind) for path, kind in kinds.items() if kind is not None]
    files = [
        file for path in paths if kinds.get(path) is None for file in find_images(path)
    ]
    model = serve_bundle(bundle, engine=engine)
    predictor, card = model.predictor, model.predictor.card
    entries = progress(
        (_score(predictor, file) for file in files), total=len(files), label="scoring"
    )
    scored = list(entries)
    found = (
        score_scans(predictor, scans, keep=keep, progress=progress)
        if scans
        else ScannedSeries()
    )
    return PredictionList(
        bundle=card.name,
        slices=(*scored, *found.slices),
        notes=(*describe_rules(model), *found.notes),
        series=found.series,
        left_out=found.left_out,
    )


def describe_rules(model: ServedModel) -> tuple[str, ...]:
    """Return threshold, calibration, sets, referral and gate of a model in words."""
    card = model.predictor.card
    unit = unit_of(card)
    return (
        describe_threshold(card.threshold, unit),
        describe_calibration(card.calibration, unit),
        describe_sets(card.conformal, unit),
        describe_referral(card.referral),
        describe_gate(card.input_gate, unit),
        model.engine_note,
        prevalence_note(card),
    )


def find_images(path: Path) -> list[Path]:
    """Return an image file, or all images below a folder, by name.

    Raises:
        DataError: If the path does not exist, or the folder holds no images.
    """
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if is_image_name(file))
        if not found:
            raise DataError(
                f"{path}: no PNG, JPEG or TIFF below this folder, and no DICOM or NIfTI"
            )
        return found
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    return [path]


def _score(predictor: Predictor, file: Path) -> SlicePrediction:
    try:
        _refuse_mask(file)
        return score_slice(predictor, read_image(file), image=str(file))
    except DataError as error:
        return refuse_slice(predictor, image=str(file), reason=str(error))


def _refuse_mask(file: Path) -> None:
    image = file.with_name(file.name.replace("_mask.", "."))
    if image != file and image.is_file():
        raise UnreadableScanError(f"{file.name}: the lesion mask of {image.name}")


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
