"""Lifetimes, on a virtual clock: what an allocation has, and when it is over."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.turn.relay.clients import (
    PEER,
    PEER6,
    RELAY,
    SERVER,
    UDP_PAIR,
    Client,
    World,
    allocated,
    code_of,
    lifetime,
)
from turn.relay.limits import DEFAULT_LIFETIME, MAX_LIFETIME, RESERVATION_LIFETIME
from turn.relay.model import (
    Allocation,
    CloseFamily,
    CloseRelay,
    CloseReserved,
    FiveTuple,
    Transport,
)
from turn.stun.message import Message, Pair, build, parse
from turn.stun.names import Attribute, Family, Kind, Method
from turn.stun.values import Address, first_byte, read_number, read_xor_address

BOTH: Pair = (Attribute.ADDITIONAL_ADDRESS_FAMILY, first_byte(Family.IPV6))
PAIR: Pair = (Attribute.EVEN_PORT, b"\x80")


def allocation_of(client: Client) -> Allocation:
    allocation = client.world.core.allocation(client.path)
    assert allocation is not None
    return allocation


def addresses(answer: Message, attribute: Attribute) -> list[Address]:
    return [read_xor_address(v, answer.transaction_id) for v in answer.all(attribute)]


def granted(answer: Message) -> int:
    value = answer.get(Attribute.LIFETIME)
    assert value is not None
    return read_number(value)


def test_what_an_allocate_response_tells() -> None:
    world = World.make()
    client = Client(world)
    answer = client.allocate()
    assert addresses(answer, Attribute.XOR_RELAYED_ADDRESS) == [(RELAY[Family.IPV4], 50_000)]
    assert addresses(answer, Attribute.XOR_MAPPED_ADDRESS) == [client.address]
    assert granted(answer) == DEFAULT_LIFETIME
    assert answer.signed_with(client.key)


@pytest.mark.parametrize(
    ("wanted", "given_"),
    [(1, DEFAULT_LIFETIME), (1200, 1200), (10**9, MAX_LIFETIME), (0, DEFAULT_LIFETIME)],
)
def test_lifetimes(wanted: int, given_: int) -> None:
    """RFC 8656 section 7.2: up to our most, and no less than the default."""
    world = World.make()
    client = Client(world)
    assert granted(client.allocate(lifetime(wanted))) == given_
    world.sleep(given_ - 0.5)
    assert len(world.core) == 1
    world.sleep(0.5)
    assert len(world.core) == 0
    assert [type(action) for action in world.others] == [CloseRelay]


def test_a_refresh_prolongs_and_one_of_zero_ends() -> None:
    world = World.make()
    client = allocated(world)
    world.sleep(500)
    assert granted(client.refresh()) == DEFAULT_LIFETIME
    world.sleep(500)
    assert len(world.core) == 1
    assert granted(client.refresh(lifetime(0))) == 0
    assert len(world.core) == 0
    assert isinstance(world.others[-1], CloseRelay)


def test_permissions_last_five_minutes_and_channels_ten() -> None:
    world = World.make()
    client = Client(world)
    client.allocate(lifetime(3600))
    client.permit(("8.8.4.4", 1))
    client.bind(0x4000)
    allocation = allocation_of(client)
    world.sleep(299)
    assert set(allocation.permissions) == {"8.8.4.4", PEER[0]}
    assert client.send(b"x", ("8.8.4.4", 77)) is not None
    world.sleep(1)
    assert set(allocation.permissions) == {PEER[0]}
    assert client.send(b"x", ("8.8.4.4", 77)) is None
    assert client.world.core.counts.dropped["no permission"] == 1
    world.sleep(299)
    assert set(allocation.channels) == {0x4000}
    world.sleep(1)
    assert not allocation.channels
    assert not allocation.peers
    assert not allocation.permissions
    assert code_of(client.bind(0x4000, ("8.8.4.4", 1))) is None, "free for another peer"


def test_a_bind_prolongs_its_channel_and_never_shortens_a_permission() -> None:
    world = World.make()
    client = Client(world)
    client.allocate(lifetime(3600))
    client.bind(0x4000)
    allocation = allocation_of(client)
    client.permit(PEER)
    assert allocation.permissions[PEER[0]] == world.now + 600
    world.sleep(599)
    client.bind(0x4000)
    world.sleep(599)
    assert set(allocation.channels) == {0x4000}


def test_both_families() -> None:
    world = World.make()
    client = Client(world)
    answer = client.allocate(BOTH)
    relayed = addresses(answer, Attribute.XOR_RELAYED_ADDRESS)
    assert [ip for ip, _ in relayed] == [RELAY[Family.IPV4], RELAY[Family.IPV6]]
    assert code_of(client.permit(PEER, PEER6)) is None
    to_peer = client.send(b"x", PEER6)
    assert to_peer is not None
    assert to_peer.peer == PEER6
    v6: Pair = (Attribute.REQUESTED_ADDRESS_FAMILY, first_byte(Family.IPV6))
    assert code_of(client.refresh(v6, lifetime(0))) is None
    assert isinstance(world.others[-1], CloseFamily)
    assert client.send(b"x", PEER6) is None
    assert client.send(b"x", PEER) is not None
    v4: Pair = (Attribute.REQUESTED_ADDRESS_FAMILY, first_byte(Family.IPV4))
    assert code_of(client.refresh(v4, lifetime(0))) is None
    assert len(world.core) == 0


def test_a_reserved_port_is_for_whoever_has_the_token_and_the_same_id() -> None:
    world = World.make()
    first = Client(world, address=("198.51.100.1", 1))
    answer = first.allocate(PAIR)
    token = answer.get(Attribute.RESERVATION_TOKEN)
    assert token is not None
    pair: Pair = (Attribute.RESERVATION_TOKEN, token)
    thief = Client(world, "thief", address=("198.51.100.1", 2))
    assert code_of(thief.allocate(pair)) == 508
    second = Client(world, address=("198.51.100.1", 3))
    even, odd = (
        addresses(a, Attribute.XOR_RELAYED_ADDRESS)[0] for a in (answer, second.allocate(pair))
    )
    assert (even[1] % 2, odd[1]) == (0, even[1] + 1)
    third = Client(world, address=("198.51.100.1", 4))
    assert code_of(third.allocate(pair)) == 508, "it is used up"


def test_a_reserved_port_is_free_again_after_half_a_minute() -> None:
    world = World.make()
    Client(world).allocate(PAIR)
    assert world.reserved
    world.sleep(RESERVATION_LIFETIME)
    assert not world.reserved
    assert [type(action) for action in world.others] == [CloseReserved]


def test_a_connection_takes_its_allocation_with_it() -> None:
    client = allocated(transport=Transport.TCP)
    actions = client.world.core.disconnected(client.path)
    assert [type(action) for action in actions] == [CloseRelay]
    assert client.world.core.disconnected(client.path) == []


def test_closing_ends_everything() -> None:
    world = World.make()
    client = Client(world)
    client.allocate(PAIR)
    assert {type(action) for action in world.core.close()} == {CloseRelay, CloseReserved}
    assert len(world.core) == 0
    assert world.core.deadline() is None
    assert world.core.close() == []


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (Kind.REQUEST, 0x00A),  # Connect, of RFC 6062
        (Kind.REQUEST, 0xFFF),
        (Kind.REQUEST, Method.SEND),
        (Kind.INDICATION, Method.DATA),
        (Kind.INDICATION, Method.SEND),
        (Kind.INDICATION, Method.BINDING),
        (Kind.SUCCESS, Method.ALLOCATE),
        (Kind.ERROR, Method.ALLOCATE),
    ],
)
def test_what_gets_no_answer(kind: Kind, method: int) -> None:
    world = World.make()
    assert world.give(build(method, kind, bytes(12), [UDP_PAIR]), Client(world).path) is None
    assert world.others == []


def test_binding() -> None:
    client = Client(World.make(), address=("2001:4860::7", 99))
    answer = client.bare(Method.BINDING)
    assert answer is not None
    assert addresses(answer, Attribute.XOR_MAPPED_ADDRESS) == [client.address]
    assert code_of(client.bare(Method.BINDING, (0x7F01, b"x" * 40))) == 420


def test_a_fingerprint_is_answered_with_one() -> None:
    world = World.make()
    for fingerprint in (True, False):
        request = build(Method.BINDING, Kind.REQUEST, bytes(12), fingerprint=fingerprint)
        answer = world.give(request, Client(world).path)
        assert answer is not None
        assert parse(answer).has(Attribute.FINGERPRINT) is fingerprint


def test_no_repr_shows_an_address_or_a_name() -> None:
    client = allocated()
    client.bind(0x4000)
    to_peer = client.send(b"x")
    allocation = allocation_of(client)
    answer = client.world.core.handle(client.last, client.path, client.world.at)
    shown = f"{allocation!r} {allocation.channels!r} {client.path!r} {to_peer!r} {answer!r}"
    for hidden in (client.address[0], client.username, PEER[0], "caller"):
        assert hidden not in shown


steps = st.lists(
    st.tuples(
        st.sampled_from(["allocate", "refresh", "end", "permit", "bind", "sleep", "gone"]),
        st.integers(0, 3),
        st.integers(0, 700),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_whatever_clients_do_in_the_end_nothing_is_left(
    todo: list[tuple[str, int, int]],
) -> None:
    """And at any time, everything kept is younger than its lifetime and has a deadline."""
    world = World.make()
    clients = [Client(world, f"id{n % 2}", ("198.51.100.4", n)) for n in range(4)]
    opened = 0
    for what, which, number in todo:
        client = clients[which]
        match what:
            case "allocate":
                opened += code_of(client.allocate()) is None
            case "refresh":
                client.refresh(lifetime(number * 2))
            case "end":
                client.refresh(lifetime(0))
            case "permit":
                client.permit((f"8.8.8.{number % 256}", number))
            case "bind":
                client.bind(0x4000 + number % 5, (f"8.8.8.{number % 7}", 1))
            case "gone":
                world.others += world.core.disconnected(client.path)
            case _:
                world.sleep(number)
        _check(world, clients)
    world.sleep(MAX_LIFETIME)
    assert len(world.core) == 0
    assert world.core.deadline() is None
    assert sum(isinstance(action, CloseRelay) for action in world.others) == opened


def _check(world: World, clients: list[Client]) -> None:
    deadline = world.core.deadline()
    assert (deadline is None) is (len(world.core) == 0)
    for client in clients:
        allocation = world.core.allocation(FiveTuple(Transport.UDP, client.address, SERVER))
        if allocation is None:
            continue
        assert deadline is not None
        times = [allocation.expires, *allocation.permissions.values()]
        times += [channel.expires for channel in allocation.channels.values()]
        assert deadline <= min(times)
        assert min(times) > world.now
        assert allocation.peers == {c.peer: c for c in allocation.channels.values()}
        assert {c.peer[0] for c in allocation.channels.values()} <= set(allocation.permissions)
