"""Questions from the token to the user: what is kept, what is refused, what stays secret."""

from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp import web

from tests.turn.askers.world import PUBLIC, TOKEN, USERINFO, Vouching, World, says
from turn.askers.askers import BAD_TOKEN_KEPT, OPENID_KEPT, MatrixAskers
from turn.askers.kept import MAX_FLIGHTS_PER_GROUP
from turn.askers.model import (
    AskerError,
    BadToken,
    HomeserverSlow,
    HomeserverUnreachable,
    NotAllowed,
)

NAME = "example.test"


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Does not even shake hands."""
    await reader.read()
    writer.close()


async def _slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def simple(world: World, *, token: str = TOKEN) -> tuple[MatrixAskers, Vouching, str]:
    """Somebody who asks, a server found without detours, and its name."""
    vouching = Vouching("", token)
    port = await world.serve({USERINFO: vouching}, [NAME])
    name = f"{NAME}:{port}"
    vouching.user_id = f"@a:{name}"
    world.dns.add(NAME, "A", PUBLIC)
    return await world.askers(), vouching, name


async def test_a_user_is_believed_for_a_while(world: World) -> None:
    askers, vouching, name = await simple(world)
    for passed, questions in ((0, 1), (OPENID_KEPT - 1, 1), (2, 2)):
        world.now += passed
        await askers.by_openid(TOKEN, name)
        assert len(vouching.hosts) == questions


async def test_a_user_is_not_believed_for_longer_than_the_token_lives(world: World) -> None:
    askers, vouching, name = await simple(world)
    await askers.by_openid(TOKEN, name, expires_in=10)
    world.now += 11
    vouching.token = "none is valid now"
    with pytest.raises(BadToken):
        await askers.by_openid(TOKEN, name, expires_in=10)


@pytest.mark.parametrize("expires_in", [-5.0, 0.0, float("nan"), float("inf"), 1e300])
async def test_strange_lifetimes_do_no_harm(expires_in: float, world: World) -> None:
    askers, vouching, name = await simple(world)
    await askers.by_openid(TOKEN, name, expires_in)
    world.now += OPENID_KEPT
    await askers.by_openid(TOKEN, name, expires_in)
    assert len(vouching.hosts) == 2


async def test_a_bad_token_is_remembered_for_a_moment(world: World) -> None:
    askers, vouching, name = await simple(world)
    for passed, questions in ((0, 1), (BAD_TOKEN_KEPT - 1, 1), (2, 2)):
        world.now += passed
        with pytest.raises(BadToken):
            await askers.by_openid("bad", name)
        assert len(vouching.hosts) == questions


async def test_the_same_token_at_another_server_is_another_question(world: World) -> None:
    askers, _, name = await simple(world)
    await askers.by_openid(TOKEN, name)
    with pytest.raises(HomeserverUnreachable):
        await askers.by_openid(TOKEN, "other.test:1")


async def test_many_at_once_are_one_question(world: World) -> None:
    askers, vouching, name = await simple(world)
    users = await asyncio.gather(*(askers.by_openid(TOKEN, name) for _ in range(50)))
    assert len(set(users)) == 1
    assert len(vouching.hosts) == 1


async def test_a_server_that_hangs_holds_up_no_other(world: World) -> None:
    askers, _, name = await simple(world)
    port = await world.serve_raw(_silent, None)
    stuck = [
        asyncio.create_task(askers.by_openid(f"t{number}", f"{NAME}:{port}"))
        for number in range(MAX_FLIGHTS_PER_GROUP)
    ]
    await asyncio.sleep(0)
    with pytest.raises(HomeserverSlow, match="too many"):
        await askers.by_openid("another", f"{NAME}:{port}")
    assert await askers.by_openid(TOKEN, name)
    for each in stuck:
        each.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)


# What is refused at once.


@pytest.mark.parametrize("token", ["", "x" * 5000, "a b", "a\r\nHost: x", "tökên", "\x00"])
async def test_what_is_no_token_is_sent_nowhere(token: str, world: World) -> None:
    askers, vouching, name = await simple(world)
    with pytest.raises(BadToken):
        await askers.by_openid(token, name)
    with pytest.raises(BadToken):
        await askers.by_access_token(token)
    assert not vouching.hosts


@pytest.mark.parametrize("name", ["https://example.test", "", "\ud800", "a\0b", "x" * 100_000])
async def test_what_is_no_server_name_is_not_allowed(name: str, world: World) -> None:
    askers = await world.askers()
    with pytest.raises(NotAllowed, match="not the name of a Matrix server"):
        await askers.by_openid(TOKEN, name)


async def test_no_access_tokens_where_no_homeserver_is_configured(world: World) -> None:
    with pytest.raises(NotAllowed, match="no homeserver is configured"):
        await (await world.askers()).by_access_token(TOKEN)


@pytest.mark.parametrize("token", ["a+b/c=", "a%20b", "a&access_token=b", "#?;"])
async def test_a_token_arrives_as_it_is(token: str, world: World) -> None:
    askers, _, name = await simple(world, token=token)
    assert await askers.by_openid(token, name)


# The operator's own homeserver.


async def test_access_tokens_go_into_a_header_at_the_base_url(world: World) -> None:
    seen: list[tuple[str, str | None]] = []

    async def whoami(request: web.Request) -> web.StreamResponse:
        seen.append((request.raw_path, request.headers.get("Authorization")))
        return web.json_response({"user_id": "@a:home.test"})

    port = await world.serve({"/base/_matrix/client/v3/account/whoami": whoami}, None)
    askers = await world.askers(homeserver_url=f"http://{PUBLIC}:{port}/base/")
    assert (await askers.by_access_token(TOKEN)).local
    assert seen == [("/base/_matrix/client/v3/account/whoami", f"Bearer {TOKEN}")]


async def test_a_homeserver_that_is_down_is_not_a_bad_token(world: World) -> None:
    askers = await world.askers(homeserver_url=f"http://{PUBLIC}:1")
    with pytest.raises(HomeserverUnreachable, match="no connection"):
        await askers.by_access_token(TOKEN)


# Secrets.


def chain(error: BaseException | None) -> list[BaseException]:
    """An exception and all that it carries along."""
    found: list[BaseException] = []
    todo = [error]
    while todo:
        each = todo.pop()
        if each is not None and each not in found:
            found.append(each)
            todo += [each.__cause__, each.__context__]
    return found


async def _cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"nonsense\r\n\r\n")
    writer.close()


async def test_no_token_in_a_log_or_an_exception(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    await simple(world)
    ports = [
        await world.serve_raw(_cut, [NAME]),
        await world.serve_raw(_cut, None),
        await world.serve({USERINFO: says([])}, [NAME]),
        await world.serve({USERINFO: says([])}, ["other.test"]),
        await world.serve({USERINFO: _slow}, [NAME]),
        1,
    ]
    askers = await world.askers(within=0.5, homeserver_url=f"http://{PUBLIC}:{ports[1]}")
    questions = [askers.by_openid(TOKEN, f"{NAME}:{port}") for port in ports]
    errors = await asyncio.gather(*questions, askers.by_access_token(TOKEN), return_exceptions=True)
    assert len(errors) == 7
    for error in errors:
        assert isinstance(error, AskerError)
        for each in chain(error):
            assert TOKEN not in str(each) + repr(each) + repr(vars(each))
    assert TOKEN not in repr(vars(askers))
    assert TOKEN not in caplog.text
