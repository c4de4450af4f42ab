"""Bundle + new images, studies and volumes -> probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tumorscope.domain.progress import Progress, silent
from tumorscope.importers.scan_kinds import volume_layout
from tumorscope.inference.engines import AUTO
from tumorscope.workflows.predict_images import (
    find_images,
    model_notes,
    score_files,
)
from tumorscope.workflows.predict_scans import (
    KeepStack,
    ScannedSeries,
    forget_stack,
    score_scans,
)
from tumorscope.workflows.prediction_list import PredictionList
from tumorscope.workflows.serving import serve_bundle


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
    scored = score_files(model.predictor, files, progress=progress)
    found = (
        score_scans(model.predictor, scans, keep=keep, progress=progress)
        if scans
        else ScannedSeries()
    )
    return PredictionList(
        bundle=model.predictor.card.name,
        slices=(*scored, *found.slices),
        notes=(*model_notes(model), *found.notes),
        series=found.series,
        left_out=found.left_out,
    )
