"""A true OpenID token and a true access token, at a true homeserver, found in every way."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable

import pytest

from tests.turn.askers.real_synapse import DELEGATED, HOST, NAME, RealSynapse
from tests.turn.askers.world import World
from turn.askers.model import BadToken, MatrixUser, NotAllowed
from voip.service.demo.errors import HomeserverError

NUMBERS = itertools.count()


async def _by_well_known(world: World, synapse: RealSynapse) -> None:
    await world.well_known(NAME, f"{DELEGATED}:{synapse.tls_port}")
    world.dns.add(DELEGATED, "A", HOST)


async def _by_well_known_to_an_address(world: World, synapse: RealSynapse) -> None:
    await world.well_known(NAME, f"{HOST}:{synapse.tls_port}")


async def _by_well_known_and_srv(world: World, synapse: RealSynapse) -> None:
    await world.well_known(NAME, DELEGATED)
    world.dns.add(f"_matrix-fed._tcp.{DELEGATED}", "SRV", f"10 5 {synapse.tls_port} host.test.")
    world.dns.add("host.test", "A", HOST)


async def _by_old_srv(world: World, synapse: RealSynapse) -> None:
    world.dns.add(f"_matrix._tcp.{NAME}", "SRV", f"10 5 {synapse.tls_port} host.test.")
    world.dns.add("host.test", "A", HOST)


async def _by_default_port(world: World, synapse: RealSynapse) -> None:
    world.dns.add(NAME, "CNAME", "host.test.")
    world.dns.add("host.test", "A", HOST)
    world.ports[NAME, 8448] = synapse.tls_port


@pytest.mark.parametrize(
    "found",
    [
        _by_well_known,
        _by_well_known_to_an_address,
        _by_well_known_and_srv,
        _by_old_srv,
        _by_default_port,
    ],
)
async def test_an_openid_token_is_believed(
    found: Callable[[World, RealSynapse], Awaitable[None]],
    world: World,
    real_synapse: RealSynapse,
) -> None:
    await found(world, real_synapse)
    user_id, access_token = await real_synapse.user(f"openid{next(NUMBERS)}")
    token = await real_synapse.openid_token(user_id, access_token)
    askers = await world.askers()
    user = await askers.by_openid(
        token["access_token"], token["matrix_server_name"], token["expires_in"]
    )
    assert user == MatrixUser(user_id, NAME, guest=False, local=False)
    with pytest.raises(BadToken):
        await askers.by_openid(token["access_token"] + "x", NAME)


async def test_an_override_stands_in_for_discovery(world: World, real_synapse: RealSynapse) -> None:
    user_id, access_token = await real_synapse.user("overridden")
    token = await real_synapse.openid_token(user_id, access_token)
    url = f"https://{HOST}:{real_synapse.tls_port}/"
    askers = await world.askers(overrides={NAME: url}, server_name=NAME, allowed_servers=())
    user = await askers.by_openid(token["access_token"], NAME)
    assert user == MatrixUser(user_id, NAME, guest=False, local=True)
    assert not world.dns.asked


async def test_an_access_token_is_believed_until_the_user_logs_out(
    world: World, real_synapse: RealSynapse
) -> None:
    user_id, access_token = await real_synapse.user("logs_out")
    askers = await world.askers(homeserver_url=real_synapse.url, server_name=NAME)
    expected = MatrixUser(user_id, NAME, guest=False, local=True)
    assert await askers.by_access_token(access_token) == expected
    await real_synapse.log_out(access_token)
    assert await askers.by_access_token(access_token) == expected
    world.now += 121
    with pytest.raises(BadToken):
        await askers.by_access_token(access_token)


async def test_guests_are_let_in_by_the_setting_alone(
    world: World, real_synapse: RealSynapse
) -> None:
    user_id, access_token = await real_synapse.guest()
    askers = await world.askers(homeserver_url=real_synapse.url, guests=True)
    expected = MatrixUser(user_id, NAME, guest=True, local=True)
    assert await askers.by_access_token(access_token) == expected
    strict = await world.askers(homeserver_url=real_synapse.url)
    with pytest.raises(NotAllowed, match="guests"):
        await strict.by_access_token(access_token)


async def test_guests_get_no_openid_token(real_synapse: RealSynapse) -> None:
    """So that `by_openid` may say of everybody that they are none."""
    user_id, access_token = await real_synapse.guest()
    with pytest.raises(HomeserverError, match="GUEST"):
        await real_synapse.openid_token(user_id, access_token)
