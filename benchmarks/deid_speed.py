"""Files de-identified per second of processor: Tumorscope and its peers, in one run.

Tumorscope is measured twice: as a library, which is what the peers are (read whose file
it is, rewrite, sweep, write), and as the whole command, with child process, vault,
journal, fsync, and the self-check that reads every finished file again.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from deid_peers import PEERS, run_peer, set_up
from deid_plant import make_image, to_bytes
from pydicom import FileDataset
from pydicom.dataelem import DataElement

from tumorscope.deid.dicom_file import PatientJob, deidentify_dicom, read_subject
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys, new_secret
from tumorscope.domain.deid_spec import DeidSpec
from tumorscope.io.vault_key import write_new_key
from tumorscope.workflows.deid import deidentify

RESULTS = Path(__file__).parent / "results"
CASES = {"small": (500, 64, 0), "large": (200, 256, 80_000)}
"""Files, rows and columns, bytes of private headers."""


def main() -> None:
    """Measure every tool on the same files, and write one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--peers", type=Path, help="folder for the peers' environment; none: only us"
    )
    parser.add_argument("--share", type=float, default=1.0, help="share of the files")
    parser.add_argument("--out", type=Path, default=RESULTS / "deid_speed.json")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    result = measure(options.peers, options.share)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for case, tools in result.items():
        sys.stdout.write(f"{case}: {tools['files']} files of {tools['bytes']} bytes\n")
        for name, rate in tools["files_per_processor_second"].items():
            sys.stdout.write(f"  {name:28} {rate:8.0f}\n")


def measure(peers: Path | None, share: float) -> dict[str, Any]:
    """Return files per second of processor for each case and tool."""
    python = None if peers is None else set_up(peers)
    found = {}
    for case, (total, size, private) in CASES.items():
        n_files = max(int(total * share), 2)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            n_bytes = _make_files(folder / "in", n_files, size, private)
            rates = {
                "tumorscope, library": n_files / _run_library(folder),
                "tumorscope, whole command": n_files / _run_command(folder),
            }
            for peer in PEERS if python is not None else ():
                took, _ = run_peer(python, peer, folder / "in", folder / peer)
                rates[peer] = took["written"] / took["seconds"]
        found[case] = {
            "files": n_files,
            "bytes": n_bytes,
            "files_per_processor_second": rates,
        }
    return found


def _make_files(folder: Path, n_files: int, size: int, private: int) -> int:
    folder.mkdir(parents=True)
    n_bytes = 0
    for number in range(1, n_files + 1):
        data = make_image(size, number=number)
        _place(data, size, number)
        if private:
            data.add(DataElement(0x00290010, "LO", "MADE UP HEADER"))
            data.add(DataElement(0x00291010, "OB", bytes(private)))
        content = to_bytes(data)
        n_bytes = len(content)
        (folder / f"{number:04d}.dcm").write_bytes(content)
    return n_bytes


def _place(data: FileDataset, size: int, number: int) -> None:
    """Put a slice into a series of 200 that is as large as a head."""
    series, height_mm = divmod(number - 1, 200)
    data.SeriesInstanceUID = f"1.2.826.0.1.9.2.{series + 1}"
    data.ImagePositionPatient = [-120, -120, height_mm]
    data.PixelSpacing = [240 / size, 240 / size]


def _run_library(folder: Path) -> float:
    """Return seconds of processor for reading, rewriting, sweeping and writing."""
    paths = sorted((folder / "in").glob("*.dcm"))
    (folder / "library").mkdir()
    keys = PatientKeys(secret=new_secret())
    started = time.process_time()
    values: dict[str, dict[str, None]] = {}
    for path in paths:
        for kind, texts in read_subject(path.read_bytes()).values.items():
            values.setdefault(kind, {}).update(dict.fromkeys(texts))
    job = PatientJob(
        spec=DeidSpec(), keys=keys, tokens=IdentityTokens.from_values(values)
    )
    for path in paths:
        done = deidentify_dicom(path.read_bytes(), job)
        (folder / "library" / done.name).write_bytes(done.content)
    return time.process_time() - started


def _run_command(folder: Path) -> float:
    """Return seconds of processor of the whole workflow, its child included."""
    write_new_key(folder / "key")
    started = _processor()
    done = deidentify(
        folder / "in",
        folder / "out",
        vault=folder / "vault" / "vault.sqlite",
        key_file=folder / "key",
        # Noise is judged as any volume is, and then let through.
        assignments=["deid.faces=flag"],
    )
    if done.report.n_written != done.report.n_files:
        raise RuntimeError("not every file was written: the figures would not compare")
    return _processor() - started


def _processor() -> float:
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(who)
        total += used.ru_utime + used.ru_stime
    return total


if __name__ == "__main__":
    main()
