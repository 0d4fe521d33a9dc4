"""A Redis of a test's own."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from voip.service.demo.processes import ChildProcess, free_port


class RedisServer:
    """On one port, started and stopped as often as a test likes; it keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir"]
        self._process = ChildProcess(
            "Redis", ["redis-server", *options, str(folder)], folder / "redis.log"
        )

    def start(self) -> None:
        self._process.start()
        self._process.wait_until(self._answers, 20.0, "See what it says.")

    def stop(self) -> None:
        self._process.stop()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Skips the test where there is none."""
    if shutil.which("redis-server") is None:
        pytest.skip("the command redis-server is missing: on Debian, apt-get install redis-server")
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
