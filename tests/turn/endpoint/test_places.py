"""Which relay an answer names: hint, the client's network, the key, the call, the living."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from tests.turn.endpoint.site import EU, TOKEN, US, add_key, site
from turn.asking import Terms
from turn.keys.model import Scopes
from turn.regions import Relay
from turn.relay_health import FALL

MATRIX = "/_matrix/client/v3/voip/turnServer"
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
ELSEWHERE = ipaddress.ip_network("198.51.100.0/24")


def host(body: dict[str, list[str]]) -> str:
    return body["uris"][0].split(":")[1]


async def test_the_hint_and_the_client_network(tmp_path: Path) -> None:
    networks = {LOOPBACK: "us", ELSEWHERE: "eu"}
    async with site(tmp_path, networks=networks, proxies=(LOOPBACK,)) as here:

        async def where(query: str = "", forwarded: str = "") -> str:
            headers = {"X-Forwarded-For": forwarded} if forwarded else {}
            return host((await here.get(MATRIX + query, token=TOKEN, headers=headers))[1])

        assert await where() == "us.example.org"
        assert await where("?region=eu") == "eu.example.org"
        assert await where(forwarded="198.51.100.7") == "eu.example.org"
        assert await where(forwarded="127.0.0.9, 198.51.100.7, 127.0.0.1") == "eu.example.org"
        assert await where(forwarded="198.51.100.7, 192.0.2.1") == "eu.example.org", (
            "what the client wrote itself, left of an address that is no proxy, does not count,"
            " and 192.0.2.1 is in no network: the first region"
        )
        assert await where(forwarded="nonsense") == "eu.example.org"


async def test_nobody_but_our_proxy_says_where_a_client_is(tmp_path: Path) -> None:
    async with site(tmp_path, networks={LOOPBACK: "us", ELSEWHERE: "eu"}) as here:
        _, body = await here.get(MATRIX, token=TOKEN, headers={"X-Forwarded-For": "198.51.100.7"})
    assert host(body) == "us.example.org"


async def test_a_keys_regions(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        new = add_key(here.store, scopes=Scopes(Terms(regions=("us",))))
        _, body = await here.get("/turn", headers=new.bearer)
        status, error = await here.get("/turn?region=eu", headers=new.bearer)
    assert host(body) == "us.example.org"
    assert (status, error["error"]) == (400, "there is no such region; there are: us")


async def test_both_ends_of_a_call_and_the_death_of_its_relay(tmp_path: Path) -> None:
    relays = tuple(Relay("eu", (f"turn:eu{n}.example.org",)) for n in range(5))
    async with site(tmp_path, relays=relays, remote=Terms()) as here:
        key = add_key(here.store)

        async def ends(call: str) -> set[str]:
            one = await here.get(f"{MATRIX}?room={call}", token=TOKEN)
            other = await here.get(f"/turn?call={call}&username=bob", headers=key.bearer)
            return {host(one[1]), host(other[1])}

        before = {call: await ends(call) for call in map(str, range(8))}
        assert all(len(hosts) == 1 for hosts in before.values())
        (gone,) = before["0"]
        for _ in range(FALL):
            here.service.parts.health.record(f"turn:{gone}", ok=False, now=0)
        after = {call: await ends(call) for call in before}
        _, health = await here.get("/health")
    assert all((after[c] != before[c]) == (before[c] == {gone}) for c in before)
    assert health["relays"] == {"alive": 4, "known": 5}


async def test_janus_gets_names_and_never_an_ipv6_address(tmp_path: Path) -> None:
    six = "turn:[2001:db8::1]:3478?transport=udp"
    async with site(tmp_path, relays=(Relay("eu", (six, *EU.uris)),)) as here:
        new = add_key(here.store)
        _, rest = await here.get("/turn", headers=new.bearer)
        _, w3c = await here.get("/ice-servers", headers=new.bearer)
    assert six not in rest["uris"]
    assert six in w3c["iceServers"][1]["urls"]
    async with site(tmp_path / "b", relays=(Relay("eu", (six,)), US)) as here:
        new = add_key(here.store)
        status, body = await here.get("/turn", headers=new.bearer)
    assert (status, "host name" in body["error"]) == (400, True)
