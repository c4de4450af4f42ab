"""Environments of the peers, made once in a cache folder, apart from Tumorscope's own."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

import platformdirs

HERE = Path(__file__).parent
REQUIREMENTS = {
    "torch": ("requirements-torch.txt", "requirements-torch-alone.txt"),
    "keras": ("requirements-keras.txt", ""),
}
LONGEST_S = 1800


class PeerMissingError(Exception):
    """An environment that cannot be made here; the text says why."""


def environment_python(name: str) -> Path:
    """Return the interpreter of an environment, after making it if need be.

    Args:
        name: A key of `REQUIREMENTS`.

    Raises:
        PeerMissingError: If a package cannot be installed.
    """
    whole, alone = REQUIREMENTS[name]
    listed = [HERE / one for one in (whole, alone) if one]
    digest = hashlib.sha256(b"".join(one.read_bytes() for one in listed)).hexdigest()
    folder = (
        platformdirs.user_cache_path("tumorscope") / "peers" / f"{name}-{digest[:12]}"
    )
    python, stamp = folder / "bin" / "python", folder / "installed"
    if stamp.is_file():
        return python
    sys.stdout.write(f"making the environment {folder}: some minutes and gigabytes\n")
    venv.create(folder, with_pip=True, clear=True)
    _install(python, ["--requirement", str(HERE / whole)])
    if alone:
        _install(python, ["--no-deps", "--requirement", str(HERE / alone)])
    stamp.touch()
    return python


def _install(python: Path, options: list[str]) -> None:
    words = [str(python), "-m", "pip", "install", "--quiet", *options]
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            words, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired as error:
        raise PeerMissingError(f"not installed within {LONGEST_S} s") from error
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
        raise PeerMissingError(" ".join(last) or "pip failed")
