"""Bundle + image files -> probabilities, without what only volumes and tables need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.progress import Progress, silent
from tumorscope.evaluation.rule_words import (
    describe_calibration,
    describe_referral,
    describe_sets,
    describe_threshold,
    prevalence_note,
    unit_of,
)
from tumorscope.importers.scan_kinds import volume_layout
from tumorscope.inference.engines import AUTO
from tumorscope.inference.predictor import Predictor
from tumorscope.input_gate.words import describe_gate
from tumorscope.io.images import is_image_name, read_image
from tumorscope.workflows.prediction_list import PredictionList
from tumorscope.workflows.serving import ServedModel, serve_bundle
from tumorscope.workflows.slice_prediction import (
    SlicePrediction,
    refuse_slice,
    score_slice,
)


def are_images(paths: Sequence[Path]) -> bool:
    """Return whether `predict_images` is enough: no path is a study or volume."""
    return all(not path.exists() or volume_layout(path) is None for path in paths)


def predict_images(
    bundle: Path,
    paths: Sequence[Path],
    *,
    engine: str = AUTO,
    progress: Progress = silent,
) -> PredictionList:
    """Score image files.

    A lesion mask beside its image (`scan.png`, `scan_mask.png`) is no scan: it is listed
    as refused, so that a whole cohort can be named.

    Args:
        bundle: A bundle, or a run that holds one.
        paths: Image files, and folders that are searched for them.
        engine: What runs the network, see `choose_engine`.
        progress: Shows how far the scoring got.

    Returns:
        One entry for each file; a file that cannot be used is listed with its reason,
        and the others are scored.

    Raises:
        BundleError: If the bundle cannot be used.
        ConfigError: If the engine was not exported, or cannot run here.
        DataError: If a path does not exist, or a folder holds no images.
    """
    files = [file for path in paths for file in find_images(path)]
    model = serve_bundle(bundle, engine=engine)
    return PredictionList(
        bundle=model.predictor.card.name,
        slices=score_files(model.predictor, files, progress=progress),
        notes=model_notes(model),
    )


def score_files(
    predictor: Predictor, files: Sequence[Path], *, progress: Progress
) -> tuple[SlicePrediction, ...]:
    """Score image files, one entry for each."""
    entries = (_score(predictor, file) for file in files)
    return tuple(progress(entries, total=len(files), label="scoring"))


def model_notes(model: ServedModel) -> tuple[str, ...]:
    """Say what holds for all scores of a model: rules, gate, engine, prevalence."""
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
