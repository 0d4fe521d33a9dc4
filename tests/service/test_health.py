"""Whether the bot says that it can take calls, and its operator's web server, over HTTP."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from voip.matrix.identity import IdentityState
from voip.service.admin import CannotListen, build, listening
from voip.service.health import (
    DISK_LEFT,
    STARTING,
    SYNC_WITHIN,
    Facts,
    Health,
    disk_facts,
    judge,
)
from voip.service.supervisor import Supervisor

GOOD = Facts(
    sync_age=29.0,
    identity=IdentityState.SIGNED,
    writable=True,
    free=DISK_LEFT,
    draining=False,
)


@pytest.mark.parametrize(
    ("bad", "name"),
    [
        ({"sync_age": None}, "sync"),
        ({"sync_age": SYNC_WITHIN + 1}, "sync"),
        ({"writable": False}, "store"),
        ({"free": DISK_LEFT - 1}, "disk"),
        ({"draining": True}, "calls"),
    ],
)
def test_each_fact_alone_makes_it_unready(bad: dict[str, object], name: str) -> None:
    assert judge(GOOD).ok
    health = judge(replace(GOOD, **bad))  # type: ignore[arg-type]  # fields of any type
    assert not health.ok
    assert [check.name for check in health.checks if not check.ok] == [name]


def test_an_unsigned_device_is_told_and_not_held_against_it() -> None:
    health = judge(replace(GOOD, identity=IdentityState.UNSIGNED))
    assert health.ok
    assert "not signed" in str(health.as_json()["checks"])


def test_what_the_disk_says(tmp_path: Path) -> None:
    writable, free = disk_facts(tmp_path)
    assert writable
    assert free > 0
    assert list(tmp_path.iterdir()) == []
    assert disk_facts(tmp_path / "missing") == (False, 0)


async def test_over_http() -> None:
    registry = CollectorRegistry()
    Counter("things", "Things.", registry=registry).inc(3)
    found = [STARTING]

    async def health() -> Health:
        return found[0]

    async with (
        listening(build(registry, health), "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
    ):
        async with client.get("/health/ready") as response:
            assert response.status == 503
            assert (await response.json())["checks"]["sync"]["ok"] is False
        found[0] = judge(GOOD)
        async with client.get("/health/ready") as response:
            assert response.status == 200
        async with client.get("/health/live") as response:
            assert response.status == 200
        async with client.get("/metrics") as response:
            assert "things_total 3.0" in await response.text()
        with pytest.raises(CannotListen, match="VOIP_ADMIN_PORT"):
            async with listening(build(registry, health), "127.0.0.1", port):
                pass


# --- who started us -----------------------------------------------------------------------------


@pytest.mark.parametrize("abstract", [False, True])
async def test_the_supervisor_hears_that_we_are_alive(tmp_path: Path, abstract: bool) -> None:
    name = f"@voip-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs:
        theirs.bind("\0" + name[1:] if abstract else name)
        theirs.settimeout(20)
        supervisor = Supervisor.from_environment(
            {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "20000", "WATCHDOG_PID": str(os.getpid())}
        )
        assert supervisor.watchdog == 0.02
        supervisor.say("READY=1")
        assert theirs.recv(100) == b"READY=1"
        async with supervisor.watched():
            for _ in range(2):
                assert await asyncio.to_thread(theirs.recv, 100) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"NOTIFY_SOCKET": ""},
        {"NOTIFY_SOCKET": "/nowhere/at/all"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "x"},
        {"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"},
    ],
)
def test_nobody_there_is_no_fault(environment: dict[str, str]) -> None:
    supervisor = Supervisor.from_environment(environment)
    assert supervisor.watchdog is None
    supervisor.say("READY=1")
