"""Bundle + upload -> one screening result, and a folder that page and report read.

The folder holds `result.json`, for each series `series/N/pixels-K.gz` (one file for each
channel) and `series/N/relevance.gz`, and the objects for a PACS in `dicom/`. Arrays are in
display order, so that nobody below ever has to think of sides again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from tumorscope.domain.errors import DataError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.screening import InputCheck, ScreeningResult
from tumorscope.io.bundle import WEIGHTS
from tumorscope.io.dicom_results.folder import ResultFolder
from tumorscope.io.whole_files import write_json
from tumorscope.workflows.model_facts import ModelFacts
from tumorscope.workflows.picture_series import score_pictures
from tumorscope.workflows.predict_images import model_notes
from tumorscope.workflows.predict_scans import score_scans
from tumorscope.workflows.screening_checks import check_input
from tumorscope.workflows.screening_folder import ScreeningFolder
from tumorscope.workflows.serving import ServedModel
from tumorscope.workflows.slice_prediction import SlicePrediction
from tumorscope.workflows.upload_layout import UploadLayout, read_layout
from tumorscope.workflows.whole_folder import whole_folder

RESULT, DICOM = "result.json", "dicom"
FORMAT = 1
WINDOW = {"center": 16_383.5, "width": 32_767.0}
"""All stored values: the scale was fixed when the slices were windowed."""
NO_INTERVAL = (
    "No interval stands beside a tumor_probability: no test of this model left observed "
    "shares to take one from."
)
_MAX_REASONS = 5


def screen(
    served: ServedModel,
    paths: Sequence[Path],
    out: Path,
    *,
    facts: ModelFacts | None = None,
    left_out: Sequence[LeftOutScan] = (),
    progress: Progress = silent,
) -> ScreeningResult:
    """Score what was uploaded, and write all that is shown of it.

    Args:
        served: The model.
        paths: Folders, NIfTI volumes, DICOM files, images or zip archives.
        out: Folder to make; it appears when it is whole.
        facts: What tests of the model showed; adds intervals where they have some.
        left_out: What was left out before; it is listed with the rest.
        progress: Shows how far it got; may raise to stop it.

    Returns:
        The result, which `result.json` holds too.

    Raises:
        DataError: If nothing could be read, with the reasons.
        ConfigError: If `out` is in use.
    """
    made = datetime.now().astimezone().replace(microsecond=0)
    with whole_folder(out) as place, ResultFolder(place / DICOM) as objects:
        folder = ScreeningFolder(
            place=place,
            objects=objects,
            card=served.predictor.card,
            facts=facts,
            made=made,
        )
        layout = read_layout(paths, place / ".unpacked")
        layout.left_out += left_out
        result = _score_all(served, layout, folder, progress)
        layout.remove_unpacked()
        if objects.files:
            objects.commit()
        write_json(place / RESULT, as_content(result))
    return result


def as_content(result: ScreeningResult) -> dict[str, Any]:
    """Return what `result.json` holds."""
    content = asdict(result)
    for one, series in zip(content["series"], result.series, strict=True):
        best = series.highest
        one["window"] = WINDOW
        one["highest"] = best and {
            "slice_index": best.index,
            "tumor_probability": best.tumor_probability,
        }
    return content | {
        "kind": "tumorscope-screening",
        "format": FORMAT,
        "decision": result.decision,
        "highest_tumor_probability": result.highest_tumor_probability,
    }


def _score_all(
    served: ServedModel,
    layout: UploadLayout,
    folder: ScreeningFolder,
    progress: Progress,
) -> ScreeningResult:
    predictor = served.predictor
    found = score_scans(
        predictor, layout.scans, keep=folder.keep_stack, progress=progress
    )
    pictures, unread = score_pictures(predictor, layout.pictures, progress=progress)
    for one in pictures:
        folder.keep_pictures(one)
    entries = [*found.slices, *(one for each in pictures for one in each.entries)]
    left_out = (*layout.left_out, *found.left_out, *unread)
    _refuse_nothing(folder, left_out)
    notes = (
        *model_notes(served),
        *found.notes,
        _interval_note(folder.facts),
        *folder.notes,
    )
    return _result(folder, left_out, notes, entries)


def _result(
    folder: ScreeningFolder,
    left_out: tuple[LeftOutScan, ...],
    notes: tuple[str, ...],
    entries: Sequence[SlicePrediction],
) -> ScreeningResult:
    series, card = tuple(folder.series), folder.card
    patients = len(folder.patients)
    checks: tuple[InputCheck, ...] = check_input(
        series, left_out, entries, patients=patients
    )
    return ScreeningResult(
        model=card.name,
        weights_sha256=card.files[WEIGHTS],
        made=folder.made.isoformat(),
        threshold_probability=card.threshold.threshold_probability,
        series=series,
        input_checks=checks,
        left_out=left_out,
        notes=notes,
        dicom_results=tuple(path.name for path in folder.objects.files),
    )


def _interval_note(facts: ModelFacts | None) -> str:
    if facts is None or not facts.observed:
        return NO_INTERVAL
    return f"Interval: {facts.observed_words}."


def _refuse_nothing(folder: ScreeningFolder, left_out: Sequence[LeftOutScan]) -> None:
    if folder.series:
        return
    listed = [f"{one.label}: {one.reason}" for one in left_out[:_MAX_REASONS]]
    raise DataError(
        f"no series could be shown: {'; '.join(listed) or 'no image was found'}"
    )
