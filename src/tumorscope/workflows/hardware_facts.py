"""What the operating system tells of processor, memory, GPUs and disks.

Nothing raises for a lack: what a machine does not tell is None, or "unknown".
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from tumorscope.learning.hardware import cpu_flags, has_native_bf16

# A feature is present where any of its flags is.
CPU_FEATURES = {
    "AVX2": ("avx2",),
    "AVX-512": ("avx512f",),
    "AVX-512 BF16": ("avx512_bf16",),
    "AMX BF16": ("amx_bf16",),
    "VNNI": ("avx512_vnni", "avx_vnni"),
}
GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """The CPU and the memory beside it.

    Attributes:
        model: As the system names it; "unknown" where it does not.
        cores: Logical cores that this process may use.
        memory_gib: Physical memory, or None where unknown.
        features: Feature name to present, absent, or None for unknown.
        native_bf16: Whether bf16 is multiplied in hardware; None where unknown.
    """

    model: str
    cores: int
    memory_gib: float | None
    features: dict[str, bool | None]
    native_bf16: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One CUDA device as `nvidia-smi` reports it.

    Attributes:
        name: Product name.
        memory_gib: Memory of the device, or None where unknown.
        driver: Version of the driver.
        capability: CUDA compute capability (major, minor), or None where unknown.
    """

    name: str
    memory_gib: float | None
    driver: str
    capability: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Free space where something is going to be written; None where unknown."""

    purpose: str
    folder: str
    free_gib: float | None


def read_processor(cpuinfo: Path) -> Processor:
    """Return what Linux's list of processors and the system tell."""
    flags = cpu_flags(cpuinfo)
    features = {
        name: any(flag in flags for flag in wanted) if flags else None
        for name, wanted in CPU_FEATURES.items()
    }
    return Processor(
        model=_cpu_model(cpuinfo),
        cores=_usable_cores(),
        memory_gib=_memory_gib(),
        features=features,
        native_bf16=has_native_bf16(flags) if flags else None,
    )


def parse_gpus(listing: str) -> tuple[Gpu, ...]:
    """Read the device list of `nvidia-smi`.

    Args:
        listing: Lines of "name, memory in MiB, driver, compute capability". A field that
            is no number ("[N/A]") becomes None; other lines are passed over.

    Returns:
        The devices in their order.
    """
    rows = [
        [field.strip() for field in line.split(",")] for line in listing.splitlines()
    ]
    return tuple(
        Gpu(
            name=name,
            memory_gib=int(memory) / 1024 if memory.isdecimal() else None,
            driver=driver,
            capability=_capability(capability),
        )
        for name, memory, driver, capability in (row for row in rows if len(row) == 4)
    )


def list_gpus() -> str:
    """Return what `nvidia-smi` lists; empty where it is absent or fails."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return ""
    query = "--query-gpu=name,memory.total,driver_version,compute_cap"
    try:
        answer = subprocess.run(  # noqa: S603 - the driver's own tool, fixed arguments
            [command, query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout if answer.returncode == 0 else ""


def free_gib(folder: Path) -> float | None:
    """Return the free space for new files in a folder, in GiB.

    Args:
        folder: Need not exist: the nearest existing parent is asked.

    Returns:
        Free space for this user, or None where the system does not tell.
    """
    try:
        path = folder.absolute()
        existing = next(place for place in (path, *path.parents) if place.exists())
        return shutil.disk_usage(existing).free / GIB
    except (OSError, StopIteration):
        return None


def _cpu_model(cpuinfo: Path) -> str:
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if "model name" in line)
    return next(named, "") or platform.processor() or "unknown"


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_gib() -> float | None:
    try:
        return float(psutil.virtual_memory().total) / GIB
    except (OSError, RuntimeError):
        return None


def _capability(text: str) -> tuple[int, int] | None:
    major, _, minor = text.partition(".")
    if major.isdecimal() and minor.isdecimal():
        return int(major), int(minor)
    return None
