"""TURN credentials by the second, beside a bare aiohttp handler and beside Synapse's own endpoint.

Ours is `matrix-turn serve` as it is installed, with limits on and the token recognised before;
the load is a process of its own. Wall time for one request, many at once on one core.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import Row, alternate, progress
from voip.service.demo.processes import ChildProcess, free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions

ROUNDS = 7
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

    def microseconds(self, path: str, token: str) -> float:
        """For one request, of wall time."""
        return 1e6 / self.load(path, token)

    def load(self, path: str, token: str) -> float:
        """Requests in a second."""
        command = [
            sys.executable,
            "-m",
            "benchmarks._turn_load",
            str(self.port),
            path,
            str(SECONDS),
        ]
        done = subprocess.run(command, input=token, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return float(json.loads(done.stdout))


@dataclass(frozen=True)
class Peer:
    name: str
    server: Server
    goal: float


def run() -> list[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        progress("turn_credentials: a homeserver, our endpoint and a bare one start")
        synapse = _synapse(folder, stack)
        token = synapse.register("ann", secrets.token_urlsafe(12))
        ours, key = _ours(folder, synapse, stack)
        bare = _bare(folder, stack)
        theirs = Server(synapse.process, synapse.options.port)
        for server, path, known in (
            (ours, MATRIX, token),
            (ours, W3C, key),
            (theirs, MATRIX, token),
        ):
            server.ask_once(path, known)
        return [
            _row("Matrix shape", ours, token, Peer("bare aiohttp", bare, OF_BARE)),
            _row("W3C shape, API key", ours, key, Peer("bare aiohttp", bare, OF_BARE), W3C),
            _row("Matrix shape", ours, token, Peer("Synapse", theirs, OF_SYNAPSE)),
        ]


def _row(what: str, ours: Server, token: str, peer: Peer, path: str = MATRIX) -> Row:
    medians = alternate(
        f"turn_credentials, {what} beside {peer.name}",
        lambda: ours.microseconds(path, token),
        lambda: peer.server.microseconds(path, token),
        rounds=ROUNDS,
    )
    return Row.against(
        f"{what}: {1e6 / medians.ours:,.0f} requests/s, {peer.name} {1e6 / medians.peer:,.0f}",
        medians.ours,
        medians.peer,
        peer_name=peer.name,
        unit="µs a request",
        goal=peer.goal,
    )


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
