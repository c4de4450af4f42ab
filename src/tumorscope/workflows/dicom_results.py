"""Bundle + DICOM studies -> probabilities, and results in the study for the PACS.

Results name the patient, as the source does: they are for the archive that the source came
from. What leaves for research is de-identified, see `deid`; the two ways never mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.card import BundleCard
from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.series_result import (
    ModelIdentity,
    Overlay,
    SeriesResult,
    SliceResult,
)
from tumorscope.explanation.attribution import Attribution
from tumorscope.explanation.capture import draw_capture
from tumorscope.importers.scan_kinds import volume_layout
from tumorscope.inference.engines import AUTO
from tumorscope.io.bundle import WEIGHTS, read_card
from tumorscope.io.dicom_results.folder import ResultFolder
from tumorscope.io.dicom_results.objects import make_objects
from tumorscope.io.pacs import StoreReceipt, check_address, store_files
from tumorscope.io.store_scu import StoreAddress, send_files
from tumorscope.workflows.class_maps import map_on_picture
from tumorscope.workflows.predict import predict
from tumorscope.workflows.predict_scans import ScoredStack
from tumorscope.workflows.prediction_list import PredictionList
from tumorscope.workflows.serving import bundle_of
from tumorscope.workflows.slice_prediction import SlicePrediction

MAX_OVERLAYS = 3
"""Pictures of a series: of its slices with the highest scores. The map has all slices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledResults:
    """What was written and sent.

    Attributes:
        folder: Where the files are; None where none was asked for.
        files: Number of objects.
        receipt: What the PACS accepted; None where nothing was sent.
        without_result: Series that were scored and have no result, each with its reason.
    """

    folder: Path | None
    files: int
    receipt: StoreReceipt | None
    without_result: tuple[str, ...]

    def as_words(self) -> str:
        """Return one line for each thing that happened."""
        lines = [] if self.folder is None else [f"{self.files} objects: {self.folder}"]
        if self.receipt is not None:
            stored = len(self.receipt.instances)
            lines.append(f"{stored} objects stored at {self.receipt.url}")
            lines += [f"  warning: {line}" for line in self.receipt.warnings]
        lines += [f"no result for {line}" for line in self.without_result]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """Return the same for the JSON answer."""
        return {
            "folder": None if self.folder is None else str(self.folder),
            "files": self.files,
            "stored": None if self.receipt is None else asdict(self.receipt),
            "without_result": list(self.without_result),
        }


def predict_for_pacs(
    bundle: Path,
    paths: Sequence[Path],
    *,
    out: Path | None = None,
    send_to: str | None = None,
    engine: str = AUTO,
    progress: Progress = silent,
) -> tuple[PredictionList, FiledResults]:
    """Score DICOM studies, and make a report, a map and pictures of each series.

    Args:
        bundle: A bundle, or a run that holds one.
        paths: Folders, DICOMDIRs, zip archives or files of DICOM studies.
        out: A new or empty folder; it appears when all results are there.
        send_to: Where results are sent to after they are written: the base address of a
            DICOMweb service (STOW-RS), or AET@HOST:PORT (C-STORE).
        engine: As for `predict`.
        progress: Shows how far the scoring got.

    Returns:
        The predictions, and what became of the results.

    Raises:
        ConfigError: If a path holds no DICOM, or folder or address cannot be used.
        BundleError: If the bundle cannot be used.
        DataError: If no result could be made, or the PACS refused one. The folder is
            there by then.
    """
    _refuse_others(paths)
    if send_to is not None:
        _check_target(send_to)
    card = read_card(bundle_of(bundle))
    made = datetime.now().astimezone().replace(microsecond=0)
    refused: list[str] = []
    with ResultFolder(out) as folder:

        def keep(scored: ScoredStack) -> None:
            try:
                for data_set in make_objects(describe_series(scored, card, made=made)):
                    folder.add(data_set)
            except DataError as error:
                refused.append(f"{scored.stack.facts.label}: {error}")

        found = predict(bundle, paths, engine=engine, keep=keep, progress=progress)
        if not folder.files:
            reasons = "; ".join(refused) or "no series could be scored"
            raise DataError(f"no result for a PACS could be made: {reasons}")
        folder.commit()
        receipt = None if send_to is None else _send(send_to, folder.files)
        filed = FiledResults(
            folder=out,
            files=len(folder.files),
            receipt=receipt,
            without_result=tuple(refused),
        )
    return found, filed


def describe_series(
    scored: ScoredStack, card: BundleCard, *, made: datetime
) -> SeriesResult:
    """Put scores, maps and pictures of a series together.

    Args:
        scored: The series, while its voxels are at hand.
        card: Of the model.
        made: When, with a time zone.

    Raises:
        DataError: If no slice has a score, or the source is no DICOM study.
    """
    if scored.series.load_origin is None:
        raise DataError("its source is no DICOM study")
    if not scored.class_maps:
        raise DataError("none of its slices has a score")
    slices = [
        _slice_result(scored, card, index, found)
        for index, found in scored.class_maps.items()
    ]
    ranked = sorted(slices, key=lambda one: (-one.tumor_probability, one.index))
    shown = sorted(ranked[:MAX_OVERLAYS], key=lambda one: one.index)
    return SeriesResult(
        model=ModelIdentity(
            name=card.name,
            version=version("tumorscope"),
            weights_digest=card.files[WEIGHTS],
        ),
        stack=scored.stack,
        origin=scored.series.load_origin(),
        further=tuple(
            one.load_origin() for one in scored.further if one.load_origin is not None
        ),
        threshold_probability=card.threshold.threshold_probability,
        slices=tuple(slices),
        overlays=tuple(_draw(scored, card, one) for one in shown),
        made=made,
    )


def _check_target(target: str) -> None:
    """Refuse an address before anything is computed."""
    if "://" in target:
        check_address(target)
    else:
        StoreAddress.from_text(target)


def _send(target: str, files: Sequence[Path]) -> StoreReceipt:
    return store_files(target, files) if "://" in target else send_files(target, files)


def _refuse_others(paths: Sequence[Path]) -> None:
    others = [
        path for path in paths if path.exists() and volume_layout(path) != "dicom"
    ]
    if others:
        raise ConfigError(
            f"{others[0]}: results for a PACS belong into a DICOM study, and this is none; "
            "leave --dicom-out, --stow and --cstore out"
        )


def _slice_result(
    scored: ScoredStack,
    card: BundleCard,
    index: int,
    class_map: NDArray[np.float32],
) -> SliceResult:
    entry = scored.entries[index]
    return SliceResult(
        index=index,
        tumor_probability=_known(entry),
        decision=str(entry.decision),
        class_map=map_on_picture(scored.stack.picture(index), class_map, card),
    )


def _known(entry: SlicePrediction) -> float:
    if entry.tumor_probability is None:
        raise DataError("a slice with a map has no score")
    return entry.tumor_probability


def _draw(scored: ScoredStack, card: BundleCard, one: SliceResult) -> Overlay:
    stack = scored.stack
    picture = stack.picture(one.index)
    if picture.ndim == 3:
        name = stack.facts.sequence.name
        channel = stack.sequences.index(name) if name in stack.sequences else 0
        picture = picture[..., channel]
    attribution = Attribution(
        image=f"slice {one.index}",
        method="cam",
        map=one.class_map,
        tumor_probability=one.tumor_probability,
    )
    threshold = card.threshold.threshold_probability
    lines = (
        f"slice {one.index}, {stack.positions_mm[one.index]:.1f} mm: tumor_probability "
        f"{one.tumor_probability:.3f}, threshold {threshold:.3f}: {one.decision}",
        "orange moved the score towards tumor, blue against it; no outline of a lesion",
        f"model {card.name}, tumorscope {version('tumorscope')}, R L A P: patient's sides",
    )
    drawn = draw_capture(picture, attribution, lines, orientation=stack.orientation)
    return Overlay(index=one.index, picture=drawn)
