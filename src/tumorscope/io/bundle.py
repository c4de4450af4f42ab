"""A bundle: a folder with `card.json` and `weights.safetensors`, never a pickle."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from tumorscope.domain.card import CARD_FORMAT, BundleCard
from tumorscope.domain.errors import BundleError
from tumorscope.io.whole_files import write_text

CARD, WEIGHTS, GATE = "card.json", "weights.safetensors", "gate.safetensors"
BUNDLE, BUNDLES = "bundle", "bundles"
"""Folders inside a run: the only bundle, or one for each fold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A model that can be served.

    Attributes:
        card: Preprocessing, threshold, training data, figures.
        weights: State dict of the network, float32 and int64 arrays.
        folder: Where it was read from.
        gate: Arrays of the input gate, float32; None where the bundle has none.
    """

    card: BundleCard
    weights: Mapping[str, NDArray[Any]]
    folder: Path
    gate: Mapping[str, NDArray[Any]] | None = None


def weights_bytes(weights: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the content of a file of weights, or of the input gate's arrays."""
    ordered = {
        name: np.ascontiguousarray(value) for name, value in sorted(weights.items())
    }
    return save(ordered)


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def write_bundle(
    folder: Path, card: BundleCard, weights: bytes, *, gate: bytes | None = None
) -> None:
    """Write a bundle beside its place, then rename it; replaces an older one.

    Args:
        folder: Where the bundle goes.
        card: Its card; `files` must hold the digest of the weights and of the gate.
        weights: As returned by `weights_bytes`.
        gate: The input gate's arrays, likewise; None where there is no gate.

    Raises:
        BundleError: If a digest on the card is not the one of its file.
    """
    contents = {WEIGHTS: weights} | ({} if gate is None else {GATE: gate})
    if card.files != {name: sha256(content) for name, content in contents.items()}:
        raise BundleError(f"{folder}: the card does not belong to these weights")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name, content in contents.items():
        (partial / name).write_bytes(content)
    (partial / CARD).write_text(_card_text(card), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)


def update_card(folder: Path, card: BundleCard) -> None:
    """Replace the card of a bundle; the weights stay."""
    write_text(folder / CARD, _card_text(card))


def read_bundle(folder: Path) -> Bundle:
    """Read a bundle and check every digest.

    Args:
        folder: The bundle's folder.

    Returns:
        Card and weights.

    Raises:
        BundleError: If it is no bundle, damaged, foreign, or from a newer version.
    """
    card = read_card(folder)
    for name in card.files:
        _check_digest(folder, card, name)
    return Bundle(
        card=card,
        weights=_load_arrays(folder / WEIGHTS),
        folder=folder,
        gate=None if card.input_gate is None else _load_arrays(folder / GATE),
    )


def read_gate(folder: Path, card: BundleCard) -> Mapping[str, NDArray[Any]] | None:
    """Read the input gate alone: an exported engine needs no weights.

    Args:
        folder: The bundle's folder.
        card: Its card.

    Returns:
        Arrays of the gate, float32; None where the bundle has none.

    Raises:
        BundleError: If the file is missing, damaged or exchanged.
    """
    if card.input_gate is None:
        return None
    _check_digest(folder, card, GATE)
    return _load_arrays(folder / GATE)


def _check_digest(folder: Path, card: BundleCard, name: str) -> None:
    path = folder / name
    if not path.is_file():
        raise BundleError(f"{folder}: the file {name} is missing; copy it anew")
    if sha256(path.read_bytes()) != card.files[name]:
        raise BundleError(
            f"{path}: damaged or exchanged: its SHA-256 is not the card's; copy the "
            "bundle anew"
        )


def read_card(folder: Path) -> BundleCard:
    """Read a bundle's card.

    Raises:
        BundleError: If there is none, it is damaged, or from a newer version.
    """
    path = folder / CARD
    if not path.is_file():
        raise BundleError(
            f"{folder}: not a bundle (no {CARD}); a trained run has one in RUN/bundle"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: damaged card: {error}") from error
    found = content.get("format") if isinstance(content, dict) else None
    if not isinstance(found, int) or found < 1:
        raise BundleError(f"{path}: not a Tumorscope card: it has no format number")
    if found > CARD_FORMAT:
        raise BundleError(
            f"{path}: format {found} is newer than this version reads ({CARD_FORMAT}); "
            "update tumorscope"
        )
    try:
        card = BundleCard.model_validate(_upgraded(content))
    except ValidationError as error:
        raise BundleError(f"{path}: damaged or foreign card: {error}") from error
    _check_files(path, card)
    return card


def _check_files(path: Path, card: BundleCard) -> None:
    if WEIGHTS not in card.files:
        raise BundleError(f"{path}: the card lists no {WEIGHTS}")
    if (card.input_gate is not None) != (GATE in card.files):
        raise BundleError(
            f"{path}: the card's input gate and its file {GATE} do not go together; copy "
            "the bundle anew"
        )


def _load_arrays(path: Path) -> Mapping[str, NDArray[Any]]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise BundleError(f"{path}: unreadable: {error}") from error


def _upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """Return a card of any known format in the newest one."""
    if content["format"] == 1:
        content = _upgrade_from_1(content)
    return _upgrade_from_2(content) if content["format"] == 2 else content


def _upgrade_from_1(content: dict[str, Any]) -> dict[str, Any]:
    """Return a card of format 1 in format 2.

    Format 1 knew no calibration, no conformal sets and no referral: its tumor_probability
    is that of the raw logit, and nothing is referred, which is what their absence means.
    """
    return content | {"format": 2}


def _upgrade_from_2(content: dict[str, Any]) -> dict[str, Any]:
    """Return a card of format 2 in format 3.

    Format 2 knew no input gate: every readable file is scored, which is what its absence
    means.
    """
    return content | {"format": 3}


def _card_text(card: BundleCard) -> str:
    return card.model_dump_json(indent=1) + "\n"
