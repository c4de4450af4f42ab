"""An environment of their own for the tools that de-identification is compared with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGES = ("dicom-anonymizer==2.1.0", "dicognito==0.19.0", "deid==0.4.13")
PACKAGES += ("pydicom==3.0.2",)
PEERS = ("dicom-anonymizer", "dicom-anonymizer 2026c", "dicognito", "deid")
_LIMIT_S = 900


def set_up(folder: Path) -> Path:
    """Return the interpreter of the peers' environment, made on first use.

    Args:
        folder: Where it is, or shall be.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES])
    return python


def run_peer(python: Path, peer: str, source: Path, out: Path) -> tuple[Any, str]:
    """Return what a peer took, and all that it said.

    Args:
        python: From `set_up`.
        peer: Of `PEERS`.
        source: Folder of `.dcm` files.
        out: Folder to write to.
    """
    script = Path(__file__).with_name("deid_peer_runner.py")
    done = _run([str(python), str(script), peer, str(source), str(out)])
    *_, last = done.stdout.splitlines()
    return json.loads(last), done.stdout + done.stderr


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - commands of this file
        command, capture_output=True, text=True, check=True, timeout=_LIMIT_S
    )
