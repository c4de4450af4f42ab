"""Orthanc sends a study to the DICOM node and gets results back; writes down what happened.

Run by `tests/serve/test_dicom_node.py` inside a network namespace that has loopback only; no
test itself.

Usage: node_conversation.py FOLDER BUNDLE SOURCE
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

HTTP_PORT, DICOM_PORT, NODE_PORT = 18042, 14242, 11112
BASE = f"http://127.0.0.1:{HTTP_PORT}"
THEIR_TITLE, NODE_TITLE = "TESTPACS", "TUMORSCOPE"
START_S, RESULT_S = 90, 200


def ask(path: str, content: bytes | None = None):
    """Return Orthanc's answer."""
    request = Request(f"{BASE}{path}", data=content)  # noqa: S310 - loopback
    with urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
        return json.loads(answer.read())


def wait(what, limit_s: float, process: subprocess.Popen):
    """Return what a function answers, once it answers."""
    ends = time.monotonic() + limit_s
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise RuntimeError(f"ended with status {process.returncode}")
        try:
            found = what()
        except OSError:
            found = None
        if found:
            return found
        time.sleep(0.3)
    raise RuntimeError("took too long")


def configure(folder: Path) -> Path:
    """Write Orthanc's settings."""
    content = {
        "Name": THEIR_TITLE,
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "HttpPort": HTTP_PORT,
        "AuthenticationEnabled": False,
        "DicomAet": THEIR_TITLE,
        "DicomPort": DICOM_PORT,
        "DicomAlwaysAllowStore": True,
        "DicomModalities": {"node": [NODE_TITLE, "127.0.0.1", NODE_PORT]},
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(content))
    return path


def modalities() -> dict[str, int]:
    """Return how many instances of which modality Orthanc holds."""
    found: dict[str, int] = {}
    for series in ask("/series"):
        facts = ask(f"/series/{series}")
        name = facts["MainDicomTags"]["Modality"]
        found[name] = found.get(name, 0) + len(facts["Instances"])
    return found


def main(folder: Path, bundle: Path, source: Path) -> None:
    """Let them talk."""
    orthanc = subprocess.Popen(  # noqa: S603 - a known program
        ["/usr/sbin/Orthanc", str(configure(folder))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    command = [sys.executable, "-P", "-m", "tumorscope", "dicom-node", str(bundle)]
    with (folder / "node.log").open("wb") as log:
        node = subprocess.Popen(  # noqa: S603 - our own command
            [
                *command,
                *("--port", str(NODE_PORT), "--quiet", "1"),
                *("--data", str(folder / "data"), "--caller", THEIR_TITLE),
                *("--send-to", f"{THEIR_TITLE}@127.0.0.1:{DICOM_PORT}"),
            ],
            stdout=log,
            stderr=log,
        )
        try:
            talk(folder, source, orthanc, node)
        finally:
            node.send_signal(signal.SIGTERM)
            node.wait(timeout=60)
            orthanc.terminate()
            orthanc.wait(timeout=60)


def talk(folder: Path, source: Path, orthanc, node) -> None:
    """Send a study and wait for what comes back."""
    wait(lambda: ask("/system"), START_S, orthanc)
    for path in sorted(source.iterdir()):
        ask("/instances", path.read_bytes())
    study = ask("/studies")[0]
    wait(echoes, START_S, node)
    before = modalities()
    ask("/modalities/node/store", json.dumps(study).encode())
    wait(lambda: modalities().get("SR"), RESULT_S, node)
    wait(lambda: modalities() == stable(), RESULT_S, node)
    after = modalities()
    patients = {
        ask(f"/patients/{one}")["MainDicomTags"]["PatientID"]
        for one in ask("/patients")
    }
    found = {
        "before": before,
        "after": after,
        "studies": len(ask("/studies")),
        "patients": sorted(patients),
    }
    (folder / "found.json").write_text(json.dumps(found))


def echoes() -> bool:
    """Return whether the node answers a C-ECHO."""
    ask("/modalities/node/echo", b"{}")
    return True


def stable() -> dict[str, int]:
    """Return what Orthanc holds a moment later."""
    time.sleep(2)
    return modalities()


if __name__ == "__main__":
    main(*(Path(one) for one in sys.argv[1:]))
