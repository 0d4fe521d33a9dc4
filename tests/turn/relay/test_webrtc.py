"""WebRTC through the relay alone: two aiortc peers, and two of Chromium's."""

from __future__ import annotations

import asyncio
import time
from ipaddress import ip_network

import pytest
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)
from playwright.async_api import Browser

from tests.e2e.browser import CHROMIUM, chromium
from tests.turn.relay.clients import SECRET
from tests.turn.relay.conftest import StartRelay
from turn.credentials import Credentials, mint
from turn.relay.serve import Relay
from voip.service.demo.coturn import own_address

CALL = """async ({urls, username, credential}) => {
  const config = {iceServers: [{urls, username, credential}], iceTransportPolicy: "relay"};
  const [a, b] = [new RTCPeerConnection(config), new RTCPeerConnection(config)];
  a.onicecandidate = ({candidate}) => candidate && b.addIceCandidate(candidate);
  b.onicecandidate = ({candidate}) => candidate && a.addIceCandidate(candidate);
  const channel = a.createDataChannel("x");
  b.ondatachannel = ({channel: c}) => { c.onmessage = ({data}) => c.send("back " + data); };
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
  await new Promise((resolve) => { channel.onopen = resolve; });
  const answer = new Promise((resolve) => { channel.onmessage = ({data}) => resolve(data); });
  channel.send("there");
  const text = await answer;
  const types = [];
  for (const stats of (await a.getStats()).values()) {
    if (stats.type === "local-candidate") types.push(stats.candidateType);
  }
  a.close();
  b.close();
  return {text, types};
}"""


async def relay_here(start_relay: StartRelay) -> Relay:
    """On the machine's own address: neither of them gathers on loopback."""
    here = own_address()
    return await start_relay(
        listen=((here, 0),), relay_addresses=(here,), allowed=(ip_network(here),)
    )


def credentials() -> Credentials:
    return mint(SECRET, "caller", 3600, time.time())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_aiortc(start_relay: StartRelay, transport: str) -> None:
    relay = await relay_here(start_relay)
    minted = credentials()
    uri = next(each for each in relay.uris if each.endswith(transport))
    servers = [RTCIceServer([uri], minted.username, minted.password)]
    config = RTCConfiguration(servers, iceTransportPolicy=RTCIceTransportPolicy.RELAY)
    one, two = RTCPeerConnection(config), RTCPeerConnection(config)
    got: asyncio.Queue[str] = asyncio.Queue()
    channel = one.createDataChannel("x")
    channel.on("open", lambda: channel.send("there"))
    channel.on("message", got.put_nowait)
    two.on("datachannel", lambda c: c.on("message", lambda text: c.send(f"back {text}")))
    try:
        await one.setLocalDescription(await one.createOffer())
        await two.setRemoteDescription(_sent(one))
        await two.setLocalDescription(await two.createAnswer())
        await one.setRemoteDescription(_sent(two))
        assert " typ relay " in one.localDescription.sdp
        assert " typ host " not in one.localDescription.sdp
        async with asyncio.timeout(20):
            assert await got.get() == "back there"
        assert relay.allocations >= 2
    finally:
        await asyncio.gather(one.close(), two.close())


def _sent(connection: RTCPeerConnection) -> RTCSessionDescription:
    description = connection.localDescription
    return RTCSessionDescription(description.sdp, description.type)


@pytest.mark.skipif(
    not CHROMIUM.exists(), reason="chromium is missing: on Debian, apt-get install chromium"
)
async def test_chromium(start_relay: StartRelay) -> None:
    relay = await relay_here(start_relay)
    minted = credentials()

    async def call(browser: Browser, transport: str) -> None:
        page = await browser.new_page()
        urls = [each for each in relay.uris if each.startswith("turn:") and transport in each]
        server = {"urls": urls, "username": minted.username, "credential": minted.password}
        async with asyncio.timeout(30):
            found = await page.evaluate(CALL, server)
        assert found["text"] == "back there"
        assert set(found["types"]) == {"relay"}

    async with chromium() as browser:
        await asyncio.gather(call(browser, "udp"), call(browser, "tcp"))
    assert relay._running.core.counts.allocated >= 4
