"""`voip demo` as a person runs it: what it prints, how it ends, and that nothing stays behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.service.demo.test_synapse import alive
from voip.service.demo.errors import PortBusyError
from voip.service.demo.plan import DemoOptions, Plan

VOIP = [sys.executable, "-c", "from voip.service.cli import main; main()"]


def free_ports() -> int:
    """The first of as many consecutive free ports as a demo uses."""
    for port in range(21_000, 30_000, 10):
        try:
            Plan.of(DemoOptions(port=port))
        except PortBusyError:
            continue
        return port
    raise AssertionError("no free ports")


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*VOIP, "demo", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], end: str) -> str:
    """What it prints up to a line that starts so; reading ends with the process, too."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(end):
            return "".join(lines)
    raise AssertionError("".join(lines))


def children(parent: int) -> set[int]:
    tasks = Path(f"/proc/{parent}/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text().split()}


def wait_gone(pids: set[int]) -> None:
    deadline = time.monotonic() + 15
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "something was left running"
        time.sleep(0.02)


def test_ctrl_c_stops_everything_and_the_accounts_last(tmp_path: Path) -> None:
    port = free_ports()
    options = ("--port", str(port), "--data-dir", str(tmp_path / "data"))
    with started(*options) as process:
        said = read_until(process, "Ctrl-C stops")
        for person, offset in (("alice", 1), ("bob", 2)):
            line = rf"http://127\.0\.0\.1:{port + offset} +user {person} +password \w+"
            assert re.search(line, said)
        with urllib.request.urlopen(f"http://127.0.0.1:{port + 1}/", timeout=10) as page:
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        running = children(process.pid)
        assert running
        os.kill(process.pid, signal.SIGINT)
        assert "nothing is left running" in read_until(process, "Stopped")
        assert process.wait(20) == 0
    assert not any(alive(pid) for pid in running)
    passwords = re.findall(r"password \w+", said)

    with started(*options) as process:  # the same again, and this time we are killed
        assert re.findall(r"password \w+", read_until(process, "Ctrl-C stops")) == passwords
        running = children(process.pid)
        process.kill()
        process.wait(20)
    wait_gone(running)


def test_a_homeserver_that_ends_by_itself_ends_the_demo(tmp_path: Path) -> None:
    with started("--port", str(free_ports()), "--data-dir", str(tmp_path)) as process:
        read_until(process, "Ctrl-C stops")
        running = children(process.pid)
        for pid in running:
            if b"synapse" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        assert "Synapse ended by itself" in read_until(process, "The demo cannot go on")
        assert process.wait(30) == 1
    assert not any(alive(pid) for pid in running)


def test_ctrl_c_while_it_starts(tmp_path: Path) -> None:
    with started("--port", str(free_ports()), "--data-dir", str(tmp_path)) as process:
        deadline = time.monotonic() + 30
        while not (tmp_path / "synapse" / "synapse.log").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        running = children(process.pid)
        assert running
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(20) == 0
        assert "Traceback" not in (process.stdout.read() if process.stdout else "")
    assert not any(alive(pid) for pid in running)


def test_a_port_in_use_ends_it_with_a_sentence(tmp_path: Path) -> None:
    port = free_ports()
    with (
        socket.create_server(("127.0.0.1", port + 1)),
        started("--port", str(port), "--data-dir", str(tmp_path)) as process,
    ):
        said = read_until(process, "The demo cannot go on")
        assert f"Port {port + 1} on 127.0.0.1 cannot be used" in said
        assert "--port" in said
        assert process.wait(20) == 1
