"""Tests against a real PACS: scans in by two ways, out by two, and results back in.

Orthanc runs in a network namespace of its own, with loopback only.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tumorscope.domain.volume import volume_from_affine
from tumorscope.io.images import read_image

AFFINE = np.array([[0, 0, 1.0, -10], [0, 1.0, 0, -20], [3.0, 0, 0, 5], [0, 0, 0, 1]])
CONVERSATION = Path(__file__).parents[1] / "pacs" / "conversation.py"
PACKAGES = "orthanc orthanc-dicomweb iproute2"
LIMIT_S = 300
IN_NAMESPACE = 'ip link set lo up && exec "$@"'

pytestmark = [
    pytest.mark.slow,
    pytest.mark.debian("orthanc"),
    pytest.mark.debian("orthanc-dicomweb"),
    pytest.mark.debian("iproute2"),
]


def reason_to_skip() -> str:
    """Return why this machine cannot run a PACS; empty where it can."""
    plugin = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
    if not (Path("/usr/sbin/Orthanc").is_file() and plugin.is_file()):
        return f"no Orthanc with DICOMweb: apt-get install {PACKAGES}"
    unshare = shutil.which("unshare")
    if unshare is None or shutil.which("ip") is None:
        return f"no unshare or ip: apt-get install util-linux {PACKAGES}"
    tried = subprocess.run(  # noqa: S603 - a known program
        [unshare, "-n", "true"], capture_output=True, check=False
    )
    return "" if tried.returncode == 0 else "no network namespace: run as root"


@pytest.fixture(scope="module")
def found(trained, cohort, scan_makers, tmp_path_factory):
    """Return what happened between us and the PACS."""
    reason = reason_to_skip()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"in CI nothing may be left out: {reason}")
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("pacs")
    source = folder / "source"
    source.mkdir()
    files = [cohort / "P0001" / f"P0001_{number}.png" for number in range(6)]
    voxels = np.stack([read_image(file)[..., 1] for file in files]).astype(np.uint16)
    head = volume_from_affine(voxels, AFFINE)
    for number, file in enumerate(
        scan_makers.make_series(head, SeriesNumber=4, PatientID="PACS-1")
    ):
        (source / f"{number}.dcm").write_bytes(scan_makers.to_bytes(file))
    command = [
        sys.executable,
        str(CONVERSATION),
        str(folder),
        str(trained),
        str(source),
    ]
    done = subprocess.run(  # noqa: S603 - our own script
        [shutil.which("unshare"), "-n", "sh", "-c", IN_NAMESPACE, "sh", *command],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "found.json").read_text())


def test_scans_go_in_by_c_store_and_by_stow(found):
    """Every status is a success, and the PACS holds them all."""
    assert set(found["c_store"]) == {0}
    assert found["stow_failed"] == 0
    assert found["held"] == [6, 6]


def test_the_study_is_found_by_c_find_and_by_qido(found):
    """Both ways of asking for the patient name the one study."""
    assert found["c_find"] == found["qido"] == [found["study"]]


def test_pixels_come_back_unchanged_by_c_move_and_by_wado(found):
    """Every instance is there, bit by bit."""
    assert found["c_move_same"]
    assert found["wado_same"]


def test_what_was_fetched_is_scored_and_results_are_stored(found):
    """The command answers for each slice, and the PACS accepted all objects."""
    answer = found["predicted"]

    assert sum(one["tumor_probability"] is not None for one in answer["slices"]) == 6
    filed = answer["dicom_results"]
    assert filed["files"] == len(filed["stored"]["instances"]) == 5
    assert filed["stored"]["warnings"] == []
    assert found["after"] == [11, 11]


def test_results_read_back_are_those_that_were_sent(found):
    """Report, map and overlays lie in the patient's study, with unchanged content."""
    results = found["results"]

    assert sorted(one["kind"] for one in results) == [
        "Comprehensive 3D SR Storage",
        "Parametric Map Storage",
        *["Secondary Capture Image Storage"] * 3,
    ]
    assert all(one["same"] for one in results)
    assert {(one["study"], one["patient"]) for one in results} == {
        (found["study"], "PACS-1")
    }
    assert all(one["description"].startswith("RESEARCH USE ONLY") for one in results)


def test_sending_again_leaves_one_copy(found):
    """The same results have the same UIDs: the PACS holds no more than before."""
    assert found["again"] == [5, 11]


def test_what_the_pacs_refuses_is_an_error(found):
    """A file that is no DICOM is named, with what the PACS said."""
    assert "refused 1 of 1 objects: 2.25.99: " in found["garbage"]
