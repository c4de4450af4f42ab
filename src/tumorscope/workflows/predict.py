"""Bundle + new images, studies and volumes -> probabilities."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tumorscope.domain.errors import DataError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.progress import Progress, silent
from tumorscope.importers.detection import Layout
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
from tumorscope.workflows.upload_layout import read_layout


@dataclass(slots=True, kw_only=True)
class _Given:
    """What paths hold, archives included.

    Attributes:
        scans: Studies and volumes.
        files: Image files.
        shown: For what was unpacked, the archive that it came from.
        left_out: What archives hold besides.
    """

    scans: list[tuple[Path, Layout]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    shown: dict[Path, Path] = field(default_factory=dict)
    left_out: list[LeftOutScan] = field(default_factory=list)

    def name_of(self, place: str) -> str:
        """Return how a path was given, where `place` lies in what was unpacked."""
        for folder, archive in self.shown.items():
            if Path(place).is_relative_to(folder):
                return str(archive / Path(place).relative_to(folder))
        return place


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
    with tempfile.TemporaryDirectory(prefix="tumorscope-") as folder:
        given = _look_at(paths, Path(folder))
        model = serve_bundle(bundle, engine=engine)
        scored = score_files(model.predictor, given.files, progress=progress)
        found = (
            score_scans(model.predictor, given.scans, keep=keep, progress=progress)
            if given.scans
            else ScannedSeries()
        )
    named = (replace(one, image=given.name_of(one.image)) for one in scored)
    series = (replace(one, source=given.name_of(one.source)) for one in found.series)
    return PredictionList(
        bundle=model.predictor.card.name,
        slices=(*named, *found.slices),
        notes=(*model_notes(model), *found.notes),
        series=tuple(series),
        left_out=(*given.left_out, *found.left_out),
    )


def _look_at(paths: Sequence[Path], folder: Path) -> _Given:
    """Sort paths by what they hold; volumes and images of an archive go to a folder."""
    given = _Given()
    for number, path in enumerate(paths):
        if path.is_file() and path.suffix.lower() == ".zip":
            _look_into(path, folder / str(number), given)
            continue
        kind = volume_layout(path) if path.exists() else None
        if kind is None:
            given.files += find_images(path)
        else:
            given.scans.append((path, kind))
    return given


def _look_into(archive: Path, unpacked: Path, given: _Given) -> None:
    found = read_layout([archive], unpacked)
    if not (found.scans or found.pictures):
        raise DataError(
            f"{archive}: holds no PNG, JPEG or TIFF, and no DICOM or NIfTI that can be "
            "read"
        )
    given.shown[unpacked] = archive
    given.scans += found.scans
    given.files += found.pictures
    given.left_out += found.left_out
