"""A real Synapse: it starts, keeps its data, says why it cannot start, and dies with us."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import MakeUser
from voip.service.demo.errors import HomeserverError, PortBusyError, StartError
from voip.service.demo.processes import ChildProcess, free_port
from voip.service.demo.synapse import Synapse, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions


def login(synapse: SynapseProcess, name: str, password: str) -> str:
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": name},
        "password": password,
    }
    return str(synapse.request("POST", "/_matrix/client/v3/login", body)["access_token"])


def test_the_shared_one_registers_users(synapse: SynapseProcess, make_user: MakeUser) -> None:
    user = make_user()
    token = login(synapse, user.localpart, user.password)
    whoami = synapse.request("GET", "/_matrix/client/v3/account/whoami", token=token)
    assert whoami["user_id"] == user.user_id
    with pytest.raises(HomeserverError, match="M_USER_IN_USE") as refused:
        synapse.register(user.localpart, "another")
    assert refused.value.errcode == "M_USER_IN_USE"


async def test_life_of_a_data_folder(tmp_path: Path) -> None:
    options = SynapseOptions(
        tmp_path / "data",
        free_port(),
        turn_uris=("turn:127.0.0.1:3478?transport=udp",),
        turn_shared_secret="a secret",
    )
    async with Synapse(options) as synapse:
        pid = synapse.blocking.process.pid
        await synapse.register("alice", "first-password")
        token = login(synapse.blocking, "alice", "first-password")
        await synapse.lift_rate_limits("@alice:localhost")
        relay = synapse.blocking.request("GET", "/_matrix/client/v3/voip/turnServer", token=token)
        assert relay["uris"] == ["turn:127.0.0.1:3478?transport=udp"]
        assert relay["ttl"] == 3600
        await synapse.restart()
        assert synapse.blocking.process.pid != pid
        assert synapse.blocking.request("GET", "/_matrix/client/v3/sync", token=token)
    assert not synapse.blocking.process.running
    for name in ("registration.secret", "homeserver.yaml", "admin.token", "signing.key"):
        assert (options.data_dir / name).stat().st_mode & 0o077 == 0, name


def test_a_config_it_refuses_is_shown_with_the_log(tmp_path: Path) -> None:
    options = SynapseOptions(tmp_path, free_port(), extra_config={"listeners": "nonsense"})
    synapse = SynapseProcess(options)
    with pytest.raises(StartError, match=r"ended while starting(.|\n)*synapse.log(.|\n)*listeners"):
        synapse.start()
    assert not synapse.process.running


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortBusyError, match=f"Port {port}.*--port"):
            SynapseProcess(SynapseOptions(tmp_path, port)).start()


def test_a_child_that_ignores_the_request_to_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voip.service.demo.processes.STOP_WITHIN", 0.2)
    script = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
    child = ChildProcess("stubborn", ["sh", "-c", script], tmp_path / "log")
    child.start()
    child.wait_until(lambda: "ready" in child.log.read_text(), 10, "")
    child.stop()
    assert not child.running


def test_a_child_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib\n"
        "from voip.service.demo.processes import ChildProcess\n"
        f"child = ChildProcess('sleeper', ['sleep', '600'], pathlib.Path({str(tmp_path)!r}, 'l'))\n"
        "child.start()\n"
        "comm = pathlib.Path(f'/proc/{child.pid}/comm')\n"
        "child.wait_until(lambda: comm.read_text().strip() == 'sleep', 10, '')\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while alive(child):
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Running, and not only waiting to be reaped by whoever inherited it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False
