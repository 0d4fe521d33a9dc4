"""One child process: it logs to a file, and it ends when we do, however we end."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from voip.service.demo.errors import DemoError, PortBusyError, StartError

GUARD = Path(__file__).with_name("guard.py")
STOP_WITHIN = 10.0
LOG_LINES_SHOWN = 15


class ChildProcess:
    """A program that we own. Start it, wait until it is ready, stop it by its own id.

    ``start`` must be called from a thread that lives as long as the child should: Linux ends
    the child when the *thread* that made it ends. It takes about a millisecond.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process and self.running else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        if self.running:
            raise DemoError(f"{self.name} runs already")
        guard = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid())]
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C in the terminal is for us, and we stop it in order.
            self._process = subprocess.Popen(
                [*guard, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=None if environment is None else {**os.environ, **environment},
            )
        atexit.register(self.stop)

    def wait_until(self, ready: Callable[[], bool], timeout: float, hint: str) -> None:
        """Block until ``ready()`` is true.

        :raises StartError: it ended, or took longer than ``timeout`` seconds; ``hint`` tells
            the person what to do.
        """
        deadline = time.monotonic() + timeout
        while True:
            if not self.running:
                raise StartError(f"{self.name} ended while starting. {hint}\n{self.last_lines()}")
            if ready():
                return
            if time.monotonic() > deadline:
                raise StartError(
                    f"{self.name} was not ready after {timeout:.0f} s. {hint}\n{self.last_lines()}"
                )
            time.sleep(0.05)

    def last_lines(self, count: int = LOG_LINES_SHOWN) -> str:
        """The end of its log, indented, under the log's path."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-count:]
        except OSError:
            lines = []
        return "\n".join([f"The last lines of {self.log}:", *(f"  {line}" for line in lines)])

    def stop(self) -> None:
        """End it, kindly and then not; returns when it is gone. Safe to call twice."""
        atexit.unregister(self.stop)
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port(host: str = "127.0.0.1", kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that was free a moment ago."""
    with socket.socket(_family(host), kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def require_free_port(host: str, port: int) -> None:
    """:raises PortBusyError: somebody listens there, or we may not."""
    with contextlib.closing(socket.socket(_family(host), socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortBusyError(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                "Stop what uses it, or choose other ports with --port."
            ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
