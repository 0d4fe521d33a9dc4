"""Homeservers that are slow, huge, redirecting or lying: each gets the error that says so."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from aiohttp import web

from tests.turn.askers.world import (
    PATIENCE,
    PUBLIC,
    TOKEN,
    USERINFO,
    Handler,
    RawHandler,
    Vouching,
    World,
)
from turn.askers.model import AskerError, BadToken, HomeserverSlow, HomeserverUnreachable

NAME = "hs.test"
USER = {"sub": f"@a:{NAME}:1"}


async def asked(world: World, port: int, *, within: float = PATIENCE) -> str:
    """Who our token is of, according to the server at this port."""
    world.dns.add(NAME, "A", PUBLIC)
    world.ports[NAME, 1] = port
    askers = await world.askers(within=within)
    return (await askers.by_openid(TOKEN, f"{NAME}:1")).user_id


async def _unknown_content_type(_: web.Request) -> web.StreamResponse:
    return web.Response(body=json.dumps(USER).encode(), content_type="image/png")


async def _chunked(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for byte in json.dumps(USER).encode():
        await response.write(bytes([byte]))
    return response


@pytest.mark.parametrize("handler", [_unknown_content_type, _chunked])
async def test_unusual_answers_that_count(handler: Handler, world: World) -> None:
    port = await world.serve({USERINFO: handler}, [NAME])
    assert await asked(world, port) == USER["sub"]


async def _huge(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(10_000):
        await response.write(b" " * 100_000)
    return response


async def _bomb(_: web.Request) -> web.StreamResponse:
    body = gzip.compress(b" " * 50_000_000 + json.dumps(USER).encode())
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


async def _gzip(_: web.Request) -> web.StreamResponse:
    body = gzip.compress(json.dumps(USER).encode())
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


async def _deep(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"sub":' + b"[" * 60_000)


async def _page(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>@a:hs.test:1</html>", content_type="text/html")


async def _redirect(_: web.Request) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": "/elsewhere"})


async def _failing(_: web.Request) -> web.StreamResponse:
    return web.Response(status=503)


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (_huge, "larger than"),
        (_bomb, "encoding"),
        (_gzip, "encoding"),
        (_deep, "not a JSON object"),
        (_page, "not a JSON object"),
        (_redirect, "307"),
        (_failing, "503"),
    ],
)
async def test_answers_that_are_none(handler: Handler, words: str, world: World) -> None:
    port = await world.serve({USERINFO: handler, "/elsewhere": Vouching(USER["sub"])}, [NAME])
    with pytest.raises(HomeserverUnreachable, match=words):
        await asked(world, port)


async def test_a_token_that_is_not_known(world: World) -> None:
    port = await world.serve({USERINFO: Vouching(USER["sub"], "another token")}, [NAME])
    with pytest.raises(BadToken, match="does not know the token"):
        await asked(world, port)


@pytest.mark.parametrize("sub", ["@a:matrix.org", "@a:hs.test", "@a:hs.test:2", "@a:HS.test:1"])
async def test_a_server_that_vouches_for_others(sub: str, world: World) -> None:
    port = await world.serve({USERINFO: Vouching(sub)}, [NAME])
    with pytest.raises(BadToken, match="vouched for a user of another"):
        await asked(world, port)


def says_bytes(*parts: bytes, pause: float = 0.0, hold: bool = False) -> RawHandler:
    """Takes a request and writes the parts."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
            if hold:
                await reader.read()  # until the other side gives up
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return handler


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BODY = json.dumps(USER).encode()


@pytest.mark.parametrize(
    ("parts", "error", "words"),
    [
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], HomeserverUnreachable, "HTTP"),
        ([b"\x00" * 100], HomeserverUnreachable, "HTTP"),
        ([], HomeserverUnreachable, "HTTP"),
        ([OK + b"Content-Length: 5000\r\n\r\n" + BODY], HomeserverUnreachable, "broke off"),
        ([OK + b"Content-Length: 9\r\n\r\n" + BODY], HomeserverUnreachable, "HTTP|JSON"),
        ([OK + b"Content-Length: -1\r\n\r\n" + BODY], HomeserverUnreachable, "HTTP"),
        ([OK + b"Content-Length: 1" + b"0" * 40 + b"\r\n\r\n"], HomeserverUnreachable, "HTTP"),
        (
            [OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"],
            HomeserverUnreachable,
            "broke off|HTTP",
        ),
        ([OK, *[b"X-%d: 1\r\n" % n for n in range(5000)], b"\r\n"], HomeserverUnreachable, "HTTP"),
        ([OK + b"X: " + b"x" * 100_000 + b"\r\n\r\n"], HomeserverUnreachable, "HTTP"),
    ],
)
async def test_bytes_that_are_no_answer(
    parts: Sequence[bytes], error: type[AskerError], words: str, world: World
) -> None:
    port = await world.serve_raw(says_bytes(*parts), [NAME])
    with pytest.raises(error, match=words):
        await asked(world, port)


@pytest.mark.parametrize(
    "handler",
    [
        says_bytes(hold=True),
        says_bytes(OK, hold=True),
        says_bytes(OK + b"Content-Length: 30\r\n\r\n", *[b" "] * 30, pause=0.1, hold=True),
        says_bytes(OK + b"\r\n", *[b" "] * 100, pause=0.1),
        says_bytes(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 100, pause=0.02, hold=True),
    ],
    ids=["silent", "in its headers", "in a body of known size", "in a body", "with continue"],
)
async def test_servers_that_take_their_time(handler: RawHandler, world: World) -> None:
    port = await world.serve_raw(handler, [NAME])
    with pytest.raises(HomeserverSlow, match="in time"):
        await asked(world, port, within=0.5)


async def test_a_server_that_never_shakes_hands(world: World) -> None:
    port = await world.serve_raw(says_bytes(hold=True), None)
    with pytest.raises(HomeserverSlow):
        await asked(world, port, within=0.5)


async def test_a_server_without_tls(world: World) -> None:
    port = await world.serve({USERINFO: Vouching(USER["sub"])}, None)
    with pytest.raises(HomeserverUnreachable, match="TLS"):
        await asked(world, port)


async def test_nobody_listens(world: World) -> None:
    port = await world.serve_raw(says_bytes(), None, at="127.0.0.3")
    with pytest.raises(HomeserverUnreachable, match="no connection: connection refused"):
        await asked(world, port)


@pytest.mark.parametrize(
    ("names", "late", "words"),
    [
        (["other.test"], timedelta(), "not valid for 'hs.test'"),
        (["127.0.0.1"], timedelta(), "not valid for 'hs.test'"),
        ([NAME], timedelta(days=-30), "expired"),
        ([NAME], timedelta(days=30), "not yet valid.*clock"),
    ],
)
async def test_certificates_that_prove_nothing(
    names: list[str], late: timedelta, words: str, world: World
) -> None:
    port = await world.serve({USERINFO: Vouching(USER["sub"])}, names, late=late)
    with pytest.raises(HomeserverUnreachable, match=words):
        await asked(world, port)


async def test_a_certificate_of_another_authority(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.turn.askers.authority import Authority

    world.authority, trusted = Authority(tmp_path_factory.mktemp("other")), world.authority
    port = await world.serve({USERINFO: Vouching(USER["sub"])}, [NAME])
    world.authority = trusted
    with pytest.raises(HomeserverUnreachable, match="certificate was refused"):
        await asked(world, port)


async def test_a_name_that_does_not_exist(world: World) -> None:
    askers = await world.askers()
    with pytest.raises(HomeserverUnreachable, match="no public address for nowhere"):
        await askers.by_openid(TOKEN, "nowhere.test")


async def test_a_dns_that_fails(world: World) -> None:
    world.dns.failing |= {(NAME, "A"), (NAME, "AAAA")}
    askers = await world.askers()
    with pytest.raises(HomeserverUnreachable, match="DNS"):
        await askers.by_openid(TOKEN, f"{NAME}:1")


async def test_a_dns_that_says_nothing(world: World) -> None:
    world.dns.silent |= {(NAME, "A"), (NAME, "AAAA")}
    askers = await world.askers(within=0.5)
    with pytest.raises(HomeserverSlow):
        await askers.by_openid(TOKEN, f"{NAME}:1")


async def test_one_address_family_is_enough(world: World) -> None:
    world.dns.failing.add((NAME, "AAAA"))
    port = await world.serve({USERINFO: Vouching(USER["sub"])}, [NAME])
    assert await asked(world, port) == USER["sub"]
