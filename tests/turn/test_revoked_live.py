"""From a call of the API to the end of an allocation: the endpoint, the file of revoked names and
the relay, each as it is run."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import aiohttp
import pytest
from aioice.stun import TransactionFailed

from tests.turn.endpoint.test_serving import key, serving
from tests.turn.relay.conftest import HERE
from tests.turn.relay.endpoints import allocated, peer
from tests.turn.relay.test_relay_command import running
from tests.turn.relay.test_serve import exchange

WITHIN = 20.0
"""Seconds for what takes two on a machine that has nothing else to do."""


async def test_revoking_at_the_endpoint_ends_a_live_allocation(tmp_path: Path) -> None:
    revoked, secret = tmp_path / "revoked", "north-south-east-west"
    secrets = tmp_path / "secrets"
    secrets.write_text(secret)
    secrets.chmod(0o600)
    made = await asyncio.to_thread(key, tmp_path, "make", "meet")
    async with running(
        *("--listen", f"{HERE}:0", "--secret-file", str(secrets), "--allow-peer", "127.0.0.0/8"),
        *("--revoked-file", str(revoked), "--metrics", f"{HERE}:0"),
    ) as (relay, _):
        uri = relay["uris"][0]
        here = serving(tmp_path, secret=secret, uris=uri, revoked_file=str(revoked))
        endpoint = await asyncio.to_thread(here.__enter__)
        try:
            url = f"http://{HERE}:{endpoint.port}/v1/turn/keys/{made['holder']}/credentials"
            headers = {"Authorization": f"Bearer {made['key']}"}
            async with aiohttp.ClientSession(headers=headers) as http:
                await revoke_and_watch(http, url, relay, (HERE, port_of(uri)))
        finally:
            await asyncio.to_thread(here.__exit__, None, None, None)


async def revoke_and_watch(
    http: aiohttp.ClientSession, url: str, relay: dict[str, str], server: tuple[str, int]
) -> None:
    one, two = await given(http, url), await given(http, url)
    async with peer() as other, allocated(server, *one) as revoked, allocated(server, *two) as kept:
        await exchange(revoked, other, 1)
        await exchange(kept, other, 1)
        assert await live(http, relay["metrics"]) == 2
        async with http.post(f"{url}/{one[0]}/revoke") as answer:
            assert answer.status == 204
        async with asyncio.timeout(WITHIN):
            while await live(http, relay["metrics"]) != 1:  # noqa: ASYNC110 - it looks at the file
                await asyncio.sleep(0.05)
        other.transport.sendto(b"anybody?", revoked.address)
        await exchange(kept, other, 1)
        assert not revoked.received.qsize(), "what is sent there goes nowhere"
        with pytest.raises(TransactionFailed):
            async with allocated(server, *one):
                pass


async def given(http: aiohttp.ClientSession, url: str) -> tuple[str, str]:
    async with http.post(f"{url}/generate-ice-servers", json={"ttl": 600}) as answer:
        (found,) = (await answer.json())["iceServers"]
    return found["username"], found["credential"]


async def live(http: aiohttp.ClientSession, metrics: str) -> int:
    """Allocations of key holders' users."""
    async with http.get(metrics) as answer:
        text = await answer.text()
    found = re.search(r'^turn_relay_allocations\{tier="key"\} (\S+)$', text, re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def port_of(uri: str) -> int:
    return int(uri.partition("?")[0].rpartition(":")[2])
