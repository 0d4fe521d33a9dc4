"""TURN credentials by the second, beside a bare aiohttp handler and beside Synapse's own endpoint.

Ours is `matrix-turn serve` as it is installed, with limits on and the token recognised before.
Compared is the processor time of the server for one request, all of its threads together: a core
of its own serves one over that in a second. Servers and load share one core, as it is not the
clock that counts: across two, each would wake the other, which on a rented machine takes a detour
through what is below it and costs more than the answer. Of all rounds the least counts, and in a
round the best of short slices, since what others do on the machine only ever adds to it. The most
that was served by the clock, the load's own time included, is told beside it.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import Row, progress
from voip.service.demo.processes import ChildProcess, free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions

ROUNDS = 11
SECONDS = 1.5
W3C = "/ice-servers"
MATRIX = "/_matrix/client/v3/voip/turnServer"
URIS = ("turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443?transport=tcp")
OF_BARE = 1 / 0.9
"""90 % of the requests is so much of the time."""
OF_SYNAPSE = 1 / 10
MATRIX_TURN = ("-c", "from turn.cli import main; main()")


@dataclass(frozen=True)
class Server:
    process: ChildProcess
    port: int

    def ask_once(self, path: str, token: str) -> None:
        """So that the token is recognised before anything is measured."""
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            assert answer.status == 200

    def load(self, path: str, token: str) -> Served:
        pid = self.process.pid
        if pid is None:
            raise RuntimeError(f"{self.process.name} has ended: {self.process.last_lines()}")
        command = [
            sys.executable,
            "-m",
            "benchmarks._turn_load",
            str(self.port),
            path,
            str(SECONDS),
            str(pid),
        ]
        done = subprocess.run(command, input=token, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        told = json.loads(done.stdout)
        return Served(told["processor"] * 1e6, told["rate"])


@dataclass(frozen=True)
class Served:
    """What one round of load was served with."""

    microseconds: float
    """Of processor time, for one request."""
    rate: float
    """Requests in a second, by the clock."""


@dataclass(frozen=True)
class Contestant:
    """A server, asked in one way."""

    name: str
    server: Server
    path: str
    token: str

    def served(self) -> Served:
        return self.server.load(self.path, self.token)


def run() -> list[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        progress("turn_credentials: a homeserver, our endpoint and a bare one start")
        with _on_one_core():
            synapse = _synapse(folder, stack)
            token = synapse.register("ann", secrets.token_urlsafe(12))
            ours, key = _ours(folder, synapse, stack)
            bare = _bare(folder, stack)
            theirs = Server(synapse.process, synapse.options.port)
            matrix = Contestant("Matrix shape", ours, MATRIX, token)
            w3c = Contestant("W3C shape, API key", ours, W3C, key)
            bare_one = Contestant("bare aiohttp", bare, MATRIX, token)
            its = Contestant("Synapse", theirs, MATRIX, token)
            of = _rounds([matrix, bare_one, w3c, its])
    return [
        _row(matrix, bare_one, of, OF_BARE),
        _row(w3c, bare_one, of, OF_BARE),
        _row(matrix, its, of, OF_SYNAPSE),
    ]


def _rounds(contestants: list[Contestant]) -> dict[Contestant, Served]:
    """The best of each; they take turns, every other round in the opposite order."""
    served: dict[Contestant, list[Served]] = {one: [] for one in contestants}
    for number in range(ROUNDS):
        for one in contestants if number % 2 == 0 else contestants[::-1]:
            progress(f"turn_credentials: round {number + 1} of {ROUNDS}, {one.name}")
            one.server.ask_once(one.path, one.token)  # what was recognised is kept for seconds
            served[one].append(one.served())
    return {
        one: Served(
            min(each.microseconds for each in all_of_it),
            max(each.rate for each in all_of_it),
        )
        for one, all_of_it in served.items()
    }


def _row(ours: Contestant, peer: Contestant, of: dict[Contestant, Served], goal: float) -> Row:
    mine, theirs = of[ours], of[peer]
    return Row.against(
        f"{ours.name}: {mine.rate:,.0f} requests/s, {peer.name} {theirs.rate:,.0f}",
        mine.microseconds,
        theirs.microseconds,
        peer_name=peer.name,
        unit="µs of processor a request",
        goal=goal,
    )


@contextmanager
def _on_one_core() -> Iterator[None]:
    """What is started here stays on the last core of ours."""
    all_of_ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(all_of_ours)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_of_ours)


def _synapse(folder: Path, stack: ExitStack) -> SynapseProcess:
    (folder / "synapse").mkdir()
    options = SynapseOptions(
        folder / "synapse",
        free_port(),
        turn_uris=URIS,
        turn_shared_secret=secrets.token_urlsafe(),
        extra_config=LIMITS_LIFTED,
    )
    process = SynapseProcess(options)
    stack.callback(process.stop)
    process.start()
    return process


def _ours(folder: Path, synapse: SynapseProcess, stack: ExitStack) -> tuple[Server, str]:
    port, keys = free_port(), folder / "keys.db"
    make = [sys.executable, *MATRIX_TURN, "key", "make", "bench", "--keys-file", str(keys)]
    limits = ["--rate", "999999/s", "--quota", "99999999/d"]
    key = subprocess.run([*make, *limits], capture_output=True, text=True, check=True).stdout
    command = [sys.executable, *MATRIX_TURN, "serve"]
    process = ChildProcess("matrix-turn", command, folder / "ours.log")
    stack.callback(process.stop)
    process.start(
        {
            "TURN_SECRET": secrets.token_urlsafe(),
            "TURN_ID_KEY": secrets.token_urlsafe(),
            "TURN_URIS": ",".join(URIS),
            "TURN_KEYS_FILE": str(keys),
            "TURN_HOMESERVER": synapse.url,
            "TURN_SERVER_NAME": synapse.server_name,
            "TURN_LOCAL_RATE": "999999/s",
            "TURN_LOCAL_QUOTA": "99999999/d",
            "TURN_LISTEN_PORT": str(port),
            "TURN_PROBE_SECONDS": "0",
        }
    )
    _wait(process, port)
    return Server(process, port), key.strip()


def _bare(folder: Path, stack: ExitStack) -> Server:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks._turn_bare", str(port)]
    process = ChildProcess("bare aiohttp", command, folder / "bare.log")
    stack.callback(process.stop)
    process.start()
    _wait(process, port)
    return Server(process, port)


def _wait(process: ChildProcess, port: int) -> None:
    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1):
                return True
        except urllib.error.HTTPError:
            return True  # it answers, if only that there is nothing at that place
        except OSError:
            return False

    process.wait_until(answers, 20.0, "See what it says.")
