"""The short way gives what the long way gives, by the same rules, and leaves to it what it must."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from tests.turn.endpoint.site import EU, NOW, SECRET, TOKEN, US, Site, add_key, site
from tests.turn.limits.redis_server import redis_server
from tests.turn.secrets.test_live import Shelf
from turn.asking import Terms
from turn.credentials import sign
from turn.endpoint.app import build
from turn.endpoint.service import FRESH, Matrix
from turn.endpoint.short_way import STEADY, Whole, shorten
from turn.keys.model import Scopes
from turn.keys.ring import StoredKeys
from turn.keys.store import KeyStore
from turn.limits.model import Allowance
from turn.limits.redis import RedisLimiter
from turn.relay_health import FALL
from turn.secrets.live import OLDEST, READ_EVERY, LiveSecrets

MATRIX, W3C = "/_matrix/client/v3/voip/turnServer", "/ice-servers"
ISSUED = "turn_credentials_issued_total"
PAGE = "https://app.example.org"
BOTH_WAYS = {"rate": Allowance(1000, 1), "quota": Allowance(100_000, 86400)}


@dataclass
class Ways:
    """One service, served by the application alone, and with the short way before it."""

    here: Site
    short: URL
    long: URL
    went_long: list[str] = field(default_factory=list)
    """The paths that the second one left to the application."""

    async def ask(self, url: URL, path: str, method: str = "GET", **more: Any) -> Any:
        async with self.here.http.request(method, url.with_path(path), **more) as response:
            headers = {k: v for k, v in response.headers.items() if k != "Date"}
            body = await response.json() if response.content_type.endswith("json") else None
            return response.status, headers, body

    async def get(self, path: str, token: str) -> tuple[int, Any]:
        """Over the short way, where it can."""
        told = {"Authorization": f"Bearer {token}"}
        status, _, body = await self.ask(self.short, path, headers=told)
        return status, body

    async def was_short(self, path: str, token: str) -> bool:
        before = len(self.went_long)
        assert (await self.get(path, token))[0] == 200
        return len(self.went_long) == before


@contextlib.asynccontextmanager
async def both(folder: Path, **more: Any) -> AsyncIterator[Ways]:
    async with (
        site(folder, **({"local": Terms(**BOTH_WAYS)} | more)) as here,  # type: ignore[arg-type]
        TestServer(build(here.service)) as server,
    ):
        ways = Ways(here, server.make_url("/"), URL(here.url))
        runner = server.runner
        assert isinstance(runner, web.AppRunner)
        assert runner.server is not None
        handler = runner.server.request_handler

        async def long_way(request: web.BaseRequest) -> web.StreamResponse:
            ways.went_long.append(request.path)
            return await handler(request)

        runner.server.request_handler = long_way
        shorten(runner, here.service)
        yield ways


def masked(answer: Any, secret: str = SECRET) -> Any:
    """Without what is new in each answer of a key; that it fits is seen before."""
    status, headers, body = answer
    body = dict(body or {})
    for holder in (body, *body.get("iceServers", []), *body.get("services", [])):
        if "username" in holder:
            word = holder.pop("password", None) or holder.pop("credential")
            name = holder.pop("username")
            assert word == sign(secret, name)
            holder["name"] = (name.partition(":")[0], len(name), name[-2:])
    return status, headers, body


async def test_the_answers_are_the_same(tmp_path: Path) -> None:
    async with both(tmp_path) as ways:
        key = add_key(ways.here.store, scopes=Scopes(origins=(PAGE,)))
        tokens = [f"Bearer {TOKEN}", f"Bearer {key.key}", f"bearer {TOKEN}", f"Basic {TOKEN}"]
        paths = [*STEADY, "/services", "/turn", "/nowhere"]
        pages = [None, PAGE, "https://elsewhere.example.org"]
        queries = [{}, {"ttl": "600"}, {"region": "us"}, {"region": "none"}]
        asked = 0
        for path, token, page, query, method in itertools.product(
            paths, [*tokens, "Bearer wrong", None], pages, queries, ("GET", "POST", "HEAD")
        ):
            headers = {"Authorization": token} if token else {}
            headers |= {"Origin": page} if page else {}
            more = {"params": query, "headers": headers}
            asked += 1
            long = masked(await ways.ask(ways.long, path, method, **more))
            assert masked(await ways.ask(ways.short, path, method, **more)) == long
        assert 0 < len(ways.went_long) < asked, "both ways were gone"


async def test_what_goes_the_short_way(tmp_path: Path) -> None:
    async with both(tmp_path) as ways:
        key = str(add_key(ways.here.store).key)
        for path, token in ((MATRIX, TOKEN), (W3C, key)):
            assert not await ways.was_short(path, token), "nobody is known yet"
            assert await ways.was_short(path, token)
        assert (await ways.get(MATRIX, key))[0] == 401, "a key is no Matrix token"
        assert ways.here.counted(ISSUED, tier="local", region="eu", shape="matrix") == len(
            [MATRIX, MATRIX]
        ), "both ways count"


async def test_a_body_is_read_by_the_long_way(tmp_path: Path) -> None:
    async with both(tmp_path) as ways:
        await ways.get(W3C, TOKEN)
        told: dict[str, Any] = {
            "headers": {"Authorization": f"Bearer {TOKEN}"},
            "json": {"region": "us"},
        }
        status, _, body = await ways.ask(ways.short, W3C, **told)
        assert (status, body["iceServers"][0]["urls"]) == (200, list(US.uris))


async def test_networks_are_for_the_long_way(tmp_path: Path) -> None:
    async with both(tmp_path, networks={ipaddress.ip_network("127.0.0.0/8"): "us"}) as ways:
        for _ in range(2):
            assert (await ways.get(MATRIX, TOKEN))[1]["uris"] == list(US.uris)


async def test_a_token_that_ended_is_refused_when_it_is_not_fresh(tmp_path: Path) -> None:
    now = [0.0]
    async with both(tmp_path) as ways:
        vouched = ways.here.vouched
        matrix = Matrix(vouched, Terms(), None, clock=lambda: now[0])
    async with both(tmp_path, matrix=matrix) as ways:
        assert [await ways.was_short(MATRIX, TOKEN) for _ in range(2)] == [False, True]
        del vouched.tokens[TOKEN]
        now[0] = FRESH - 0.01
        assert await ways.was_short(MATRIX, TOKEN)
        now[0] = FRESH
        assert (await ways.get(MATRIX, TOKEN))[0] == 401


async def test_a_key_that_was_revoked_or_has_ended_is_refused(tmp_path: Path) -> None:
    now = [NOW]
    keys = StoredKeys(KeyStore(tmp_path / "keys.db"), clock=lambda: now[0])
    async with both(tmp_path, keys=keys) as ways:
        one = add_key(ways.here.store)
        assert [await ways.was_short(W3C, str(one.key)) for _ in range(2)] == [False, True]
        ways.here.store.revoke_key(one.key.id, int(NOW))
        assert await ways.was_short(W3C, str(one.key)), "as long as it is fresh"
        now[0] += FRESH
        assert (await ways.get(W3C, str(one.key)))[0] == 401
    await keys.close()


async def test_rate_and_quota_are_429_and_the_ways_share_them(tmp_path: Path) -> None:
    for limit, terms in (
        ("rate", Terms(rate=Allowance(3, 3600))),
        ("quota", Terms(quota=Allowance(3, 86400))),
    ):
        async with both(tmp_path, local=terms) as ways:
            for _ in range(3):
                assert (await ways.get(MATRIX, TOKEN))[0] == 200
            told: dict[str, Any] = {"headers": {"Authorization": f"Bearer {TOKEN}"}}
            status, headers, body = await ways.ask(ways.short, MATRIX, **told)
            assert (status, body["errcode"]) == (429, "M_LIMIT_EXCEEDED")
            assert int(headers["Retry-After"]) * 1000 >= body["retry_after_ms"] - 1000
            assert (await ways.ask(ways.long, MATRIX, **told))[0] == 429
            assert (
                ways.here.counted(
                    "turn_credentials_refused_total", reason=limit, tier="local", shape="matrix"
                )
                == 2
            ), "once for each that was refused"


async def test_limits_in_redis_are_asked_each_time(tmp_path: Path) -> None:
    with redis_server() as redis:
        limiter = RedisLimiter.at(redis.url, open_when_away=False)
        async with both(tmp_path, limiter=limiter) as ways:
            assert [await ways.was_short(MATRIX, TOKEN) for _ in range(2)] == [False, False]
        await limiter.close()


async def test_a_rotation_is_followed_when_the_secrets_are_read_again(tmp_path: Path) -> None:
    shelf, now = Shelf("one"), [1000.0]
    secrets = LiveSecrets(shelf, clock=lambda: now[0])
    async with both(tmp_path, secrets=secrets) as ways:
        assert [await ways.was_short(MATRIX, TOKEN) for _ in range(2)] == [False, True]
        shelf.values = ("two", "one")
        now[0] += READ_EVERY
        assert not await ways.was_short(MATRIX, TOKEN), "it reads"
        assert await ways.was_short(MATRIX, TOKEN)
        _, body = await ways.get(MATRIX, TOKEN)
        assert body["password"] == sign("two", body["username"])
        shelf.broken = True
        now[0] += OLDEST + 1
        assert (await ways.get(MATRIX, TOKEN))[0] == 503
    await secrets.aclose()


async def test_an_address_that_fails_its_probes_is_left_out_at_once(tmp_path: Path) -> None:
    async with both(tmp_path) as ways:
        assert [await ways.was_short(MATRIX, TOKEN) for _ in range(2)] == [False, True]
        health = ways.here.service.parts.health
        for _ in range(FALL):
            health.record(EU.uris[1], ok=False, now=NOW)
        before = len(ways.went_long)
        assert (await ways.get(MATRIX, TOKEN))[1]["uris"] == [EU.uris[2]]
        assert len(ways.went_long) == before


@pytest.mark.parametrize("line", ["HTTP/1.0", "HTTP/1.1"])
async def test_a_connection_ends_where_the_client_wants_it(tmp_path: Path, line: str) -> None:
    async with both(tmp_path) as ways:
        await ways.get(MATRIX, TOKEN)
        assert await ways.was_short(MATRIX, TOKEN)
        reader, writer = await asyncio.open_connection(ways.short.host, ways.short.port)
        head = f"Host: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        if line == "HTTP/1.1":  # two at once, and the second is the last
            writer.write(f"GET {MATRIX} {line}\r\n{head}\r\n".encode())
            head += "Connection: close\r\n"
        writer.write(f"GET {MATRIX} {line}\r\n{head}\r\n".encode())
        said = await reader.read()  # until the connection ends
        assert said.count(b'"username":') == (2 if line == "HTTP/1.1" else 1)
        writer.close()
        await writer.wait_closed()


async def settled(count: Callable[[], float]) -> float:
    """What it is once it moves no more."""
    before = -1.0
    while (now := count()) != before:
        before = now
        await asyncio.sleep(0.5)
    return before


def count_answers(one: socket.socket, most: int) -> int:
    count, tail, begin = 0, b"", b'"username":'
    while count < most and (piece := one.recv(1 << 16)):
        count += (tail + piece).count(begin)
        tail = piece[1 - len(begin) :]
    return count


async def test_who_reads_slowly_gets_every_answer_and_is_waited_for(tmp_path: Path) -> None:
    many = 30_000  # more than two sockets hold
    unlimited = Terms(rate=Allowance(many, 1), quota=Allowance(many * 2, 86400))
    issued = {"tier": "local", "region": "eu", "shape": "matrix"}
    async with both(tmp_path, local=unlimited) as ways:
        await ways.get(MATRIX, TOKEN)
        assert await ways.was_short(MATRIX, TOKEN)
        ask = f"GET {MATRIX} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        where = (str(ways.short.host), ways.short.port or 0)
        with socket.create_connection(where) as one:
            writing = asyncio.create_task(asyncio.to_thread(one.sendall, ask.encode() * many))
            made = await settled(lambda: ways.here.counted(ISSUED, **issued))
            assert made < many, "as nobody reads, no more are made"
            assert await asyncio.to_thread(count_answers, one, many) == many
            await writing
        assert await ways.was_short(MATRIX, TOKEN), "others are served"


async def test_the_secret_of_a_request_is_in_no_repr(tmp_path: Path) -> None:
    whole = Whole(b"password")
    assert "password" not in repr(whole)
