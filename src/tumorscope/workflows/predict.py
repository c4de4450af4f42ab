"""Bundle + new images -> probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.progress import Progress, silent
from tumorscope.inference.predictor import Predictor
from tumorscope.io.bundle import read_bundle
from tumorscope.io.images import is_image_name, read_image
from tumorscope.workflows.scoring import bundle_of, open_predictor


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicePrediction:
    """What the model says of one file.

    Attributes:
        image: Path as given.
        tumor_probability: Score in [0, 1], or None where the file was refused.
        threshold_probability: The bundle's threshold.
        above_threshold: Whether the score is greater than the threshold; None where the
            file was refused.
        refused: Why there is no score; empty where there is one.
    """

    image: str
    tumor_probability: float | None
    threshold_probability: float
    above_threshold: bool | None
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionList:
    """Predictions of one call.

    Attributes:
        bundle: Name of the model.
        slices: One entry for each file, in the order given.
        notice: Stands on every output.
    """

    bundle: str
    slices: tuple[SlicePrediction, ...]
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
            "slices": [asdict(entry) for entry in self.slices],
        }

    def as_table(self) -> str:
        """Return one line for each file, for a terminal."""
        width = max([len("image"), *(len(entry.image) for entry in self.slices)])
        head = f"{'image':<{width}}  tumor_probability  above_threshold"
        lines = [_line(entry, width) for entry in self.slices]
        tail = (
            f"threshold_probability {self.slices[0].threshold_probability:.3f}, fixed on "
            f"the tuning part of {self.bundle}. {self.notice}"
            if self.slices
            else self.notice
        )
        return "\n".join([head, *lines, tail])


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
    return PredictionList(bundle=read.card.name, slices=tuple(entries))


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
    probability = float(scores.tumor_probability[0])
    return SlicePrediction(
        image=str(file),
        tumor_probability=probability,
        threshold_probability=threshold,
        above_threshold=probability > threshold,
    )


def _refuse_mask(file: Path) -> None:
    image = file.with_name(file.name.replace("_mask.", "."))
    if image != file and image.is_file():
        raise UnreadableScanError(f"{file.name}: the lesion mask of {image.name}")


def _line(entry: SlicePrediction, width: int) -> str:
    if entry.tumor_probability is None:
        return f"{entry.image:<{width}}  refused: {entry.refused}"
    above = "yes" if entry.above_threshold else "no"
    return f"{entry.image:<{width}}  {entry.tumor_probability:>17.4f}  {above:>15}"
