"""Where the first weights come from: ImageNet, a file, or nowhere."""

from __future__ import annotations

import hashlib
import os
import pickle
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError

import platformdirs
import torch
from monai.networks.nets.resnet import ResNet
from safetensors import SafetensorError
from safetensors.torch import load_file

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.published_weights import IMAGENET1K_V2, WeightsSource

_CHUNK_BYTES = 1 << 20
_COUNTER = "num_batches_tracked"
_UNREADABLE = (
    SafetensorError,
    pickle.UnpicklingError,
    OSError,
    RuntimeError,
    EOFError,
    ValueError,
)
"""What the two readers raise for a file that is damaged, foreign or holds code."""


def cache_folder() -> Path:
    """Return the folder that fetched weights are kept in."""
    return platformdirs.user_cache_path("tumorscope") / "weights"


def load_initial_weights(
    network: ResNet, choice: str, *, progress: Progress = silent
) -> str:
    """Put the chosen first weights into the network.

    Args:
        network: As built by `build_network`; changed in place.
        choice: `imagenet`, `scratch`, or the path of a `.safetensors` or `.pth` file.
        progress: Shows the download.

    Returns:
        What was loaded, in words, for the card.

    Raises:
        ConfigError: If the file is missing, or cannot be fetched.
        DataError: If the file is damaged or holds another network.
    """
    if choice == "scratch":
        return "random initialization"
    if choice == "imagenet":
        path = fetch(IMAGENET1K_V2, folder=cache_folder(), progress=progress)
        _load(network, _read(path), origin=path.name)
        return f"torchvision ResNet50 IMAGENET1K_V2 ({path.name})"
    path = Path(choice)
    if not path.is_file():
        raise ConfigError(
            f"train.initial_weights: no file {choice}; use imagenet, scratch, or the "
            "path of a .safetensors or .pth file"
        )
    _load(network, _read(path), origin=path.name)
    return f"{path.name}, SHA-256 {_sha256(path)[:16]}"


def fetch(source: WeightsSource, *, folder: Path, progress: Progress = silent) -> Path:
    """Return the file from the cache, after fetching it if need be.

    Args:
        source: What to fetch.
        folder: The cache; made if it does not exist.
        progress: Shows the download.

    Returns:
        The checked file.

    Raises:
        ConfigError: If the machine is offline; says how to place the file by hand.
        DataError: If the file, in the cache or as fetched, is not the published one.
            What was fetched is then not kept.
    """
    path = folder / source.file_name
    if path.is_file():
        _check(path, source, remedy=f"delete {path} and try again")
    else:
        _download(source, path, progress)
    return path


def _check(path: Path, source: WeightsSource, *, remedy: str) -> None:
    digest = _sha256(path)
    if not digest.startswith(source.sha256_prefix):
        raise DataError(
            f"{source.file_name}: SHA-256 {digest[:16]}... does not begin with "
            f"{source.sha256_prefix}: the file is damaged or another one; {remedy}"
        )


def _download(source: WeightsSource, path: Path, progress: Progress) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with (
            urllib.request.urlopen(source.url, timeout=30) as response,  # noqa: S310 - a constant https or test address
            partial.open("wb") as file,
        ):
            chunks = iter(lambda: response.read(_CHUNK_BYTES), b"")
            label = f"fetching {source.file_name} (MB)"
            for chunk in progress(chunks, total=source.size_mb, label=label):
                file.write(chunk)
        _check(partial, source, remedy="the download was cut short; try again")
        partial.replace(path)
    except (URLError, OSError, HTTPException) as error:
        raise ConfigError(
            f"cannot fetch first weights from {source.url}: {error}. Place the "
            f"file ({source.size_mb} MB) at {path}, or choose other first weights: "
            "--set train.initial_weights=scratch (or the path of a file)"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _read(path: Path) -> Mapping[str, torch.Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        # weights_only: tensors are read, code in the pickle is refused.
        content = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251 - a published .pth has no other reader
    except _UNREADABLE as error:
        raise DataError(f"{path}: no readable weights: {error}") from error
    if not isinstance(content, Mapping):
        raise DataError(f"{path}: holds {type(content).__name__}, not a state dict")
    return content


def _load(network: ResNet, weights: Mapping[str, torch.Tensor], *, origin: str) -> None:
    """Load everything but the head; a head for other classes keeps its random values."""
    own = network.state_dict()
    heads = {"fc.weight", "fc.bias"}
    usable = {
        # A bundle keeps a single number as an array of one.
        name: value.reshape(())
        if name.endswith(_COUNTER) and value.numel() == 1
        else value
        for name, value in weights.items()
        if not (name in heads and value.shape != own[name].shape)
    }
    missing = sorted(set(own) - set(usable) - heads)
    unknown = sorted(set(usable) - set(own))
    reshaped = sorted(
        name for name in set(own) & set(usable) if own[name].shape != usable[name].shape
    )
    if missing or unknown or reshaped:
        raise DataError(
            f"{origin}: not the weights of this ResNet50: missing {missing[:5]}, "
            f"unknown {unknown[:5]}, of another shape {reshaped[:5]}"
        )
    network.load_state_dict(own | dict(usable))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
