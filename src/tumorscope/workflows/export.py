"""Bundle -> engine files beside its weights, once they have proved to score as it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.engine import EngineRecord, check_origin, graph_metadata
from tumorscope.domain.errors import ConfigError, ParityError
from tumorscope.domain.export_spec import ExportSpec
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.parity import Parity
from tumorscope.domain.progress import Progress, silent
from tumorscope.export.files import TOOLS, check_tools, make_files
from tumorscope.export.graph import to_onnx
from tumorscope.export.parity import ComparedSlices, measure_parity
from tumorscope.inference.engines import open_engine
from tumorscope.inference.predictor import score_prepared
from tumorscope.inference.torch_engine import TorchEngine
from tumorscope.input_gate.fitting import pick_spread
from tumorscope.io.bundle import WEIGHTS, Bundle, read_bundle
from tumorscope.io.engine_files import (
    PARITY,
    file_digests,
    json_bytes,
    write_engine,
    write_refused,
)
from tumorscope.io.images import read_image
from tumorscope.preprocessing import prepare_slice
from tumorscope.workflows.predict_images import find_images
from tumorscope.workflows.recording import RECORD, now
from tumorscope.workflows.run_folder import Run, open_run
from tumorscope.workflows.scoring import open_fold_bundle
from tumorscope.workflows.serving import bundle_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFolder:
    """An engine that was written.

    Attributes:
        folder: Where its files are.
        record: What it is.
        parity: How it compares with torch.
    """

    folder: Path
    record: EngineRecord
    parity: Parity

    def as_words(self) -> str:
        """Return the comparison and the next command, for a terminal."""
        figures = [f"  {one.name}: {one}" for one in self.parity.figures]
        breaches = [f"  beyond the tolerance: {one}" for one in self.parity.breaches]
        waiver = [f"  kept because: {self.parity.waiver}"] if breaches else []
        return "\n".join(
            [
                f"{self.folder}:",
                f"  {self.parity.as_words()}",
                *figures,
                *breaches,
                *waiver,
                f"next: tumorscope predict {self.folder.parents[1]} FILES... --engine "
                f"{self.record.name}",
            ]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportMaterial:
    """What an export starts from.

    Attributes:
        bundle: The model.
        pixels: Shape (slices, size, size, 3), uint8, prepared slices to compare on.
        slices: What is known of them.
        calibration: Prepared training slices for int8; None for other precisions.
    """

    bundle: Bundle
    pixels: NDArray[np.uint8]
    slices: ComparedSlices
    calibration: NDArray[np.uint8] | None


def export_engine(
    path: Path,
    spec: ExportSpec,
    *,
    images: Sequence[Path] = (),
    progress: Progress = silent,
) -> ExportedFolder:
    """Write an engine of a bundle, if it scores as the bundle does.

    Args:
        path: A bundle, or a run that holds one. int8 and the comparison of AUROC and
            decisions need the run: the bundle's folder inside it will do.
        spec: Which engine, and how far its scores may differ.
        images: Files or folders to compare on; the run's tuning part unless given. The
            test part is never used: choosing an engine by it would be testing twice.
        progress: Shows how far it got.

    Returns:
        Where the engine is, and the comparison, which is in its `parity.json` too.

    Raises:
        ConfigError: If the engine cannot be made here, or nothing is there to compare on.
        BundleError: If the bundle cannot be used.
        ParityError: If the scores differ beyond the tolerance and nobody waived that; the
            comparison is kept beside the engines, the engine is not.
    """
    check_tools(spec)
    material = _gather(path, spec, images, progress)
    bundle = material.bundle
    card, digest = bundle.card, bundle.card.files[WEIGHTS]
    files = make_files(
        to_onnx(bundle.weights, size_px=card.preprocess.size_px),
        spec,
        metadata=graph_metadata(card, digest),
        calibration=material.calibration,
    )
    parity = _compare(material, spec, files, progress)
    content = to_json_value(parity)
    if not parity.is_accepted:
        kept = write_refused(bundle.folder, spec.name, content)
        raise ParityError(
            f"{spec.name} was not kept: {'; '.join(parity.breaches)} (measured on "
            f"{parity.compared_on}, {parity.slices} slices; all figures: {kept}). Choose "
            "another precision, or keep it with --waive REASON"
        )
    files[PARITY] = json_bytes(content)
    calibration = material.calibration
    record = EngineRecord(
        target=spec.target,
        precision=spec.precision,
        weights_digest=digest,
        preprocess=card.preprocess,
        classes=card.classes,
        calibration_slices=0 if calibration is None else len(calibration),
        created=now(),
        environment={
            name: version(name) for name in ("tumorscope", "torch", *TOOLS[spec.name])
        },
        parity=parity.as_words(),
        waiver=parity.waiver if parity.breaches else "",
        files=file_digests(files),
    )
    folder = write_engine(bundle.folder, record, files)
    return ExportedFolder(folder=folder, record=record, parity=parity)


def _compare(
    material: ExportMaterial,
    spec: ExportSpec,
    files: dict[str, bytes],
    progress: Progress,
) -> Parity:
    card = material.bundle.card
    engine = open_engine(spec.target, spec.precision, files)
    check_origin(
        card,
        name=spec.name,
        weights_digest=card.files[WEIGHTS],
        found=engine.metadata,
    )
    torch_engine = TorchEngine(material.bundle.weights, device="cpu")
    reference, found = (
        score_prepared(
            one, material.pixels, calibration=card.calibration, progress=progress
        )
        for one in (torch_engine, engine)
    )
    return measure_parity(
        reference,
        found,
        material.slices,
        spec,
        threshold_probability=card.threshold.threshold_probability,
    )


def _gather(
    path: Path, spec: ExportSpec, images: Sequence[Path], progress: Progress
) -> ExportMaterial:
    folder = bundle_of(path)
    found = _run_of(folder)
    run, fold = found or (None, 0)
    bundle = read_bundle(folder) if run is None else open_fold_bundle(run, fold)
    if run is None and (not images or spec.precision == "int8"):
        raise ConfigError(
            f"{folder}: stands outside its run, so that there are no slices to compare "
            "or calibrate on: export from the run, or name images (fp32 and bf16 only)"
        )
    calibration = None
    if run is not None and spec.precision == "int8":
        calibration = _calibration(run, fold, spec, progress)
    pixels, slices = (
        _given_images(bundle, images, progress)
        if images or run is None
        else _tuning_part(run, fold, progress)
    )
    return ExportMaterial(
        bundle=bundle, pixels=pixels, slices=slices, calibration=calibration
    )


def _run_of(bundle: Path) -> tuple[Run, int] | None:
    """Return the run, and its fold, that a bundle stands in; None for a copied bundle."""
    place = bundle.resolve()
    homes = [one for one in place.parents[:2] if (one / RECORD).is_file()]
    if not homes:
        return None
    run = open_run(homes[0])
    for fold in range(len(run.split.fold_names)):
        if run.bundle_folder(fold).resolve() == place:
            return run, fold
    return None


def _calibration(
    run: Run, fold: int, spec: ExportSpec, progress: Progress
) -> NDArray[np.uint8]:
    rows = run.split.rows("train", fold)
    chosen = pick_spread(rows, run.owners(), spec.calibration_slices)
    return np.asarray(run.store(progress).pixels[chosen])


def _tuning_part(
    run: Run, fold: int, progress: Progress
) -> tuple[NDArray[np.uint8], ComparedSlices]:
    rows = run.split.rows("tune", fold)
    table = run.manifest.table.iloc[rows].reset_index(drop=True)
    slices = ComparedSlices(
        described=f"the tuning part of fold {run.split.fold_names[fold]}",
        label=run.manifest.labels[rows].astype(np.int64),
        group=pd.Series(run.owners()[rows]),
        site=table["site"],
        grouping=run.split.grouping,
    )
    return np.asarray(run.store(progress).pixels[rows]), slices


def _given_images(
    bundle: Bundle, images: Sequence[Path], progress: Progress
) -> tuple[NDArray[np.uint8], ComparedSlices]:
    files = [file for path in images for file in find_images(path)]
    spec = bundle.card.preprocess
    prepared = progress(
        (prepare_slice(read_image(file), spec).pixels for file in files),
        total=len(files),
        label="preparing",
    )
    pixels = np.stack(list(prepared))
    slices = ComparedSlices(
        described="the given images",
        label=np.full(len(pixels), -1, dtype=np.int64),
    )
    return pixels, slices
