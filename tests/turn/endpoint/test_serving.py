"""`matrix-turn serve` as a process of its own: ready, served, changed live, ended; and its log."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from tests.conftest import MakeUser
from tests.turn.limits.redis_server import redis_server
from turn.cli import app
from turn.credentials import sign
from turn.keys.ring import FRESH
from voip.service.demo.coturn import RelayProcess
from voip.service.demo.processes import ChildProcess, free_port
from voip.service.demo.synapse import SynapseProcess

PROGRAM = [sys.executable, "-c", "from turn.cli import main; main()"]
MATRIX = "/_matrix/client/v3/voip/turnServer"


class Serving:
    """One process, its port and its log."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port, self.admin = free_port(), free_port()
        self.secret = secrets.token_urlsafe()
        self.log = folder / f"serve-{self.port}.log"
        self._process = ChildProcess("matrix-turn", [*PROGRAM, "serve"], self.log)
        self._settings = {
            "secret": self.secret,
            "id_key": secrets.token_urlsafe(),
            "uris": "turn:turn.example.org:3478?transport=udp",
            "keys_file": str(folder / "keys.db"),
            "listen_port": str(self.port),
            "admin_port": str(self.admin),
            "log_level": "debug",
            "probe_seconds": "0",
        } | settings

    def start(self) -> None:
        self._process.start({f"TURN_{name.upper()}": v for name, v in self._settings.items()})
        self._process.wait_until(lambda: "ready:" in self.log.read_text(), 60.0, "See its log.")

    def stop(self) -> None:
        self._process.stop()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def wait(self) -> None:
        deadline = time.monotonic() + 30
        while self._process.running and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not self._process.running

    def get(self, path: str, token: str | None = None, *, admin: bool = False) -> tuple[int, str]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        port = self.admin if admin else self.port
        url = f"http://127.0.0.1:{port}{path}"
        request = urllib.request.Request(url, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Serving]:
    found = Serving(folder, **settings)
    found.start()
    try:
        yield found
    finally:
        found.stop()


def key(folder: Path, *arguments: str) -> Any:
    command = [*PROGRAM, "key", *arguments, "--json", "--keys-file", str(folder / "keys.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_ready_served_changed_live_and_ended(tmp_path: Path) -> None:
    made = key(tmp_path, "make", "meet")
    with serving(tmp_path) as here:
        status, body = here.get("/ice-servers", made["key"])
        assert (status, len(json.loads(body)["iceServers"])) == (200, 1)
        rotated = key(tmp_path, "rotate", "meet", "--overlap", "1h")
        assert here.get("/ice-servers", rotated["key"])[0] == 200
        assert here.get("/ice-servers", made["key"])[0] == 200, "both of a pair are good"
        key(tmp_path, "revoke", made["id"])
        deadline = time.monotonic() + 10 * FRESH
        while here.get("/ice-servers", made["key"])[0] != 401:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        metrics = here.get("/metrics", admin=True)[1]
        issued = 'turn_credentials_issued_total{region="default",shape="w3c",tier="key"}'
        assert re.search(rf"^{re.escape(issued)} \d", metrics, re.MULTILINE)
        assert 'reason="bad_token"' in metrics
        assert here.get("/metrics")[0] == 404, "not for everybody"
        os.kill(here.pid, signal.SIGTERM)
        here.wait()
        log = here.log.read_text()
    assert len(re.findall("ready:", log)) == 1
    assert "Traceback" not in log


def test_no_log_of_a_whole_run_holds_anything_secret(
    tmp_path: Path, synapse: SynapseProcess, make_user: MakeUser
) -> None:
    user = make_user()
    login = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user.localpart},
    }
    path = "/_matrix/client/v3/login"
    token = synapse.request("POST", path, login | {"password": user.password})["access_token"]
    made = key(tmp_path, "make", "meet", "--rate", "3/h")
    password = secrets.token_urlsafe()
    with redis_server() as redis:
        settings = {
            "homeserver": synapse.url,
            "server_name": synapse.server_name,
            "redis_url": f"redis://:{password}@127.0.0.1:{redis.port}/0",
            "homeserver_overrides": json.dumps({synapse.server_name: synapse.url}),
        }
        with serving(tmp_path, **settings) as here:
            answers = [
                here.get(MATRIX, token),
                here.get(MATRIX, "syt_wrong_token_of_somebody"),
                here.get(f"{MATRIX}?access_token={token}"),
                here.get(f"{MATRIX}?matrix_server_name={synapse.server_name}", "openid_wrong"),
                here.get(f"/turn?service=turn&key={made['key']}&api={made['key']}&username=carl"),
                here.get(f"/turn?key={made['key']}x"),
                *(here.get("/ice-servers?user=carl", made["key"]) for _ in range(4)),
                here.get("/services?ttl=nonsense", made["key"]),
            ]
            key_in_a_path = here.get(f"/nothing/{made['key']}")
            settings_shown = here.get("/metrics", admin=True)[1]
            os.kill(here.pid, signal.SIGTERM)
            here.wait()
            log = here.log.read_text()
    assert [status for status, _ in answers][:3] == [200, 401, 200]
    assert {status for status, _ in answers} >= {200, 400, 401, 429}
    assert key_in_a_path[0] == 404
    issued = [json.loads(body) for status, body in answers if status == 200]
    given = [each["password"] for each in issued if "password" in each]
    names = [each["username"].partition(":")[2] for each in issued if "username" in each]
    assert len(given) >= 3
    for text in (log, settings_shown):
        for secret in (
            token, "syt_wrong_token_of_somebody", "openid_wrong", made["key"],
            made["key"].split(".")[2], here.secret, password, user.user_id, "carl",
            *given, *names,
        ):  # fmt: skip
            assert secret not in text


def test_a_dead_relay_is_left_out_and_a_real_one_is_told(
    tmp_path: Path, coturn: RelayProcess
) -> None:
    options = coturn.options
    alive = f"turn:{options.address}:{options.port}?transport=udp"
    dead = f"turn:127.0.0.1:{free_port()}?transport=tcp"
    made = key(tmp_path, "make", "meet")
    settings = {"uris": f"{dead},{alive}", "secret": options.secret, "probe_seconds": "0.1"}
    with serving(tmp_path, **settings) as here:
        deadline = time.monotonic() + 60
        while (uris := json.loads(here.get("/turn", made["key"])[1])["uris"]) != [alive]:
            assert time.monotonic() < deadline, uris
            time.sleep(0.1)
        metrics = here.get("/metrics", admin=True)[1]
        status, health = here.get("/health/turn", admin=True)
    assert f'turn_relay_alive{{uri="{alive}"}} 1.0' in metrics
    assert f'turn_relay_alive{{uri="{dead}"}} 0.0' in metrics
    assert (status, [each["ok"] for each in json.loads(health)["relays"]]) == (503, [False, True])


def run(*arguments: str, **settings: str) -> Result:
    """In this process, as nothing is served."""
    environment: dict[str, str | None] = {
        name: None for name in os.environ if name.startswith("TURN_")
    }
    given = {f"TURN_{name.upper()}": value for name, value in settings.items()}
    return CliRunner().invoke(app, ["serve", *arguments], env={**environment, **given})


def test_check_says_what_is_wrong_and_shows_no_secret() -> None:
    good = run("--check", "--json", secret="hunter2", uris="turn:[::1]", keys_file="none.db")
    found = json.loads(good.stdout)
    assert (good.exit_code, found["ok"], found["settings"]["secret"]) == (0, True, "(set)")
    assert [text for text in found["warnings"] if "IPv6" in text or "key make" in text]
    assert "hunter2" not in good.stdout + good.stderr
    bad = run("--check", secrets="ftp://ann:hunter2@x", uris="turn:x", keys_file="k")
    assert (bad.exit_code, "TURN_SECRETS" in bad.stderr) == (2, True)
    assert "hunter2" not in bad.stdout + bad.stderr
    assert run(uris="turn:x").exit_code == 2


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        settings = {
            "TURN_SECRET": "x",
            "TURN_URIS": "turn:x",
            "TURN_KEYS_FILE": str(tmp_path / "k"),
        }
        done = subprocess.run(
            [*PROGRAM, "serve"],
            env={**os.environ, **settings, "TURN_LISTEN_PORT": port},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, f"port {port}" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_help_has_an_example() -> None:
    assert "Example:" in run("--help").stdout


def test_secrets_of_a_place_that_changes(tmp_path: Path) -> None:
    """How a place is read is tested with it; here, that it is asked."""
    file = tmp_path / "secrets"
    file.write_text("first-secret\n")
    file.chmod(0o600)
    made = key(tmp_path, "make", "meet")
    with serving(tmp_path, secret="", secrets=f"file:{file}") as here:
        status, body = here.get("/turn", made["key"])
    answer = json.loads(body)
    assert status == 200
    assert answer["password"] == sign("first-secret", answer["username"])
