"""Hostile uploads against the running service: does it live, and what does it answer?

A real service is started on the loopback; every input is uploaded, completed and waited
for. Counted are answers of 500 and more, jobs without an end, inputs that passed and must
not, files outside the data folder, the longest times, and the largest memory of the
process that answers and of any process below it.

    python benchmarks/service_hostile.py RUN [--truncations 200] [--flips 1000] [--json FILE]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests
from hostile_files import (
    make_bombs,
    make_flips,
    make_lies,
    make_seeds,
    make_truncations,
)
from hostile_uploads import (
    Upload,
    archives,
    leftovers,
    of_files,
    orthanc_classes,
    pictures,
    plain_damage,
    texts,
    volumes,
)
from reporting import Figure, make_result, report

GOAL_S, GOAL_MIB, GOAL_GB = 10.0, 50.0, 1.5 * 2**30 / 1e9
PER_UPLOAD = 10
"""Stumps and flips go into one upload in tens: the rest of a study must be listed."""
WAIT_S = 120.0
ENDED = ("done", "not_assessed", "failed", "canceled")


@dataclass(slots=True, kw_only=True)
class Tally:
    """What happened."""

    outcomes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)
    hung: list[str] = field(default_factory=list)
    requests: int = 0
    files: int = 0
    longest_request_s: float = 0.0
    longest_job_s: float = 0.0
    longest_kind: str = ""


class Memory:
    """Watches the memory of the answering process and of all below the service."""

    def __init__(self, root: int) -> None:
        """Watch from now on, five times a second."""
        self._root = psutil.Process(root)
        self.first_mib = self.answering_mib = self.child_gb = 0.0
        self._stops = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stops.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stops.wait(0.2):
            for process in self._root.children(recursive=True):
                try:
                    words, used = process.cmdline(), process.memory_info().rss
                except psutil.Error:
                    continue
                if any("http_process" in word for word in words):
                    self.first_mib = self.first_mib or used / 2**20
                    self.answering_mib = max(self.answering_mib, used / 2**20)
                elif not any(word.endswith("serve.worker") for word in words):
                    self.child_gb = max(self.child_gb, used / 1e9)


def all_uploads(folder: Path, options: argparse.Namespace) -> Iterator[Upload]:
    """Yield every input."""
    seeds = make_seeds(folder)
    yield from plain_damage()
    yield from of_files(
        "A1", list(make_truncations(seeds, options.truncations)), size=PER_UPLOAD
    )
    yield from of_files("A1", list(make_flips(seeds, options.flips)), size=PER_UPLOAD)
    yield from of_files("A2", list(make_bombs(seeds, mib=options.mib)))
    yield from of_files("A1", list(make_lies(seeds)))
    yield from archives()
    yield from pictures()
    yield from texts()
    yield from orthanc_classes()
    yield from volumes()


def try_upload(
    client: requests.Session, api: str, upload: Upload, tally: Tally
) -> None:
    """Send one input, wait for its end, and note how it ended."""
    began = time.monotonic()
    word = _send(client, api, upload, tally)
    tally.files += len(upload.files)
    elapsed = time.monotonic() - began
    if elapsed > tally.longest_job_s:
        tally.longest_job_s, tally.longest_kind = elapsed, upload.kind
    tally.outcomes[f"{upload.row} {upload.kind}: {word}"] += 1
    if word == "hung":
        tally.hung.append(upload.kind)
    if word.startswith("done") and not upload.may_pass:
        tally.accepted.append(f"{upload.row} {upload.kind}")


def _send(client: requests.Session, api: str, upload: Upload, tally: Tally) -> str:
    opened = _ask(client, tally, "POST", f"{api}/uploads", json={})
    place = f"{api}/uploads/{opened['id']}"
    for number, (name, content) in enumerate(upload.files):
        answer = _ask(
            client,
            tally,
            "PUT",
            f"{place}/files/{number}",
            params={"name": name},
            data=content,
            headers=dict(upload.headers),
        )
        if "code" in answer:
            return f"refused {answer['code']}"
    given = _ask(client, tally, "POST", f"{place}/complete", json={})
    if "code" in given:
        return f"refused {given['code']}"
    ends = time.monotonic() + WAIT_S
    while time.monotonic() < ends:
        study = _ask(client, tally, "GET", f"{api}/studies/{given['study_id']}")
        if study["state"] in ENDED:
            error = study.get("error") or {}
            return f"{study['state']} {error.get('code', '')}".strip()
        time.sleep(0.1)
    return "hung"


def _ask(
    client: requests.Session, tally: Tally, method: str, url: str, **options: Any
) -> dict[str, Any]:
    began = time.monotonic()
    answer = client.request(method, url, timeout=WAIT_S, **options)
    tally.requests += 1
    tally.statuses[answer.status_code] += 1
    tally.longest_request_s = max(tally.longest_request_s, time.monotonic() - began)
    found: dict[str, Any] = answer.json()
    return found


def measure(options: argparse.Namespace) -> tuple[list[Figure], dict[str, Any]]:
    """Start the service, send everything, and return the figures."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        service, address = start(options, folder / "data")
        memory = Memory(service.pid)
        client = requests.Session()
        try:
            api = f"{address}api/v1"
            _ask(client, tally, "GET", f"{api}/session")
            for upload in all_uploads(folder, options):
                try_upload(client, api, upload, tally)
            alive = client.get(f"{address}health/live", timeout=10).ok
        finally:
            memory.stop()
            service.terminate()
            service.wait(timeout=60)
    grown = memory.answering_mib - memory.first_mib
    failures = sum(count for status, count in tally.statuses.items() if status >= 500)
    figures = [
        Figure(name="uploads tried", value=sum(tally.outcomes.values())),
        Figure(name="files in them", value=tally.files),
        Figure(name="requests", value=tally.requests),
        Figure(name="answers of 500 and more", value=failures, goal=0),
        Figure(name="jobs without an end", value=len(tally.hung), goal=0),
        Figure(
            name="inputs that passed and must not", value=len(tally.accepted), goal=0
        ),
        Figure(name="files outside the data folder", value=len(leftovers()), goal=0),
        Figure(
            name="service alive at the end", value=int(alive), goal=1, at_least=True
        ),
        Figure(name="longest request", value=tally.longest_request_s, unit="s"),
        Figure(
            name="longest from upload to end",
            value=tally.longest_job_s,
            unit="s",
            goal=GOAL_S,
            note=tally.longest_kind,
        ),
        Figure(
            name="growth of the process that answers",
            value=grown,
            unit="MiB",
            goal=GOAL_MIB,
        ),
        Figure(
            name="highest memory of a reading child",
            value=memory.child_gb,
            unit="GB",
            goal=GOAL_GB,
        ),
    ]
    details = {
        "outcomes": dict(sorted(tally.outcomes.items())),
        "statuses": {str(key): count for key, count in sorted(tally.statuses.items())},
        "accepted": tally.accepted,
        "hung": tally.hung,
    }
    return figures, details


def start(options: argparse.Namespace, data: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a service and return it with its address, once it answers."""
    data.parent.mkdir(exist_ok=True)
    limits = data.parent / "limits.toml"
    limits.write_text("[security.quotas]\nsubmissions_a_minute = 100000\n")
    command = [sys.executable, "-m", "tumorscope", "serve", str(options.run)]
    command += ["--data", str(data), "--port", "0", "--config", str(limits)]
    command += [] if options.deidentify else ["--keep-identity"]
    service = subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    address = ""
    for line in service.stdout or ():
        if "listens on" in line:
            address = line.split()[-1]
            break
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            if requests.get(f"{address}health/live", timeout=5).ok:
                return service, address
        except requests.RequestException:
            time.sleep(0.2)
    service.kill()
    raise RuntimeError("the service did not start")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the JSON where wanted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a run or a bundle")
    parser.add_argument("--truncations", type=int, default=200)
    parser.add_argument("--flips", type=int, default=1_000)
    parser.add_argument("--mib", type=int, default=1024, help="a bomb inflates to")
    parser.add_argument(
        "--deidentify",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="as uploads are by default; --no-deidentify reads them as they are",
    )
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    figures, details = measure(options)
    report(make_result("service_hostile", figures, details=details), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
