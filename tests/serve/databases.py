"""A PostgreSQL of the operating system's package, for tests that need a real one."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"


def find_program(name: str) -> str | None:
    """Return a program of the newest installed PostgreSQL; None where there is none."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places = [str(one) for one in versions]
    return shutil.which(name, path=os.pathsep.join([*places, os.environ["PATH"]]))


def reason_to_skip() -> str:
    """Return why no server can be started here; empty where one can."""
    if find_program("initdb") is None:
        return "no PostgreSQL: apt-get install postgresql"
    if os.getuid() == 0 and not _has_user():
        return f"no user {USER} to run PostgreSQL as: it refuses root"
    return ""


@contextmanager
def running_server() -> Iterator[str]:
    """Yield SQLAlchemy's URL of an empty database on a free loopback port."""
    folder = Path(tempfile.mkdtemp(prefix="tumorscope-pg-"))
    folder.chmod(0o777)  # the server's user makes its own folder below
    data = folder / "data"
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    try:
        _run("initdb", "-D", str(data), "-A", "trust", "-U", USER, "--no-sync")
        options = f"-p {port} -h 127.0.0.1 -k {folder}"
        _run(
            "pg_ctl",
            "-D",
            str(data),
            "-w",
            "-l",
            f"{folder}/log",
            "-o",
            options,
            "start",
        )
        yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
    finally:
        if data.exists():
            _run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _has_user() -> bool:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True


def _run(name: str, *arguments: str) -> None:
    program = find_program(name)
    subprocess.run(  # noqa: S603 - a program of the package
        [program, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=USER if os.getuid() == 0 else None,
        cwd="/",
        timeout=120,
    )
