"""Opens a bundle for new images, with the fastest engine that proved to score as it does.

Neither torch nor MONAI nor Lightning is imported here unless torch is the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tumorscope.domain.card import BundleCard
from tumorscope.domain.engine import check_origin
from tumorscope.domain.errors import BundleError, DataError
from tumorscope.inference.engines import (
    AUTO,
    choose_engine,
    open_engine,
    open_torch,
)
from tumorscope.inference.predictor import Engine, Predictor
from tumorscope.input_gate.distance import DistanceModel
from tumorscope.input_gate.judging import InputGate
from tumorscope.io.bundle import (
    BUNDLE,
    BUNDLES,
    WEIGHTS,
    read_bundle,
    read_card,
    read_gate,
)
from tumorscope.io.engine_files import list_engines, read_engine


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A bundle that is ready to score.

    Attributes:
        predictor: Gate, preprocessing, engine, calibration and decision rules.
        engine_note: Which engine scores, and how it compares with torch.
        engine_digests: SHA-256 of what runs the network, by file: its identity.
        streams: Threads that may score with it at once.
    """

    predictor: Predictor
    engine_note: str
    engine_digests: Mapping[str, str]
    streams: int


def serve_bundle(path: Path, *, engine: str = AUTO, streams: int = 1) -> ServedModel:
    """Open a bundle with an engine.

    Args:
        path: A bundle, or a run that holds one.
        engine: As for `choose_engine`.
        streams: Passes at once, each on one core; 1 lets each pass take all cores, and
            torch does so in any case.

    Raises:
        BundleError: If bundle or engine is damaged, or they do not belong together.
        ConfigError: If the engine was not exported, or cannot run here.
    """
    folder = bundle_of(path)
    card = read_card(folder)
    choice = choose_engine(list_engines(folder), engine)
    scorer: Engine
    if choice.record is None:
        scorer, streams = open_torch(read_bundle(folder).weights), 1
        digests = {f"torch/{WEIGHTS}": card.files[WEIGHTS]}
    else:
        record = choice.record
        exported = open_engine(
            *(record.target, record.precision, read_engine(folder, record)),
            threads=1 if streams > 1 else 0,
            streams=streams,
        )
        digests = {f"{record.name}/{key}": one for key, one in record.files.items()}
        check_origin(
            card,
            name=record.name,
            weights_digest=card.files[WEIGHTS],
            found=exported.metadata,
        )
        scorer = exported
    gate = make_gate(folder, card, read_gate(folder, card))
    return ServedModel(
        predictor=Predictor(card, scorer, gate),
        engine_note=choice.note,
        engine_digests=digests,
        streams=streams,
    )


def make_gate(
    folder: Path, card: BundleCard, arrays: Mapping[str, NDArray[Any]] | None
) -> InputGate | None:
    """Return the input gate of a bundle; None where it has none.

    Args:
        folder: The bundle's folder, for messages.
        card: Its card.
        arrays: Its gate's arrays.

    Raises:
        BundleError: If the arrays are not those of this version.
    """
    if card.input_gate is None or arrays is None:
        return None
    try:
        model = DistanceModel.from_arrays(arrays)
    except DataError as error:
        raise BundleError(f"{folder}: {error}") from error
    return InputGate(rules=card.input_gate, model=model)


def bundle_of(path: Path) -> Path:
    """Return the bundle folder for a path that is a bundle or a run with one.

    Raises:
        BundleError: If the path is a run with one bundle for each fold.
    """
    if (path / BUNDLES).is_dir():
        folds = sorted(folder.name for folder in (path / BUNDLES).iterdir())
        raise BundleError(
            f"{path}: cross-validation left one bundle for each fold; name one of "
            f"{path / BUNDLES}: {', '.join(folds)}"
        )
    return path / BUNDLE if (path / BUNDLE).is_dir() else path
