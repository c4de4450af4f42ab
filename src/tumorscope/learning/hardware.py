"""What the machine multiplies natively; reads files only, so it costs no import."""

from __future__ import annotations

import platform
from pathlib import Path

BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


def cpu_flags(source: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Return the feature flags of the processor.

    Args:
        source: Linux's list of processors.

    Returns:
        Flag names in lower case; empty where the system does not tell.
    """
    if not source.is_file():
        return frozenset()
    for line in source.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            return frozenset(value.lower().split())
    return frozenset()


def has_native_bf16(flags: frozenset[str] | None = None) -> bool:
    """Return whether the CPU multiplies bf16 in hardware.

    Where it does not, bf16 is emulated and a training step takes many times longer than
    in 32 bit, so `precision = "auto"` stays with 32 bit there.
    """
    known = cpu_flags() if flags is None else flags
    apple = platform.system() == "Darwin" and platform.machine() == "arm64"
    return bool(known & BF16_FLAGS) and not apple
