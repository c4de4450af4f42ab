"""What this machine offers, what is missing, and how to get it.

Versions come from the installed packages' metadata and hardware facts from the operating
system, so that the answer needs no heavy import and works where an import would fail. What
a machine does not tell is reported as unknown; no check raises.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from tumorscope.domain.published_weights import IMAGENET1K_V2
from tumorscope.workflows.hardware_facts import (
    Disk,
    Gpu,
    Processor,
    free_gib,
    list_gpus,
    parse_gpus,
    read_processor,
)
from tumorscope.workflows.missing_parts import (
    RUNTIMES,
    Missing,
    installed_version,
    is_cpu_build,
    missing_parts,
)

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
NATIVE_BF16_CAPABILITY = (8, 0)  # NVIDIA Ampere


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionChoice:
    """What `device = "auto"` and `precision = "auto"` come to, and why."""

    device: str
    precision: str
    reason: str


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
    packages = {name: installed_version(name) for name in (*PACKAGES, *RUNTIMES)}
    processor = read_processor(cpuinfo)
    gpus = parse_gpus(list_gpus())
    cache = Path(platformdirs.user_cache_dir("tumorscope"))
    weights = cache / "weights" / IMAGENET1K_V2.file_name
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
        missing=missing_parts(packages, gpus, weights, disks),
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
    if gpus and not is_cpu_build(torch_version):
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
