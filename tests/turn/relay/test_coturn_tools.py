"""coturn's own client against the relay: it shares no line with ours."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator

import pytest

from tests.turn.relay.clients import SECRET
from tests.turn.relay.conftest import HERE, HERE6, StartRelay
from turn.relay.serve import Relay
from turn.relay.udp import udp_socket

CLIENT, PEER = "turnutils_uclient", "turnutils_peer"
PACKETS = 12
pytestmark = pytest.mark.skipif(
    shutil.which(CLIENT) is None,
    reason=f"the command {CLIENT} is missing: on Debian, apt-get install coturn",
)


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """The port of coturn's echoing peer."""
    with udp_socket(HERE, 0) as probe:
        port: int = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(PEER, "-L", HERE, "-L", HERE6, "-p", str(port)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        process.terminate()
        await process.wait()


async def run(relay: Relay, echo: int, *flags: str) -> str:
    """What it says, when it has lost nothing."""
    six, tls = "-x" in flags, "-S" in flags
    address = relay.tls_addresses[0] if tls else relay.addresses[1 if six else 0]
    process = await asyncio.create_subprocess_exec(
        *(CLIENT, "-W", SECRET, "-u", "".join(flags), "-p", str(address[1]), "-e", address[0]),
        *("-r", str(echo), "-n", str(PACKETS), "-m", "1", "-z", "5", *flags, address[0]),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(30):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode(errors="replace")
    assert process.returncode == 0, text[-2000:]
    return text


WAYS = (
    "-y",  # two clients of the relay reach each other
    "-t -y",
    "-t -S -c",
    "-s -c",  # Send indications
    "-g -s -c",  # with DONT-FRAGMENT
    "-x -c",
    "-t -x -c",
    "-l 1400 -D -c",  # padding over UDP too
)


async def test_its_client_loses_nothing(start_relay: StartRelay, echo: int) -> None:
    """Each way in a process of its own, all at once: they mostly wait."""
    relay = await start_relay()
    texts = await asyncio.gather(*(run(relay, echo, *way.split()) for way in WAYS))
    for way, text in zip(WAYS, texts, strict=True):
        lost = re.findall(r"Total lost packets (\d+)", text)
        received = re.findall(r"tot_recv_msgs=(\d+)", text)
        assert lost[-1] == "0", f"{way}: {text[-2000:]}"
        assert int(received[-1]) >= PACKETS, f"{way}: {text[-2000:]}"
