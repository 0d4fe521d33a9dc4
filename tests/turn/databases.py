"""Redis and PostgreSQL of a test's own, on free loopback ports; gone when the test is."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from voip.service.demo.processes import ChildProcess, free_port

READY_WITHIN = 20.0
SCHEMA = Path("/usr/share/coturn/schema.sql")


@dataclass(frozen=True)
class Server:
    """Where one listens."""

    host: str
    port: int


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[Server]:
    if shutil.which("redis-server") is None:
        pytest.skip("the command redis-server is missing: on Debian, apt-get install redis-server")
    server = Server("127.0.0.1", free_port())
    command = ["redis-server", "--bind", server.host, "--port", str(server.port)]
    command += ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    process = ChildProcess("redis", command, folder / "redis.log")
    process.start()
    try:
        process.wait_until(lambda: listens(server), READY_WITHIN, "See its log.")
        yield server
    finally:
        process.stop()


@contextlib.contextmanager
def postgresql_server(folder: Path) -> Iterator[Server]:
    """The user `postgres` comes in without a password; its database is called the same."""
    programs = postgresql_programs()
    server = Server("127.0.0.1", free_port())
    with tempfile.TemporaryDirectory(prefix="pg-") as data:
        as_user = as_its_user(Path(data))
        cluster = f"{data}/cluster"
        make = [*as_user, str(programs / "initdb"), "-D", cluster, "-U", "postgres"]
        make += ["-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(make, check=True, capture_output=True, cwd="/")
        command = [*as_user, str(programs / "postgres"), "-D", cluster, "-h", server.host]
        command += ["-p", str(server.port), "-k", "", "-c", "fsync=off"]
        process = ChildProcess("postgresql", command, folder / "postgresql.log")
        process.start()
        try:
            process.wait_until(
                lambda: "ready to accept connections" in process.last_lines(),
                READY_WITHIN,
                "See its log.",
            )
            yield server
        finally:
            process.stop()


def postgresql_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL's initdb is missing: on Debian, apt-get install postgresql")
    return found[-1].parent


def as_its_user(folder: Path) -> list[str]:
    """What to put before a command of PostgreSQL, which refuses to run as root; its user gets the
    folder."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["setpriv", *ids, "--"]


def listens(server: Server) -> bool:
    """Whether it takes connections."""
    with contextlib.suppress(OSError), socket.create_connection((server.host, server.port), 0.5):
        return True
    return False
