"""Objects after de-identification, judged by dciodvfy: errors that the source had not.

Takes the MR files that pydicom ships, and any further folders. Real files have errors
before anything is done to them; what counts is that none is added. Needs the Debian
package dicom3tools.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pydicom

from tumorscope.deid.dicom_file import PatientJob, deidentify_dicom, read_subject
from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys, new_secret
from tumorscope.domain.deid_spec import DeidSpec

RESULTS = Path(__file__).parent / "results"
SPEC = DeidSpec(
    pixels_reviewed="files of this benchmark, no patient of ours",
    accept_deidentified=True,
)
_LIMIT_S = 60


def main() -> None:
    """Judge every file before and after, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="more DICOM files")
    parser.add_argument("--out", type=Path, default=RESULTS / "deid_conformance.json")
    options = parser.parse_args()
    shipped = Path(pydicom.__file__).parent / "data" / "test_files"
    result = {
        str(folder.name): measure(sorted(folder.rglob("*")))
        for folder in (shipped, *options.folders)
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


def measure(paths: Iterable[Path]) -> dict[str, Any]:
    """Return how many files were judged, and the error lines that are new.

    Args:
        paths: Candidates; what is no DICOM file of an admitted class is left out.
    """
    refused: Counter[str] = Counter()
    new_lines: Counter[str] = Counter()
    n_files = errors_before = errors_after = 0
    for path in paths:
        if not path.is_file():
            continue
        content = path.read_bytes()
        try:
            subject = read_subject(content)
            tokens = IdentityTokens.from_values(subject.values)
            keys = PatientKeys(secret=new_secret())
            job = PatientJob(spec=SPEC, keys=keys, tokens=tokens)
            done = deidentify_dicom(content, job).content
        except MalformedFileError as error:
            refused[error.code] += 1
            continue
        before, after = error_lines(content), error_lines(done)
        n_files += 1
        errors_before += before.total()
        errors_after += after.total()
        new_lines.update(after - before)
    return {
        "files": n_files,
        "errors_before": errors_before,
        "errors_after": errors_after,
        "new_errors": new_lines.total(),
        "new_lines": dict(new_lines.most_common(20)),
        "refused": dict(refused),
    }


def error_lines(content: bytes) -> Counter[str]:
    """Return what dciodvfy calls errors, values left out.

    Args:
        content: A DICOM file.
    """
    command = shutil.which("dciodvfy")
    if command is None:
        raise FileNotFoundError(
            "dciodvfy is not installed: apt-get install dicom3tools"
        )
    with tempfile.NamedTemporaryFile(suffix=".dcm") as file:
        file.write(content)
        file.flush()
        done = subprocess.run(  # noqa: S603 - a validator of the system
            [command, file.name],
            capture_output=True,
            check=False,
            timeout=_LIMIT_S,
        )
    said = (done.stdout + done.stderr).decode("latin-1")
    return Counter(
        re.sub(r"<[0-9][^>]*>|\b[0-9]+(?:\.[0-9]+){2,}| [0-9.]+$", "", line).strip()
        for line in said.splitlines()
        if line.startswith("Error")
    )


if __name__ == "__main__":
    main()
