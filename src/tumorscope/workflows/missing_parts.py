"""What a machine lacks: what that costs, and how to get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tumorscope.domain.published_weights import IMAGENET1K_V2
from tumorscope.workflows.hardware_facts import Disk, Gpu

RUNTIMES = ("openvino", "onnxruntime")
"""Optional: they score exported engines."""
LITTLE_DISK_GIB = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something that is not there: what that costs, and how to get it."""

    what: str
    cost: str
    remedy: str


def missing_parts(
    packages: Mapping[str, str | None],
    gpus: Sequence[Gpu],
    weights: Path,
    disks: Sequence[Disk],
) -> tuple[Missing, ...]:
    """List what is not there, in order of weight.

    Args:
        packages: Name to installed version, or None.
        gpus: CUDA devices.
        weights: Where ImageNet weights are looked for.
        disks: Places that are going to be written to.
    """
    return (
        *_missing_packages(packages),
        *_missing_gpu(gpus, packages["torch"]),
        *_missing_weights(weights),
        *_missing_space(disks),
        *_missing_extras(),
    )


def installed_version(package: str) -> str | None:
    """Return the version of an installed package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def is_cpu_build(torch_version: str | None) -> bool:
    """Return whether this torch cannot use a GPU; also where there is none."""
    return torch_version is None or torch_version.endswith("+cpu")


def _missing_packages(packages: Mapping[str, str | None]) -> list[Missing]:
    return [
        Missing(
            what=name,
            cost="commands that need it stop",
            remedy=f"pip install {name}, or install tumorscope again",
        )
        for name, found in packages.items()
        if found is None and name not in RUNTIMES
    ]


def _missing_gpu(gpus: Sequence[Gpu], torch_version: str | None) -> list[Missing]:
    if not gpus:
        cost = "training runs on the CPU: minutes for an epoch of a thousand slices"
        remedy = "needs an NVIDIA GPU and its driver; `nvidia-smi` must list it"
        return [Missing(what="CUDA GPU", cost=cost, remedy=remedy)]
    if is_cpu_build(torch_version):
        cost = "the GPU stays unused: this torch is the CPU build"
        remedy = "pip install --force-reinstall torch, from an index with CUDA builds"
        return [Missing(what="torch for CUDA", cost=cost, remedy=remedy)]
    return []


def _missing_weights(weights: Path) -> list[Missing]:
    if weights.is_file():
        return []
    cost = f"train.initial_weights = imagenet downloads {IMAGENET1K_V2.size_mb} MB at its first use"
    remedy = (
        f"offline: save {IMAGENET1K_V2.url} as {weights}, or train with "
        "--set train.initial_weights=scratch"
    )
    return [Missing(what="ImageNet weights", cost=cost, remedy=remedy)]


def _missing_space(disks: Sequence[Disk]) -> list[Missing]:
    return [
        Missing(
            what=f"disk space ({disk.folder})",
            cost=f"only {disk.free_gib:.1f} GiB are free; writing a run may fail",
            remedy="remove old runs, or choose another folder with --out",
        )
        for disk in disks
        if disk.free_gib is not None and disk.free_gib < LITTLE_DISK_GIB
    ]


def _missing_extras() -> list[Missing]:
    extras = {
        "openvino": (
            "openvino",
            "scoring on this CPU runs in torch, several times slower; recommended, with "
            "`tumorscope export`",
        ),
        "dev": ("pytest", "the tests and checks cannot run"),
        "docs": ("sphinx", "the documentation cannot be built"),
    }
    return [
        Missing(
            what=f"extra {name!r}",
            cost=cost,
            remedy=f"pip install 'tumorscope[{name}]'",
        )
        for name, (sentinel, cost) in extras.items()
        if installed_version(sentinel) is None
    ]
