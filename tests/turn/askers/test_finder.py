"""How servers are found: the Host header, the certificate's name, and ways that are closed.

The real Synapse's tests go every way once.
"""

from __future__ import annotations

import asyncio

import dns.asyncresolver
import dns.resolver
import pytest
from aiohttp import web

from tests.turn.askers.world import (
    PUBLIC,
    TOKEN,
    USERINFO,
    Handler,
    LoopbackNetwork,
    Vouching,
    World,
    redirects,
    says,
)
from turn.askers.discovery import Place
from turn.askers.model import BadToken, HomeserverUnreachable
from turn.askers.network import LookUpFailed, Network

NAME = "example.test"
USER = f"@a:{NAME}"
HOUR = 3600.0


async def homeserver(world: World, certificate: str) -> tuple[Vouching, int]:
    """A homeserver that has a certificate for one name alone; and its port."""
    vouching = Vouching(USER)
    return vouching, await world.serve({USERINFO: vouching}, [certificate])


async def test_host_and_certificate_are_of_the_delegated_name(world: World) -> None:
    vouching, port = await homeserver(world, "m.test")
    await world.well_known(NAME, "m.test")
    world.dns.add("_matrix-fed._tcp.m.test", "SRV", f"0 0 {port} host.test.")
    world.dns.add("host.test", "A", PUBLIC)
    assert (await (await world.askers()).by_openid(TOKEN, NAME)).user_id == USER
    assert vouching.hosts == ["m.test"]


async def test_host_has_the_port_that_was_delegated(world: World) -> None:
    vouching, port = await homeserver(world, "m.test")
    await world.well_known(NAME, f"m.test:{port}")
    world.dns.add("m.test", "A", PUBLIC)
    await (await world.askers()).by_openid(TOKEN, NAME)
    assert vouching.hosts == [f"m.test:{port}"]


async def test_host_is_the_server_name_where_only_srv_says_more(world: World) -> None:
    vouching, port = await homeserver(world, NAME)
    world.dns.add(f"_matrix._tcp.{NAME}", "SRV", f"0 0 {port} host.test.")
    world.dns.add("host.test", "A", PUBLIC)
    await (await world.askers()).by_openid(TOKEN, NAME)
    assert vouching.hosts == [NAME]


async def test_a_server_name_that_is_an_address(world: World) -> None:
    vouching = Vouching("")
    port = await world.serve({USERINFO: vouching}, [PUBLIC])
    name = f"{PUBLIC}:{port}"
    vouching.user_id = f"@a:{name}"
    user = await (await world.askers()).by_openid(TOKEN, name)
    assert (user.user_id, user.server_name) == (f"@a:{name}", name)
    assert vouching.hosts == [name]


async def test_a_server_name_that_is_an_ipv6_address(world: World) -> None:
    world.public.add("::1")
    vouching = Vouching("")
    port = await world.serve({USERINFO: vouching}, ["::1"], at="::1")
    name = f"[::1]:{port}"
    vouching.user_id = f"@a:{name}"
    assert (await (await world.askers()).by_openid(TOKEN, name)).server_name == name
    assert vouching.hosts == [name]


async def test_a_certificate_for_the_srv_target_is_not_enough(world: World) -> None:
    """The DNS proves nothing: who controls it could send the token anywhere."""
    _, port = await homeserver(world, "host.test")
    world.dns.add(f"_matrix-fed._tcp.{NAME}", "SRV", f"0 0 {port} host.test.")
    world.dns.add("host.test", "A", PUBLIC)
    with pytest.raises(HomeserverUnreachable, match=f"not valid for '{NAME}'"):
        await (await world.askers()).by_openid(TOKEN, NAME)


async def test_the_newer_srv_record_comes_before_the_older(world: World) -> None:
    vouching, port = await homeserver(world, NAME)
    world.dns.add(f"_matrix-fed._tcp.{NAME}", "SRV", f"0 0 {port} host.test.")
    world.dns.add(f"_matrix._tcp.{NAME}", "SRV", "0 0 1 nowhere.test.")
    world.dns.add("host.test", "A", PUBLIC)
    await (await world.askers()).by_openid(TOKEN, NAME)
    assert vouching.hosts


async def test_the_next_srv_target_serves_where_one_is_down(world: World) -> None:
    vouching, port = await homeserver(world, NAME)
    records = ["0 0 1 nowhere.test.", f"5 0 {port} host.test."]
    world.dns.add(f"_matrix-fed._tcp.{NAME}", "SRV", *records)
    world.dns.add("host.test", "A", PUBLIC)
    await (await world.askers()).by_openid(TOKEN, NAME)
    assert vouching.hosts


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Does not even shake hands."""
    await reader.read()
    writer.close()


async def test_the_next_srv_target_serves_where_one_hangs(world: World) -> None:
    vouching, port = await homeserver(world, NAME)
    hangs = await world.serve_raw(_silent, None)
    records = [f"0 0 {hangs} host.test.", f"5 0 {port} host.test."]
    world.dns.add(f"_matrix-fed._tcp.{NAME}", "SRV", *records)
    world.dns.add("host.test", "A", PUBLIC)
    await (await world.askers(within=6.0)).by_openid(TOKEN, NAME)
    assert vouching.hosts


async def test_a_failing_srv_lookup_leaves_the_default_port(world: World) -> None:
    vouching, port = await homeserver(world, NAME)
    world.dns.failing |= {(f"_matrix-fed._tcp.{NAME}", "SRV"), (f"_matrix._tcp.{NAME}", "SRV")}
    world.dns.add(NAME, "A", PUBLIC)
    world.ports[NAME, 8448] = port
    await (await world.askers()).by_openid(TOKEN, NAME)
    assert vouching.hosts == [NAME]


async def _slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def _large(_: web.Request) -> web.StreamResponse:
    return web.Response(text='{"m.server": "m.test"}' + " " * 60_000)


@pytest.mark.parametrize(
    "file",
    [
        says({"m.server": "m.test"}, 404),
        says({"m.server": "m.test"}, 500),
        says({"m.server": "not a name"}),
        says([]),
        _large,
        redirects("/.well-known/matrix/server"),
        redirects("http://example.test/"),
    ],
)
async def test_a_bad_well_known_file_is_none(file: Handler, world: World) -> None:
    vouching, port = await homeserver(world, NAME)
    await world.well_known(NAME, file)
    world.ports[NAME, 8448] = port
    await (await world.askers()).by_openid(TOKEN, NAME)
    assert vouching.hosts == [NAME]


async def test_a_slow_well_known_file_is_none_and_leaves_time_for_the_question(
    world: World,
) -> None:
    vouching, port = await homeserver(world, NAME)
    await world.well_known(NAME, _slow)
    world.ports[NAME, 8448] = port
    await (await world.askers(within=5.0)).by_openid(TOKEN, NAME)
    assert vouching.hosts == [NAME]


async def test_a_well_known_file_may_be_elsewhere(world: World) -> None:
    vouching, port = await homeserver(world, "m.test")
    www = await world.serve({"/file": says({"m.server": f"m.test:{port}"})}, ["www.test"])
    await world.well_known(NAME, redirects(f"https://www.test:{www}/file"))
    for host in ("www.test", "m.test"):
        world.dns.add(host, "A", PUBLIC)
    await (await world.askers()).by_openid(TOKEN, NAME)
    assert vouching.hosts


class Counting:
    """A handler that counts."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.count = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.count += 1
        return await self._handler(request)


async def test_a_well_known_file_is_fetched_once_while_it_lasts(world: World) -> None:
    _, port = await homeserver(world, "m.test")
    file = Counting(says({"m.server": f"m.test:{port}"}, Cache_Control="max-age=3600"))
    await world.well_known(NAME, file)
    world.dns.add("m.test", "A", PUBLIC)
    askers = await world.askers()
    for passed, fetched in ((0, 1), (0.9 * HOUR, 1), (0.2 * HOUR, 2)):
        world.now += passed
        await askers.by_openid(TOKEN, NAME)
        assert file.count == fetched


class Later:
    """A handler that the test may exchange."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        return await self.handler(request)


async def test_the_last_file_counts_while_its_server_is_down(world: World) -> None:
    vouching, port = await homeserver(world, "m.test")
    file = Later(says({"m.server": f"m.test:{port}"}, Cache_Control="max-age=60"))
    await world.well_known(NAME, file)
    world.dns.add("m.test", "A", PUBLIC)
    askers = await world.askers()
    await askers.by_openid(TOKEN, NAME)
    file.handler = says({}, 503)
    world.now += HOUR
    await askers.by_openid(TOKEN, NAME)
    assert len(vouching.hosts) == 2
    world.now += 48 * HOUR
    with pytest.raises(HomeserverUnreachable):
        await askers.by_openid(TOKEN, NAME)


async def test_a_file_that_was_taken_away_does_not_count(world: World) -> None:
    vouching, port = await homeserver(world, NAME)
    file = Later(says({"m.server": "m.test:1"}, Cache_Control="no-store"))
    await world.well_known(NAME, file)
    world.ports[NAME, 8448] = port
    askers = await world.askers()
    with pytest.raises(HomeserverUnreachable):
        await askers.by_openid(TOKEN, NAME)
    file.handler = says({}, 404)
    world.now += HOUR
    await askers.by_openid(TOKEN, NAME)
    assert vouching.hosts == [NAME]


async def test_a_missing_well_known_file_is_asked_for_less_and_less_often(world: World) -> None:
    _, port = await homeserver(world, NAME)
    file = Counting(says({}, 404))
    await world.well_known(NAME, file)
    world.ports[NAME, 8448] = port
    askers = await world.askers()
    for number, (passed, fetched) in enumerate(((0, 1), (59, 1), (2, 2), (61, 2), (60, 3))):
        world.now += passed
        with pytest.raises(BadToken):
            await askers.by_openid(f"another{number}", NAME)
        assert file.count == fetched


async def test_a_network_that_was_not_opened_says_so(world: World) -> None:
    network = LoopbackNetwork(world)
    with pytest.raises(RuntimeError, match="opened"):
        await network.srv("_matrix._tcp.example.test")


async def test_srv_look_ups(world: World) -> None:
    network = LoopbackNetwork(world)
    await network.open()
    world.dns.add("_a._tcp.test", "SRV", "1 0 5 b.test.", "0 0 6 c.test.")
    world.dns.add("_dot._tcp.test", "SRV", "0 0 0 .")
    strange = ["a\\032b.test.", "a/b.test.", "a\\@b.test.", "127.0.0.2.", "127.1.", "x:1.test."]
    world.dns.add("_odd._tcp.test", "SRV", *(f"0 0 1 {target}" for target in strange))
    world.dns.failing.add(("_broken._tcp.test", "SRV"))
    assert await network.srv("_a._tcp.test") == [Place("c.test", 6), Place("b.test", 5)]
    assert await network.srv("_dot._tcp.test") == []
    assert await network.srv("_odd._tcp.test") == []
    assert await network.srv("_none._tcp.test") == []
    with pytest.raises(LookUpFailed):
        await network.srv("_broken._tcp.test")


async def test_a_system_without_dns_fails_at_the_look_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: object, __: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.asyncresolver.Resolver, "read_resolv_conf", none)
    network = Network(tls=world.authority.trust())
    await network.open()
    with pytest.raises(LookUpFailed):
        await network.resolve(NAME)
