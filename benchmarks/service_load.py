"""Load and drills on a whole service of real processes, on the loopback address.

    python benchmarks/service_load.py BUNDLE [--out FILE] [--only load,kills,...]

load      the result page's API at a fixed rate: time to answer, the server's memory
studies   studies handed in and screened for a while: per minute
kills     `kill -9` of a random worker or of the API a hundred times while studies are handed in
full      the disk of the data folder fills up (needs root: it mounts a small tmpfs)
drain     SIGTERM under load, then a new start: nothing is lost, nothing has lost an attempt
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import requests

from tumorscope.phantom import PhantomSpec, make_patient

ENDED = ("done", "not_assessed", "failed")
START_S = 180.0
SUBMITTERS = 3


@dataclass
class Running:
    """A service that was started here."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def api(self) -> str:
        """Where the API is."""
        return f"{self.url}/api/v1"

    def children(self, word: str) -> list[psutil.Process]:
        """Return the processes of a kind."""
        found = []
        for one in psutil.Process(self.process.pid).children():
            try:
                if any(word in part for part in one.cmdline()):
                    found.append(one)
            except psutil.Error:
                continue
        return found

    def stop(self) -> float:
        """Ask to stop; return the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=90)
        return time.monotonic() - began


@dataclass
class Findings:
    """What was measured, and on what."""

    machine: dict[str, Any]
    results: dict[str, Any] = field(default_factory=dict)


def main() -> int:
    """Run the drills that were asked for, and write down what they found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", default="load,studies,kills,full,drain")
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=100)
    options = parser.parse_args()
    found = Findings(
        machine={
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": os.getloadavg(),
        }
    )
    drills = {
        "load": measure_load,
        "studies": measure_studies,
        "kills": drill_kills,
        "full": drill_full_disk,
        "drain": drill_drain,
    }
    for name in options.only.split(","):
        folder = Path(tempfile.mkdtemp(prefix="tumorscope-load-"))
        try:
            found.results[name] = drills[name](options, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        sys.stdout.write(json.dumps({name: found.results[name]}, indent=1) + "\n")
        sys.stdout.flush()
    found.machine["load_after"] = os.getloadavg()
    if options.out is not None:
        content = {"machine": found.machine, **found.results}
        options.out.write_text(json.dumps(content, indent=1) + "\n")
    return 0


@contextmanager
def running(bundle: Path, data: Path, *more: str) -> Iterator[Running]:
    """Yield a started service; it is stopped at the end of the block."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    data.mkdir(parents=True, exist_ok=True)
    log = Path(tempfile.mkstemp(prefix="tumorscope-load-", suffix=".log")[1])
    command = [sys.executable, "-P", "-m", "tumorscope", "serve", str(bundle)]
    with log.open("ab") as stream:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--data", str(data), "--port", str(port), *more],
            stdout=stream,
            stderr=stream,
        )
    service = Running(url=f"http://127.0.0.1:{port}", process=process, log=log)
    try:
        wait_until_ready(service)
        yield service
    finally:
        if process.poll() is None:
            service.stop()
        log.unlink(missing_ok=True)


def wait_until_ready(service: Running) -> None:
    """Return when the service takes work."""
    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        if service.process.poll() is not None:
            raise SystemExit(service.log.read_text()[-3000:])
        try:
            if requests.get(f"{service.url}/health/ready", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise SystemExit("the service did not start")


@cache
def phantom_slices(count: int, number: int) -> np.ndarray:
    """Return the slices of a phantom patient, shape (slices, rows, columns, 3)."""
    spec = PhantomSpec(patients=4, slices_per_patient=count, size_px=128, seed=11)
    return make_patient(spec, number).slices


def make_pictures(count: int, *, seed: int) -> dict[str, bytes]:
    """Return slices of a phantom head by name; each seed gives other content."""
    found = {}
    for number, pixels in enumerate(phantom_slices(count, seed % 4)):
        marked = pixels.copy()
        marked[0, 0] = (seed % 200, seed // 200 % 200, number)
        _, packed = cv2.imencode(".png", marked[..., ::-1])
        found[f"slice_{number:02d}.png"] = packed.tobytes()
    return found


def ask(
    service: Running, method: str, path: str, **options: Any
) -> dict[str, Any] | None:
    """Ask until there is a good answer; None after a long time without one."""
    for _ in range(200):
        try:
            answer = requests.request(method, service.api + path, timeout=30, **options)
        except requests.RequestException:
            time.sleep(0.2)
            continue
        if answer.status_code < 300:
            return answer.json()
        if answer.status_code not in (429, 500, 503, 507):
            raise SystemExit(f"{method} {path}: {answer.text}")
        time.sleep(0.2)
    return None


def hand_in(service: Running, pictures: dict[str, bytes], key: str) -> str | None:
    """Hand a study in, again and again until it was accepted; None where it never was.

    Every step has a key or a number, so that a repeat after a lost answer is harmless.
    """
    opened = ask(service, "POST", "/uploads", json={}, headers={"Idempotency-Key": key})
    if opened is None:
        return None
    place = f"/uploads/{opened['id']}"
    for number, (name, content) in enumerate(pictures.items()):
        path = f"{place}/files/{number}"
        if ask(service, "PUT", path, params={"name": name}, data=content) is None:
            return None
    done = ask(service, "POST", f"{place}/complete", json={})
    return None if done is None else str(done["study_id"])


def wait_for_all(
    service: Running, studies: Sequence[str], limit_s: float
) -> Counter[str]:
    """Return how many studies ended in which state."""
    waiting, states = set(studies), Counter[str]()
    ends = time.monotonic() + limit_s
    while waiting and time.monotonic() < ends:
        for study in list(waiting):
            try:
                answer = requests.get(f"{service.api}/studies/{study}", timeout=30)
                state = answer.json()["state"]
            except (requests.RequestException, ValueError, KeyError):
                time.sleep(0.2)
                continue
            if state in ENDED:
                states[state] += 1
                waiting.discard(study)
        time.sleep(0.2)
    states["not at their end"] += len(waiting)
    return states


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Return median, 95th and 99th percentile and the longest, in ms."""
    cut = statistics.quantiles(values, n=100)
    named = {"p50": cut[49], "p95": cut[94], "p99": cut[98], "max": max(values)}
    return {name: round(value * 1000, 1) for name, value in named.items()}


def measure_load(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Ask for a study, the work list and the page at a fixed rate."""
    with running(options.bundle, folder / "data") as service:
        study = hand_in(service, make_pictures(24, seed=1), "load")
        wait_for_all(service, [str(study)], 180)
        paths = [
            f"/api/v1/studies/{study}",
            "/api/v1/studies",
            f"/api/v1/studies/{study}/series/0/relevance",
            "/api/v1/session",
        ]
        api = service.children("http_process")[0]
        for path in paths:
            requests.get(service.url + path, timeout=30)
        before = api.memory_info().rss
        by_path, failed = fire(service, paths, options)
        after = api.memory_info().rss
        everything = [one for values in by_path.values() for one in values]
        return {
            "rate_per_s": options.rate,
            "requests": len(everything),
            "failed": failed,
            "ms": quantiles(everything),
            "ms_by_path": {
                path.replace(str(study), "ID"): quantiles(values)
                for path, values in by_path.items()
            },
            "api_rss_mb_before": round(before / 2**20, 1),
            "api_rss_mb_after": round(after / 2**20, 1),
        }


def fire(
    service: Running, paths: Sequence[str], options: argparse.Namespace
) -> tuple[dict[str, list[float]], int]:
    """Send requests at fixed times, whether or not earlier ones were answered."""
    count = max(options.requests, round(options.rate * options.seconds))
    by_path: dict[str, list[float]] = {path: [] for path in paths}
    failed = 0
    lock = threading.Lock()
    local = threading.local()
    began = time.perf_counter() + 0.5

    def one(number: int) -> None:
        nonlocal failed
        due = began + number / options.rate
        time.sleep(max(due - time.perf_counter(), 0))
        if not hasattr(local, "session"):
            local.session = requests.Session()
        path = paths[number % len(paths)]
        try:
            ok = local.session.get(service.url + path, timeout=30).ok
        except requests.RequestException:
            ok = False
        spent = time.perf_counter() - due  # waiting for a free sender counts too
        with lock:
            by_path[path].append(spent)
            failed += not ok

    with ThreadPoolExecutor(max_workers=32) as pool:
        list(pool.map(one, range(count)))
    return by_path, failed


def measure_studies(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Hand studies in for a while, and count what was screened."""
    with running(options.bundle, folder / "data", "--keep-identity") as service:
        first = hand_in(service, make_pictures(24, seed=0), "first")
        wait_for_all(service, [str(first)], 240)
        began = time.monotonic()
        studies = submit_many(service, 20, slices=24)
        states = wait_for_all(service, studies, 900)
        minutes = (time.monotonic() - began) / 60
    return {
        "studies": len(studies),
        "slices_each": 24,
        "states": dict(states),
        "studies_per_minute": round(len(studies) / minutes, 1),
    }


def submit_many(service: Running, count: int, *, slices: int) -> list[str]:
    """Hand studies in from several senders at once; return those that were accepted."""

    def one(number: int) -> str | None:
        key = f"study-{secrets.token_hex(8)}"
        return hand_in(service, make_pictures(slices, seed=number), key)

    with ThreadPoolExecutor(max_workers=SUBMITTERS) as pool:
        return [one for one in pool.map(one, range(count)) if one is not None]


def drill_kills(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Kill a worker or the API at random while studies are handed in."""
    chance = random.Random(0)  # noqa: S311 - a drill
    config = folder / "drill.toml"
    config.write_text("[queue]\nattempts = 1000\nwaiting_jobs = 10000\nlease_s = 5\n")
    more = ("--keep-identity", "--config", str(config), "--workers", "2")
    kills: Counter[str] = Counter()
    accepted: list[str] = []
    with running(options.bundle, folder / "data", *more) as service:
        sender = threading.Thread(
            target=lambda: accepted.extend(submit_many(service, 60, slices=2))
        )
        sender.start()
        while sum(kills.values()) < options.kills:
            time.sleep(chance.uniform(0.3, 4.0))
            word = chance.choice(["worker", "worker", "http_process"])
            victims = service.children(f"serve.{word}")
            if victims:
                chance.choice(victims).kill()
                kills[word] += 1
        sender.join()
        states = wait_for_all(service, accepted, 900)
        listed = count_listed(service)
    results = folder / "data" / "studies"
    whole = [len(list((results / one / "results").iterdir())) for one in accepted]
    return {
        "kills": dict(kills),
        "accepted": len(accepted),
        "states": dict(states),
        "lost": states["not at their end"],
        "listed": listed,
        "studies_with_exactly_one_result": sum(count == 1 for count in whole),
    }


def count_listed(service: Running) -> int:
    """Return the number of studies in the work list."""
    count, cursor = 0, None
    while True:
        wanted = {"limit": 200, "cursor": cursor}
        page = requests.get(f"{service.api}/studies", params=wanted, timeout=30).json()
        count += len(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return count


def drill_full_disk(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Fill the disk of the data folder, hand in, make room, and look at what is left."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(  # noqa: S603 - a known program
        [
            shutil.which("mount") or "mount",
            "-t",
            "tmpfs",
            "-o",
            "size=64m",
            "x",
            str(disk),
        ],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        return {"not run": "cannot mount a tmpfs here"}
    config = folder / "drill.toml"
    config.write_text("free_bytes = 1048576\n")
    more = ("--keep-identity", "--config", str(config))
    try:
        with running(options.bundle, disk / "data", *more) as service:
            return _fill_up(service, disk)
    finally:
        umount = shutil.which("umount") or "umount"
        subprocess.run([umount, "-l", str(disk)], check=False)  # noqa: S603


def _fill_up(service: Running, disk: Path) -> dict[str, Any]:
    studies = submit_many(service, 5, slices=2)
    before = wait_for_all(service, studies, 240)
    ballast = disk / "ballast"
    handle = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(handle, b"\0" * 4096) == 4096:
            pass
    except OSError:
        pass  # full
    finally:
        os.close(handle)
    answers: Counter[str] = Counter()
    for number in range(20):
        answer = requests.post(
            f"{service.api}/uploads",
            json={},
            headers={"Idempotency-Key": f"full-{number}"},
            timeout=60,
        )
        answers[str(answer.status_code)] += 1
    ready = requests.get(f"{service.url}/health/ready", timeout=30).status_code
    readable = sum(
        (disk / "data" / "studies" / one / "results").is_dir() for one in studies
    )
    ballast.unlink()
    began = time.monotonic()
    later = submit_many(service, 2, slices=2)
    recovery_s = time.monotonic() - began
    after = wait_for_all(service, [*studies, *later], 240)
    return {
        "before": dict(before),
        "answers_while_full": dict(answers),
        "ready_while_full": ready,
        "old_results_there": readable,
        "accepted_after": len(later),
        "recovery_s": round(recovery_s, 1),
        "after": dict(after),
    }


def drill_drain(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Stop under load and start again."""
    data = folder / "data"
    with running(options.bundle, data, "--keep-identity") as service:
        studies = submit_many(service, 12, slices=12)
        stop_s = service.stop()
    with running(options.bundle, data, "--keep-identity") as service:
        states = wait_for_all(service, studies, 600)
        attempts = Counter(
            requests.get(f"{service.api}/studies/{one}", timeout=30).json()["job"][
                "attempts"
            ]
            for one in studies
        )
    return {
        "accepted": len(studies),
        "stop_s": round(stop_s, 1),
        "states": dict(states),
        "attempts": dict(attempts),
    }


if __name__ == "__main__":
    sys.exit(main())
