"""Each error of RFC 8489 and RFC 8656, by what leads to it."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

import pytest

from tests.turn.relay.clients import (
    PEER,
    PEER6,
    RELAY,
    UDP_PAIR,
    Client,
    World,
    allocated,
    code_of,
    lifetime,
)
from turn.relay.limits import Limits
from turn.relay.model import OpenFailure
from turn.relay.rules import Rules
from turn.stun.message import Message, Pair, parse
from turn.stun.names import Attribute, Code, Family, Method
from turn.stun.values import first_byte

V4: Pair = (Attribute.REQUESTED_ADDRESS_FAMILY, first_byte(Family.IPV4))
V6: Pair = (Attribute.REQUESTED_ADDRESS_FAMILY, first_byte(Family.IPV6))
BOTH: Pair = (Attribute.ADDITIONAL_ADDRESS_FAMILY, first_byte(Family.IPV6))
EVEN: Pair = (Attribute.EVEN_PORT, b"\0")
PAIR: Pair = (Attribute.EVEN_PORT, b"\x80")
TOKEN: Pair = (Attribute.RESERVATION_TOKEN, bytes(8))


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ((), Code.BAD_REQUEST),
        (((Attribute.REQUESTED_TRANSPORT, first_byte(6)),), Code.UNSUPPORTED_TRANSPORT),
        (((Attribute.REQUESTED_TRANSPORT, b"\x11"),), Code.BAD_REQUEST),
        ((UDP_PAIR, (Attribute.LIFETIME, b"abc")), Code.BAD_REQUEST),
        ((UDP_PAIR, (0x7F01, b"")), Code.UNKNOWN_ATTRIBUTE),
        ((UDP_PAIR, (0xFF01, b"")), None),
        ((UDP_PAIR, V6), None),
        ((UDP_PAIR, BOTH), None),
        (
            (UDP_PAIR, (Attribute.REQUESTED_ADDRESS_FAMILY, first_byte(3))),
            Code.ADDRESS_FAMILY_NOT_SUPPORTED,
        ),
        ((UDP_PAIR, (Attribute.REQUESTED_ADDRESS_FAMILY, b"")), Code.BAD_REQUEST),
        ((UDP_PAIR, V4, BOTH), Code.BAD_REQUEST),
        (
            (UDP_PAIR, (Attribute.ADDITIONAL_ADDRESS_FAMILY, first_byte(Family.IPV4))),
            Code.BAD_REQUEST,
        ),
        ((UDP_PAIR, EVEN), None),
        ((UDP_PAIR, PAIR), None),
        ((UDP_PAIR, (Attribute.EVEN_PORT, b"")), Code.BAD_REQUEST),
        ((UDP_PAIR, PAIR, BOTH), Code.BAD_REQUEST),
        ((UDP_PAIR, EVEN, TOKEN), Code.BAD_REQUEST),
        ((UDP_PAIR, V4, TOKEN), Code.BAD_REQUEST),
        ((UDP_PAIR, BOTH, TOKEN), Code.BAD_REQUEST),
        ((UDP_PAIR, TOKEN), Code.INSUFFICIENT_CAPACITY),
        ((UDP_PAIR, (Attribute.RESERVATION_TOKEN, b"short")), Code.BAD_REQUEST),
        ((UDP_PAIR, (Attribute.DONT_FRAGMENT, b"")), None),
    ],
)
def test_allocate(pairs: tuple[Pair, ...], code: Code | None) -> None:
    world = World.make()
    client = Client(world)
    answer = client.ask(Method.ALLOCATE, *pairs)
    assert code_of(answer) == code
    assert answer.signed_with(client.key), "who is known gets signed answers, errors too"
    assert len(world.core) == (code is None)
    assert world.core.counts.refused[code or 0] == (code is not None)


def test_unknown_attributes_are_named() -> None:
    answer = Client(World.make()).allocate((0x7F01, b""), (0x0003, b"1234"))
    assert code_of(answer) == Code.UNKNOWN_ATTRIBUTE
    assert answer.get(Attribute.UNKNOWN_ATTRIBUTES) == b"\x7f\x01\x00\x03"


def test_dont_fragment_is_unknown_where_sockets_cannot_do_it() -> None:
    world = World.make(dont_fragment=False)
    assert code_of(Client(world).allocate((Attribute.DONT_FRAGMENT, b""))) == 420
    client = allocated(world)
    client.permit(PEER)
    assert client.send(b"x", PEER, (Attribute.DONT_FRAGMENT, b"")) is None
    assert client.send(b"x", PEER) is not None


@pytest.mark.parametrize("family", Family)
def test_a_family_that_the_relay_has_not(family: Family) -> None:
    world = World.make(families=[each for each in Family if each is not family])
    answer = Client(world).allocate((Attribute.REQUESTED_ADDRESS_FAMILY, first_byte(family)))
    assert code_of(answer) == Code.ADDRESS_FAMILY_NOT_SUPPORTED


@pytest.mark.parametrize(
    ("failure", "number"), [(OpenFailure.NO_SUCH_FAMILY, 40), (OpenFailure.NO_PORT, 8)]
)
def test_an_additional_family_that_fails_is_told_and_no_error(
    failure: OpenFailure, number: int
) -> None:
    """RFC 8656 section 18.12: the family in front of what ERROR-CODE has."""
    world = World.make()
    world.failing[Family.IPV6] = failure
    answer = Client(world).allocate(BOTH)
    assert code_of(answer) is None
    assert len(answer.all(Attribute.XOR_RELAYED_ADDRESS)) == 1
    failed = answer.get(Attribute.ADDRESS_ERROR_CODE)
    assert failed is not None
    assert failed[:4] == bytes((Family.IPV6, 0, 5 if number == 8 else 4, number))


def test_a_port_range_without_a_free_port() -> None:
    world = World.make()
    world.failing[Family.IPV4] = OpenFailure.NO_PORT
    assert code_of(Client(world).allocate()) == Code.INSUFFICIENT_CAPACITY
    assert len(world.core) == 0
    world.failing.clear()
    assert code_of(Client(world).allocate()) is None


def test_quotas() -> None:
    world = World.make(Limits(per_id=2, total=3))
    clients = [Client(world, address=("198.51.100.77", 40_000 + n)) for n in range(3)]
    codes = [code_of(client.allocate()) for client in clients]
    assert codes == [None, None, Code.ALLOCATION_QUOTA_REACHED]
    others = [Client(world, f"other{n}", ("198.51.100.78", 40_000 + n)) for n in range(2)]
    assert [code_of(c.allocate()) for c in others] == [None, Code.INSUFFICIENT_CAPACITY]
    assert code_of(clients[0].refresh(lifetime(0))) is None
    assert code_of(clients[2].allocate()) is None, "what was given back can be had"


def test_the_same_allocate_again_gets_the_same_answer_and_another_one_437() -> None:
    """RFC 8656 section 7.2, step 2."""
    world = World.make()
    client = Client(world)
    first = client.allocate()
    again = world.give(client.last, client.path)
    assert again is not None
    assert parse(again).attributes == first.attributes
    assert len(world.opens) == 1
    assert code_of(client.allocate()) == Code.ALLOCATION_MISMATCH
    assert len(world.core) == 1


@pytest.mark.parametrize(
    "ask",
    [lambda c: c.refresh(), lambda c: c.permit(PEER), lambda c: c.bind(0x4000)],
    ids=["refresh", "permit", "bind"],
)
class TestWithoutAnAllocationOfOnesOwn:
    def test_none_at_all(self, ask: Callable[[Client], Message]) -> None:
        assert code_of(ask(Client(World.make()))) == Code.ALLOCATION_MISMATCH

    def test_another_user_s(self, ask: Callable[[Client], Message]) -> None:
        first = allocated()
        other = Client(first.world, "somebody else", first.address)
        assert code_of(ask(other)) == Code.WRONG_CREDENTIALS


def test_refresh_of_a_family_that_is_not_allocated() -> None:
    client = allocated()
    assert code_of(client.refresh(V6)) == Code.PEER_ADDRESS_FAMILY_MISMATCH
    assert code_of(client.refresh(V4)) is None
    assert code_of(client.refresh((Attribute.LIFETIME, b""))) == Code.BAD_REQUEST


@pytest.mark.parametrize(
    ("peers", "code"),
    [
        ([], Code.BAD_REQUEST),
        ([PEER6], Code.PEER_ADDRESS_FAMILY_MISMATCH),
        ([PEER, PEER6], Code.PEER_ADDRESS_FAMILY_MISMATCH),
        ([("10.0.0.1", 1)], Code.FORBIDDEN),
        ([PEER, ("127.0.0.1", 80)], Code.FORBIDDEN),
        ([PEER, ("8.8.4.4", 1)], None),
        ([(RELAY[Family.IPV4], 22)], None),
    ],
)
def test_create_permission_is_for_all_or_none(
    peers: list[tuple[str, int]], code: Code | None
) -> None:
    client = allocated()
    assert code_of(client.permit(*peers)) == code
    allocation = client.world.core.allocation(client.path)
    assert allocation is not None
    assert set(allocation.permissions) == ({ip for ip, _ in peers} if code is None else set())


@pytest.mark.parametrize(
    "ip",
    [
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "::10.0.0.1",
        "::1",
        "fd00::1",
        "fe80::1",
    ],
)
def test_no_form_of_a_private_address_is_a_peer(ip: str) -> None:
    client = Client(World.make())
    assert code_of(client.allocate(V6)) is None
    assert code_of(client.permit((ip, 1))) == Code.FORBIDDEN
    assert code_of(client.bind(0x4000, (ip, 1))) == Code.FORBIDDEN
    assert code_of(client.permit(PEER6)) is None


def test_the_relay_s_own_address_is_a_peer_on_relayed_ports_alone() -> None:
    rules = Rules(frozenset(RELAY.values()), range(50_000, 51_000), closed={50_006})
    client = allocated(World.make(rules=rules))
    own = RELAY[Family.IPV4]
    assert code_of(client.bind(0x4000, (own, 3478))) == Code.FORBIDDEN
    assert code_of(client.bind(0x4000, (own, 50_006))) == Code.FORBIDDEN, "it listens there"
    assert code_of(client.bind(0x4000, (own, 50_002))) is None
    assert client.send(b"x", (own, 3478)) is None
    assert client.send(b"x", (own, 50_004)) is not None


def test_an_allowed_network_is_reached_though_it_is_private() -> None:
    rules = Rules(frozenset({"10.0.0.1"}), allowed=(ip_network("10.0.0.0/24"),), closed={3478})
    client = allocated(World.make(rules=rules))
    assert code_of(client.bind(0x4000, ("10.0.0.1", 3478))) == Code.FORBIDDEN
    assert code_of(client.bind(0x4000, ("10.0.0.1", 22))) is None
    assert code_of(client.bind(0x4001, ("10.0.0.7", 22))) is None
    assert code_of(client.bind(0x4002, ("10.0.1.7", 22))) == Code.FORBIDDEN


@pytest.mark.parametrize(
    ("channel", "peer", "code"),
    [
        (0x3FFF, PEER, Code.BAD_REQUEST),
        (0x7FFF, PEER, Code.BAD_REQUEST),
        (0x8000, PEER, Code.BAD_REQUEST),
        (0x4000, PEER6, Code.PEER_ADDRESS_FAMILY_MISMATCH),
        (0x4000, ("10.0.0.1", 1), Code.FORBIDDEN),
        (0x4001, PEER, None),
        (0x4000, ("8.8.8.8", 5001), Code.BAD_REQUEST),
        (0x4002, PEER, Code.BAD_REQUEST),
        (0x4002, ("8.8.8.8", 5001), None),
    ],
)
def test_channel_bind(channel: int, peer: tuple[str, int], code: Code | None) -> None:
    """Bound before: 0x4000 to a peer of its own, and 0x4001 to PEER."""
    client = allocated()
    assert code_of(client.bind(0x4000, ("8.8.4.4", 1))) is None
    assert code_of(client.bind(0x4001)) is None
    assert code_of(client.bind(channel, peer)) == code


def test_channel_bind_without_its_attributes() -> None:
    client = allocated()
    number: Pair = (Attribute.CHANNEL_NUMBER, b"\x40\0\0\0")
    assert code_of(client.ask(Method.CHANNEL_BIND, number)) == Code.BAD_REQUEST
    assert code_of(client.ask(Method.CHANNEL_BIND, client.peer(PEER))) == Code.BAD_REQUEST
    short: Pair = (Attribute.CHANNEL_NUMBER, b"\x40")
    assert code_of(client.ask(Method.CHANNEL_BIND, short, client.peer(PEER))) == Code.BAD_REQUEST


def test_permissions_and_channels_are_bounded() -> None:
    client = allocated(World.make(Limits(permissions=2, channels=2)))
    assert code_of(client.permit(("8.8.0.1", 1), ("8.8.0.2", 1))) is None
    assert code_of(client.permit(("8.8.0.3", 1))) == Code.INSUFFICIENT_CAPACITY
    assert code_of(client.permit(("8.8.0.2", 9))) is None, "what is there can be refreshed"
    assert code_of(client.bind(0x4000, ("8.8.0.3", 1))) == Code.INSUFFICIENT_CAPACITY
    assert code_of(client.bind(0x4000, ("8.8.0.1", 1))) is None
    assert code_of(client.bind(0x4001, ("8.8.0.1", 2))) is None
    assert code_of(client.bind(0x4002, ("8.8.0.1", 3))) == Code.INSUFFICIENT_CAPACITY
    assert code_of(client.bind(0x4001, ("8.8.0.1", 2))) is None
