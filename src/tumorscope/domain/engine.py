"""The record of an exported engine, and what its graph carries about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from tumorscope.domain.card import BundleCard
from tumorscope.domain.errors import BundleError
from tumorscope.domain.export_spec import Precision, Target
from tumorscope.domain.preprocess_spec import PreprocessSpec
from tumorscope.domain.spec import Spec

INPUT, LOGIT, CLASS_MAP = "images", "logit", "class_map"
"""Names of the graph's input and outputs."""
OPSET = 17
WEIGHTS_KEY, PREPROCESS_KEY = "weights_digest", "preprocess"


class EngineRecord(Spec):
    """What stands in `engine.json`, beside the files of one engine."""

    format: int = 1
    """Version of this layout."""
    target: Target
    """Runtime that the files are for."""
    precision: Precision
    """Numbers that the network is computed in."""
    weights_digest: str
    """SHA-256 of the weights that the engine was made from."""
    preprocess: PreprocessSpec
    """Preprocessing that belongs to these weights."""
    classes: tuple[str, str]
    """Outputs of the network, in order; the logit is the second minus the first."""
    calibration_slices: Annotated[int, Field(ge=0)] = 0
    """Training slices that calibrated int8; 0 for other precisions."""
    created: str
    """ISO 8601 time with zone."""
    environment: dict[str, str]
    """Versions of the libraries that made the engine."""
    parity: str
    """What the comparison with the bundle's own scores came to, in a sentence."""
    waiver: str = ""
    """Why the engine is kept beyond the tolerance; empty where it is within."""
    files: dict[str, str]
    """SHA-256 of each other file of the engine."""

    @property
    def name(self) -> str:
        """Name of the engine, as `predict --engine` takes it."""
        return f"{self.target}-{self.precision}"


def graph_metadata(card: BundleCard, weights_digest: str) -> dict[str, str]:
    """Return what a graph says of itself, for readers that have nothing but the graph.

    The threshold and the calibration are left out: they stand on the card, which may be
    written again, and a graph that repeats them would drift from it.

    Args:
        card: The bundle's card.
        weights_digest: SHA-256 of the weights.

    Returns:
        Texts by key; `preprocess` is JSON.
    """
    return {
        WEIGHTS_KEY: weights_digest,
        PREPROCESS_KEY: card.preprocess.model_dump_json(),
        "classes": ",".join(card.classes),
        "sequences": ",".join(card.sequences),
        "input": f"{INPUT}: (batch, 3, height, width), float32, in [-1, 1]",
        "outputs": (
            f"{LOGIT}: (batch,), {card.classes[1]} minus {card.classes[0]}; {CLASS_MAP}: "
            "(batch, height / 32, width / 32), its mean is the logit"
        ),
        "model": card.name,
        "notice": card.notice,
    }


def check_origin(
    card: BundleCard, *, name: str, weights_digest: str, found: Mapping[str, str]
) -> None:
    """Refuse a graph that was made from other weights, or for other preprocessing.

    Args:
        card: The bundle's card.
        name: Name of the engine, for the message.
        weights_digest: SHA-256 of the bundle's weights.
        found: The graph's own metadata.

    Raises:
        BundleError: If they do not belong together.
    """
    expected = graph_metadata(card, weights_digest)
    for key in (WEIGHTS_KEY, PREPROCESS_KEY):
        if found.get(key) != expected[key]:
            raise BundleError(
                f"engine {name}: its {key} is not the bundle's: it was exported from "
                "another model; run `tumorscope export` again"
            )
