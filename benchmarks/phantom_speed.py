"""Measure how long a phantom cohort takes, written to disk; prints and writes JSON.

python benchmarks/phantom_speed.py [--patients 60] [--slices 20] [--workers 2] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tumorscope.phantom import PhantomSpec
from tumorscope.workflows.phantom import make_phantom

TARGET_S = 60.0  # for 60 patients with 20 slices on 2 cores


def measure(spec: PhantomSpec, workers: int) -> dict[str, object]:
    """Make the cohort once in a temporary folder.

    Returns:
        Seconds on the clock and of the processors (which do not grow when the machine is
        busy), and size of the result, beside what was asked and the machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        out = make_phantom(Path(folder) / "phantom", spec, workers=workers)
        duration_s = time.perf_counter() - start
        cpu_s = sum(
            _cpu_s(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        size_mb = sum(path.stat().st_size for path in out.rglob("*.png")) / 1e6
    slices = spec.patients * spec.slices_per_patient
    return {
        "patients": spec.patients,
        "slices_per_patient": spec.slices_per_patient,
        "workers": workers,
        "duration_s": round(duration_s, 2),
        "cpu_s": round(cpu_s, 2),
        "slices_per_s": round(slices / duration_s, 1),
        "size_mb": round(size_mb, 1),
        "target_s": TARGET_S,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def _cpu_s(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a line and the JSON, and write it where wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    spec = PhantomSpec(patients=options.patients, slices_per_patient=options.slices)
    text = json.dumps(measure(spec, options.workers), indent=1)
    sys.stdout.write(text + "\n")
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
