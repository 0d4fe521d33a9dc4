"""Nothing that a stranger says, in names, files, redirects or the DNS, reaches a private server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.turn.askers.world import (
    PRIVATE,
    PUBLIC,
    TOKEN,
    USERINFO,
    Trap,
    Vouching,
    World,
    redirects,
)
from turn.askers.model import HomeserverUnreachable

NAME = "evil.test"
Attack = Callable[[World, Trap], Awaitable[str]]
"""Sets something up and gives the server name to ask."""


async def _an_address(_: World, trap: Trap) -> str:
    return f"{PRIVATE}:{trap.port}"


async def _a_mapped_address(_: World, trap: Trap) -> str:
    return f"[::ffff:{PRIVATE}]:{trap.port}"


async def _a_name(world: World, trap: Trap) -> str:
    world.dns.add(NAME, "A", PRIVATE)
    return f"{NAME}:{trap.port}"


async def _an_alias(world: World, trap: Trap) -> str:
    world.dns.add(NAME, "CNAME", "inner.test.")
    world.dns.add("inner.test", "A", PRIVATE)
    return f"{NAME}:{trap.port}"


async def _a_mapped_answer(world: World, trap: Trap) -> str:
    world.dns.add(NAME, "AAAA", f"::ffff:{PRIVATE}", "64:ff9b::7f00:2", "2002:7f00:2::1", "::1")
    return f"{NAME}:{trap.port}"


async def _the_well_known_server(world: World, trap: Trap) -> str:
    world.dns.add(NAME, "A", PRIVATE)
    world.ports[NAME, 443] = world.ports[NAME, 8448] = trap.port
    return NAME


async def _a_delegation_to_an_address(world: World, trap: Trap) -> str:
    await world.well_known(NAME, f"{PRIVATE}:{trap.port}")
    return NAME


async def _a_delegation_to_a_name(world: World, trap: Trap) -> str:
    await world.well_known(NAME, f"inner.test:{trap.port}")
    world.dns.add("inner.test", "A", PRIVATE)
    return NAME


async def _a_delegation_and_the_default_port(world: World, trap: Trap) -> str:
    await world.well_known(NAME, "inner.test")
    world.dns.add("inner.test", "A", PRIVATE)
    world.ports["inner.test", 8448] = trap.port
    return NAME


async def _a_redirect_to_an_address(world: World, trap: Trap) -> str:
    await world.well_known(NAME, redirects(f"https://{PRIVATE}:{trap.port}/"))
    return NAME


async def _a_redirect_to_a_mapped_address(world: World, trap: Trap) -> str:
    await world.well_known(NAME, redirects(f"https://[::ffff:{PRIVATE}]:{trap.port}/"))
    return NAME


async def _a_redirect_to_a_name(world: World, trap: Trap) -> str:
    await world.well_known(NAME, redirects(f"https://inner.test:{trap.port}/"))
    world.dns.add("inner.test", "A", PRIVATE)
    return NAME


async def _a_redirect_to_another_scheme(world: World, trap: Trap) -> str:
    await world.well_known(NAME, redirects(f"http://inner.test:{trap.port}/"))
    world.dns.add("inner.test", "A", PUBLIC)
    return NAME


async def _a_redirect_to_a_number(world: World, trap: Trap) -> str:
    await world.well_known(NAME, redirects(f"https://2130706434:{trap.port}/"))
    return NAME


async def _a_second_redirect(world: World, trap: Trap) -> str:
    port = await world.serve({"/": redirects(f"https://{PRIVATE}:{trap.port}/")}, ["www.test"])
    world.dns.add("www.test", "A", PUBLIC)
    await world.well_known(NAME, redirects(f"https://www.test:{port}/"))
    return NAME


async def _an_srv_target(world: World, trap: Trap) -> str:
    world.dns.add(f"_matrix-fed._tcp.{NAME}", "SRV", f"0 0 {trap.port} inner.test.")
    world.dns.add("inner.test", "A", PRIVATE)
    return NAME


async def _a_redirect_of_the_answer(world: World, trap: Trap) -> str:
    port = await world.serve({USERINFO: redirects(f"http://{PRIVATE}:{trap.port}/")}, [NAME])
    world.dns.add(NAME, "A", PUBLIC)
    return f"{NAME}:{port}"


ATTACKS: list[Attack] = [
    _an_address,
    _a_mapped_address,
    _a_name,
    _an_alias,
    _a_mapped_answer,
    _the_well_known_server,
    _a_delegation_to_an_address,
    _a_delegation_to_a_name,
    _a_delegation_and_the_default_port,
    _a_redirect_to_an_address,
    _a_redirect_to_a_mapped_address,
    _a_redirect_to_a_name,
    _a_redirect_to_another_scheme,
    _a_redirect_to_a_number,
    _a_second_redirect,
    _an_srv_target,
    _a_redirect_of_the_answer,
]


@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_way_leads_inside(attack: Attack, world: World) -> None:
    trap = await world.trap()
    name = await attack(world, trap)
    askers = await world.askers()
    with pytest.raises(HomeserverUnreachable) as caught:
        await askers.by_openid(TOKEN, name)
    assert trap.sprung == 0
    assert PRIVATE not in str(caught.value) or PRIVATE in name


async def test_the_trap_would_have_been_sprung(world: World) -> None:
    """An operator's override leads anywhere; so would a stranger's name, if nothing forbade it."""
    trap = await world.trap()
    askers = await world.askers(overrides={NAME: f"http://{PRIVATE}:{trap.port}"})
    with pytest.raises(HomeserverUnreachable):
        await askers.by_openid(TOKEN, NAME)
    assert trap.sprung


async def test_a_name_that_is_public_first_and_private_then(world: World) -> None:
    """DNS rebinding: what was looked at is what is connected to, each time anew."""
    trap = await world.trap()
    port = await world.serve({USERINFO: Vouching("@a:other.test")}, [NAME])
    world.ports[NAME, 1] = port
    world.dns.records[NAME, "A"] = [[PUBLIC], [PRIVATE]]
    askers = await world.askers()
    with pytest.raises(Exception, match="vouched"):  # so it was reached
        await askers.by_openid(TOKEN, f"{NAME}:1")
    assert world.dns.asked[NAME, "A"] == 1
    world.ports[NAME, 1] = trap.port
    with pytest.raises(HomeserverUnreachable, match="no public address"):
        await askers.by_openid(TOKEN + "2", f"{NAME}:1")
    assert world.dns.asked[NAME, "A"] == 2
    assert trap.sprung == 0


async def test_of_several_addresses_the_public_ones_are_used(world: World) -> None:
    port = await world.serve({USERINFO: Vouching(f"@a:{NAME}:1")}, [NAME])
    world.ports[NAME, 1] = port
    world.dns.add(NAME, "A", PRIVATE, PUBLIC, "10.0.0.1")
    world.dns.add(NAME, "AAAA", "::1", f"::ffff:{PRIVATE}")
    askers = await world.askers()
    assert (await askers.by_openid(TOKEN, f"{NAME}:1")).user_id == f"@a:{NAME}:1"


@pytest.mark.parametrize("name", ["localhost:1", "evil.test", "127.0.0.1:1"])
async def test_the_list_of_servers_comes_before_any_packet(name: str, world: World) -> None:
    askers = await world.askers(allowed_servers=("good.test",))
    with pytest.raises(Exception, match="not on the list"):
        await askers.by_openid(TOKEN, name)
    assert not world.dns.asked
