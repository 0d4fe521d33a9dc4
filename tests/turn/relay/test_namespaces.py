"""Two ends in two networks that only the relay stands in, at public-looking addresses: what no
rule was changed for."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from turn.credentials import mint

RELAY = ("9.9.8.1", "9.9.9.1")
"""In the first end's network and in the second's. They are the test's own namespaces': no packet
leaves the machine."""
ENDS = ("9.9.8.2", "9.9.9.2")
PORT = 3478
SECRET = "namespaces"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


@contextmanager
def namespaces() -> Iterator[tuple[str, list[str]]]:
    """The relay's, and those of the two ends. Nothing is forwarded between them."""
    mark = f"{os.getpid() % 100_000}"
    relay, ends = f"turn{mark}r", [f"turn{mark}{n}" for n in "ab"]
    try:
        try:
            for name in (relay, *ends):
                ip("netns", "add", name)
                ip("-n", name, "link", "set", "lo", "up")
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("network namespaces need root, and iproute2: apt-get install iproute2")
        for end, ours, theirs in zip(ends, RELAY, ENDS, strict=True):
            ip("link", "add", f"{end}v", "netns", end, "type", "veth", "peer", "name", f"{end}r",
               "netns", relay)  # fmt: skip
            ip("-n", relay, "address", "add", f"{ours}/24", "dev", f"{end}r")
            ip("-n", relay, "link", "set", f"{end}r", "up")
            ip("-n", end, "address", "add", f"{theirs}/24", "dev", f"{end}v")
            ip("-n", end, "link", "set", f"{end}v", "up")
            ip("-n", end, "route", "add", "default", "via", ours)
        # New namespaces may take over what the machine has.
        ip("netns", "exec", relay, "sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward")
        yield relay, ends
    finally:
        for name in (relay, *ends):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


@asynccontextmanager
async def within(name: str, *command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python program in a namespace."""
    process = await asyncio.create_subprocess_exec(
        *("ip", "netns", "exec", name, sys.executable, *command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def told(process: asyncio.subprocess.Process) -> object:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        return json.loads(await process.stdout.readline())


def tell(process: asyncio.subprocess.Process, value: object) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(value).encode() + b"\n")


@pytest.mark.skipif(shutil.which("ip") is None, reason="ip is missing: apt-get install iproute2")
async def test_a_call_between_two_networks_under_the_rules_as_they_are(tmp_path: Path) -> None:
    secret_file = tmp_path / "secrets"
    secret_file.touch(mode=0o600)
    secret_file.write_text(f"{SECRET}\n")
    uri = f"turn:{RELAY[0]}:{PORT}?transport=udp"
    minted = mint(SECRET, "caller", 3600, time.time())
    command = ("-c", "from turn.cli import main; main()", "relay", "--realm", "example.org")
    listen = ("--listen", f"{RELAY[0]}:{PORT}", "--secret-file", str(secret_file), "--json")
    peer = ("-m", "tests.turn.relay.namespace_peer")
    with namespaces() as (relay, ends):
        async with (
            within(relay, *command, *listen) as server,
            within(ends[0], *peer, "offer", uri) as one,
            within(ends[1], *peer, "answer", uri) as two,
        ):
            await told(server)
            for each in (one, two):
                tell(each, [minted.username, minted.password])
            tell(two, await told(one))
            tell(one, await told(two))
            assert await told(one) == "back there"
            for each in (one, two):
                tell(each, "enough")
                await each.communicate()
                assert each.returncode == 0
