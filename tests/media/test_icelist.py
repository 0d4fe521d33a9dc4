from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest

from voip.media import icelist
from voip.media.icelist import Resolver, choose
from voip.signalling.ice import IceServer


def turn(*urls: str) -> IceServer:
    return IceServer(urls, "user", "password")


def urls(servers: list[Any]) -> list[str]:
    return [url for server in servers for url in server.urls]


def test_none_given_is_none_used() -> None:
    """aiortc takes None for a public STUN server of a third party."""
    assert choose([], relay_only=False) == []
    assert choose([IceServer(())], relay_only=True) == []


def test_the_first_stun_server_and_the_best_turn_server() -> None:
    servers = [
        turn("turns:a.example:5349?transport=tcp", "turn:a.example?transport=tcp"),
        IceServer(("stun:b.example", "stun:c.example")),
        turn("turn:d.example:3478?transport=udp", "turn:e.example"),
    ]
    chosen = choose(servers, relay_only=False)
    assert urls(chosen) == ["stun:b.example", "turn:d.example:3478?transport=udp"]
    assert (chosen[1].username, chosen[1].credential) == ("user", "password")


def test_udp_goes_before_tcp_and_tcp_before_tls() -> None:
    tls, tcp = "turns:a.example", "turn:a.example?transport=tcp"
    assert urls(choose([turn(tls, tcp)], relay_only=False)) == [tcp]
    assert urls(choose([turn(tls)], relay_only=False)) == [tls]


def test_relays_only_leaves_stun_out() -> None:
    servers = [IceServer(("stun:b.example",)), turn("turn:a.example")]
    assert urls(choose(servers, relay_only=True)) == ["turn:a.example"]


@pytest.mark.parametrize(
    "server",
    [
        turn("", "turn:", "http://a.example", "turn:[::1]:3478", "turn:a.example:x"),
        turn("turn:a.example?transport=quic", "turns:a.example?transport=udp"),
        IceServer(("turn:a.example",)),
        IceServer(("turn:a.example",), "", ""),
        IceServer(("turn:a.example",), "user", None),
        IceServer(("stuns:a.example", "stun:a.example?transport=udp")),
    ],
)
def test_what_cannot_be_used_is_left_out(server: IceServer) -> None:
    good = turn("turn:good.example")
    assert urls(choose([server, good], relay_only=False)) == ["turn:good.example"]


class TestResolver:
    async def test_addresses_and_names(self) -> None:
        resolver = Resolver()
        assert await resolver.resolve("192.0.2.1") == "192.0.2.1"
        assert await resolver.resolve("fd00::2") == "fd00::2"
        assert await resolver.resolve("localhost", socket.AF_INET) == "127.0.0.1"
        with pytest.raises(socket.gaierror):
            await resolver.resolve("does-not-exist.invalid")
        resolver.close()

    async def test_a_name_is_looked_up_once_a_minute_and_off_the_loop(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = []

        def slow(host: str, family: object) -> str:
            asked.append(host)
            time.sleep(0.2)
            return "192.0.2.1"

        monkeypatch.setattr(icelist, "_look_up", slow)
        resolver = Resolver()
        looking_up = asyncio.create_task(resolver.resolve("a.example"))
        rounds = 0
        while not looking_up.done():
            rounds += 1
            await asyncio.sleep(0.01)
        assert rounds > 3
        assert await resolver.resolve("a.example") == "192.0.2.1"
        assert asked == ["a.example"]
        for number in range(200):
            resolver._known[f"{number}", socket.AF_INET] = (0.0, "")
        await resolver.resolve("b.example")
        assert len(resolver._known) == 1
        resolver.close()
