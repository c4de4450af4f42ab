"""What this machine offers, what is missing, and how to get it.

Versions come from the installed packages' metadata and hardware facts from the operating
system, so that the answer needs no heavy import and works where an import would fail. What
a machine does not tell is reported as unknown; no check raises.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs
import psutil

from tumorscope.learning.hardware import cpu_flags, has_native_bf16

PACKAGES = (
    "tumorscope",
    "torch",
    "monai",
    "lightning",
    "captum",
    "nilearn",
    "scikit-learn",
    "scipy",
    "numpy",
    "pandas",
    "pyarrow",
    "opencv-python-headless",
    "pillow",
    "pydantic",
    "safetensors",
)
RUNTIMES = ("openvino", "onnxruntime")
"""Optional: they score exported engines."""
# A feature is present where any of its flags is.
CPU_FEATURES = {
    "AVX2": ("avx2",),
    "AVX-512": ("avx512f",),
    "AVX-512 BF16": ("avx512_bf16",),
    "AMX BF16": ("amx_bf16",),
    "VNNI": ("avx512_vnni", "avx_vnni"),
}
WEIGHTS_NAME = "resnet50-11ad3fa6.pth"
WEIGHTS_URL = f"https://download.pytorch.org/models/{WEIGHTS_NAME}"
NATIVE_BF16_CAPABILITY = (8, 0)  # NVIDIA Ampere
GIB = 2**30
LITTLE_DISK_GIB = 5.0


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
class PrecisionChoice:
    """What `device = "auto"` and `precision = "auto"` come to, and why."""

    device: str
    precision: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Free space where something is going to be written; None where unknown."""

    purpose: str
    folder: str
    free_gib: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something that is not there: what that costs, and how to get it."""

    what: str
    cost: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorReport:
    """All that was found out about this machine.

    Attributes:
        system: Operating system and machine type.
        python: Version of the interpreter.
        packages: Package name to installed version, or None where it is not installed.
        processor: CPU and memory.
        gpus: CUDA devices, empty where there are none.
        precision: What training chooses by itself.
        disks: Free space at the working folder and at the cache.
        weights: Path at which ImageNet weights are looked for.
        weights_present: Whether the file is there; its hash is checked when it is used.
        missing: What is not there, in order of weight.
    """

    system: str
    python: str
    packages: dict[str, str | None]
    processor: Processor
    gpus: tuple[Gpu, ...]
    precision: PrecisionChoice
    disks: tuple[Disk, ...]
    weights: str
    weights_present: bool
    missing: tuple[Missing, ...]

    def as_json(self) -> str:
        """Return the report as JSON text with the names of the attributes."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)

    def as_text(self) -> str:
        """Return the report as it is printed, one fact on a line."""
        rows = [
            ("system", self.system),
            ("python", self.python),
            *(
                (name, found or "not installed")
                for name, found in self.packages.items()
            ),
            ("processor", self.processor.model),
            ("cores", str(self.processor.cores)),
            ("memory", _gib(self.processor.memory_gib)),
            *((name, _yes_no(has)) for name, has in self.processor.features.items()),
            *(("GPU", _gpu_line(gpu)) for gpu in self.gpus or ()),
            *([] if self.gpus else [("GPU", "no CUDA device found")]),
            ("device", self.precision.device),
            ("precision", f"{self.precision.precision}: {self.precision.reason}"),
            *((disk.purpose, _disk_line(disk)) for disk in self.disks),
            ("ImageNet weights", "present" if self.weights_present else "absent"),
        ]
        width = max(len(name) for name, _ in rows)
        lines = [f"{name:<{width}}  {value}" for name, value in rows]
        lines += ["", "Missing:" if self.missing else "Nothing is missing."]
        for item in self.missing:
            lines += [f"- {item.what}: {item.cost}", f"  {item.remedy}"]
        lines += ["", "Research use only. Not a medical device."]
        return "\n".join(lines)


def inspect_machine(
    *, folder: Path = Path(), cpuinfo: Path = Path("/proc/cpuinfo")
) -> DoctorReport:
    """Find out what the machine offers and what it lacks.

    Args:
        folder: Where runs are going to be written; it need not exist.
        cpuinfo: Linux's list of processors; features are unknown where it is absent.

    Returns:
        The report. Nothing is written or imported, and nothing raises for a lack.
    """
    packages = {name: _installed(name) for name in (*PACKAGES, *RUNTIMES)}
    processor = _processor(cpuinfo)
    gpus = parse_gpus(_nvidia_smi())
    cache = Path(platformdirs.user_cache_dir("tumorscope"))
    weights = cache / "weights" / WEIGHTS_NAME
    disks = (
        Disk(purpose="free, runs", folder=str(folder), free_gib=free_gib(folder)),
        Disk(purpose="free, cache", folder=str(cache), free_gib=free_gib(cache)),
    )
    return DoctorReport(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        packages=packages,
        processor=processor,
        gpus=gpus,
        precision=choose_precision(
            gpus, torch_version=packages["torch"], native_bf16=processor.native_bf16
        ),
        disks=disks,
        weights=str(weights),
        weights_present=weights.is_file(),
        missing=(
            *_missing_packages(packages),
            *_missing_gpu(gpus, packages["torch"]),
            *_missing_weights(weights),
            *_missing_space(disks),
            *_missing_extras(),
        ),
    )


def choose_precision(
    gpus: Sequence[Gpu], *, torch_version: str | None, native_bf16: bool | None
) -> PrecisionChoice:
    """Say where training runs by itself, and in which precision.

    bf16 is chosen only where the hardware multiplies it: elsewhere it is emulated, and a
    training step takes more than ten times as long as in 32 bit.

    Args:
        gpus: CUDA devices; the first one is used.
        torch_version: Installed version; a CPU build ("+cpu") cannot use a GPU.
        native_bf16: Whether the CPU multiplies bf16 in hardware; None where unknown.

    Returns:
        Device "cuda" or "cpu", precision "bf16" or "32", and the reason.
    """
    if gpus and not _is_cpu_build(torch_version):
        capability = gpus[0].capability
        if capability is not None and capability >= NATIVE_BF16_CAPABILITY:
            reason = f"{gpus[0].name} multiplies bf16 natively"
            return PrecisionChoice(device="cuda", precision="bf16", reason=reason)
        reason = f"{gpus[0].name} is not known to multiply bf16 natively"
        return PrecisionChoice(device="cuda", precision="32", reason=reason)
    if native_bf16:
        reason = "this CPU multiplies bf16 natively (AVX-512 BF16 or AMX)"
        return PrecisionChoice(device="cpu", precision="bf16", reason=reason)
    lack = (
        "has neither AVX-512 BF16 nor AMX" if native_bf16 is False else "says nothing"
    )
    reason = f"this CPU {lack}; emulated bf16 is more than ten times slower"
    return PrecisionChoice(device="cpu", precision="32", reason=reason)


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


def _processor(cpuinfo: Path) -> Processor:
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


def _nvidia_smi() -> str:
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


def _capability(text: str) -> tuple[int, int] | None:
    major, _, minor = text.partition(".")
    if major.isdecimal() and minor.isdecimal():
        return int(major), int(minor)
    return None


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _is_cpu_build(torch_version: str | None) -> bool:
    return torch_version is None or torch_version.endswith("+cpu")


def _missing_packages(packages: dict[str, str | None]) -> list[Missing]:
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
    if _is_cpu_build(torch_version):
        cost = "the GPU stays unused: this torch is the CPU build"
        remedy = "pip install --force-reinstall torch, from an index with CUDA builds"
        return [Missing(what="torch for CUDA", cost=cost, remedy=remedy)]
    return []


def _missing_weights(weights: Path) -> list[Missing]:
    if weights.is_file():
        return []
    cost = "train.initial_weights = imagenet downloads 98 MB at its first use"
    remedy = (
        f"offline: save {WEIGHTS_URL} as {weights}, or train with "
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
        if _installed(sentinel) is None
    ]


def _gib(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} GiB"


def _yes_no(has: bool | None) -> str:  # noqa: FBT001 - the value to be shown
    return {True: "yes", False: "no", None: "unknown"}[has]


def _gpu_line(gpu: Gpu) -> str:
    capability = ".".join(map(str, gpu.capability)) if gpu.capability else "unknown"
    return (
        f"{gpu.name}, {_gib(gpu.memory_gib)}, driver {gpu.driver}, "
        f"compute capability {capability}"
    )


def _disk_line(disk: Disk) -> str:
    return f"{_gib(disk.free_gib)} at {disk.folder}"
