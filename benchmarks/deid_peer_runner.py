"""Runs one peer over a folder; started by the peers' own interpreter.

Each peer is used as its documentation shows, with its defaults. Prints JSON: processor
seconds of the files alone, and how many were written.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

PEERS = ("dicom-anonymizer", "dicom-anonymizer 2026c", "dicognito", "deid")


def main() -> None:
    """Read the folder names, run the peer, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    run = _load(options.peer)
    options.out.mkdir(parents=True, exist_ok=True)
    written, started = 0, time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        for path in sorted(options.source.glob("*.dcm")):
            # A peer may fail on a planted file; a file that is not written leaks nothing.
            with contextlib.suppress(Exception):
                run(path, options.out / path.name)
                written += 1
    seconds = time.process_time() - started
    sys.stdout.write(json.dumps({"seconds": seconds, "written": written}) + "\n")


def _load(peer: str) -> Callable[[Path, Path], Any]:
    if peer == "dicognito":
        return _load_dicognito()
    if peer == "deid":
        return _load_deid()
    return _load_dicom_anonymizer(uses_2026c=peer.endswith("2026c"))


def _load_dicom_anonymizer(*, uses_2026c: bool) -> Callable[[Path, Path], Any]:
    engine = importlib.import_module("dicomanonymizer")
    base = {"base_rules_gen": None}
    if uses_2026c:
        selector = importlib.import_module("dicomanonymizer.simpledicomanonymizer")
        rules = selector.initialize_actions("dicomfields_2026c")
        base = {"base_rules_gen": lambda: rules}
    options = {name: value for name, value in base.items() if value is not None}

    def run(source: Path, target: Path) -> None:
        engine.anonymize_dicom_file(str(source), str(target), **options)

    return run


def _load_dicognito() -> Callable[[Path, Path], Any]:
    pydicom = importlib.import_module("pydicom")
    anonymizer = importlib.import_module("dicognito.anonymizer").Anonymizer()

    def run(source: Path, target: Path) -> None:
        with pydicom.dcmread(str(source)) as data:
            anonymizer.anonymize(data)
            data.save_as(str(target))

    return run


def _load_deid() -> Callable[[Path, Path], Any]:
    dicom = importlib.import_module("deid.dicom")

    def run(source: Path, target: Path) -> None:
        (cleaned,) = dicom.replace_identifiers(
            dicom_files=[str(source)], save=False, disable_skip=True
        )
        cleaned.save_as(str(target))

    return run


if __name__ == "__main__":
    main()
