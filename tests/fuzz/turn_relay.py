"""What anybody can send to the relay, and what a user with good credentials can.

Inputs are made by `python -m tests.fuzz.turn_relay`, which writes the seeds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.turn.relay.clients import REALM, UDP_PAIR, Client, World
from turn.relay.limits import AMPLIFICATION, MAX_LIFETIME
from turn.relay.model import ToPeer
from turn.stun.framing import BadFraming, Framing, padded
from turn.stun.message import MAX_ATTRIBUTES, Pair, build, parse
from turn.stun.names import Attribute, Kind, Method
from turn.stun.values import channel_number, number

_SIGNED: Final = (
    Method.ALLOCATE,
    Method.REFRESH,
    Method.CREATE_PERMISSION,
    Method.CHANNEL_BIND,
)
_SEND: Final = len(_SIGNED)
_WAIT: Final = _SEND + 1
_RAW: Final = 0x80


def strangers(data: bytes) -> None:
    """A stream of messages, each also as a datagram: no answer is long, and nothing is kept."""
    world = World.make()
    path = Client(world).path
    framing = Framing()
    try:
        messages = framing.feed(data)
    except BadFraming:
        messages = []
    for message in (*messages, data[:65_507]):
        answer = world.give(message, path)
        if answer is not None:
            assert len(answer) <= AMPLIFICATION * len(message)
            assert parse(answer).transaction_id == message[8:20]
    assert not world.opens
    assert not world.others
    assert len(world.core) == 0
    assert world.core.deadline() is None


def users(data: bytes) -> None:
    """What a user asks for, one after the other, each item signed by us: see `_items`."""
    world = World.make()
    client = Client(world)
    client.allocate()
    for kind, body in _items(data):
        if kind & _RAW:
            world.give(body, client.path)
        elif kind % (_WAIT + 1) == _WAIT:
            world.sleep(len(body) * 10.0)
        elif kind % (_WAIT + 1) == _SEND:
            client.bare(Method.SEND, *_pairs(body), kind=Kind.INDICATION)
        else:
            answer = client.ask(_SIGNED[kind % (_WAIT + 1)], *_pairs(body))
            assert answer.kind in {Kind.SUCCESS, Kind.ERROR}
        _check(world, client)
    world.sleep(MAX_LIFETIME + 1.0)
    assert len(world.core) == 0


def _check(world: World, client: Client) -> None:
    allocation = world.core.allocation(client.path)
    if allocation is None:
        return
    rules = world.core._state.rules
    assert all(rules.permits_ip(ip) for ip in allocation.permissions)
    assert len(allocation.permissions) <= 128
    assert allocation.peers == {each.peer: each for each in allocation.channels.values()}
    for action in world.others:
        assert not isinstance(action, ToPeer) or rules.permits_ip(action.peer[0])


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """A byte for what it is, two for its length, and the rest."""
    at = 0
    while at + 3 <= len(data):
        length = int.from_bytes(data[at + 1 : at + 3], "big")
        yield data[at], data[at + 3 : at + 3 + length]
        at += 3 + length


def _pairs(data: bytes) -> list[Pair]:
    """Attributes: two bytes of type, one of length, and the value."""
    found: list[Pair] = []
    at = 0
    while at + 3 <= len(data) and len(found) < MAX_ATTRIBUTES - 4:
        attribute, length = int.from_bytes(data[at : at + 2], "big"), data[at + 2]
        # What we add ourselves may not come first: it would be another user's request.
        if attribute not in _OURS:
            found.append((attribute, data[at + 3 : at + 3 + length]))
        at += 3 + length
    return found


_OURS: Final = {
    Attribute.USERNAME,
    Attribute.REALM,
    Attribute.NONCE,
    Attribute.MESSAGE_INTEGRITY,
    Attribute.FINGERPRINT,
}

TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "relay_strangers": strangers,
    "relay_users": users,
}


# --- the seeds ---


def _item(kind: int, *pairs: Pair) -> bytes:
    body = b"".join(a.to_bytes(2, "big") + bytes([len(v)]) + v for a, v in pairs)
    return bytes([kind]) + len(body).to_bytes(2, "big") + body


def _write_seeds(corpus: Path) -> None:
    client = Client(World.make(), secret="another")  # else its requests would be right
    peer = client.peer(("8.8.8.8", 5000))
    six = client.peer(("::ffff:10.0.0.1", 5000))
    channel: Pair = (Attribute.CHANNEL_NUMBER, channel_number(0x4001))
    client.allocate()
    allocate = build(Method.ALLOCATE, Kind.REQUEST, b"transaction!", [UDP_PAIR], fingerprint=True)
    binding = build(Method.BINDING, Kind.REQUEST, b"transaction?")
    realm: Pair = (Attribute.REALM, REALM.encode())
    forged = build(Method.REFRESH, Kind.REQUEST, b"transaction!", [realm], key=b"guessed")
    wait = bytes([_WAIT, 0, 40]) + bytes(40)
    seeds = {
        "relay_strangers/first": allocate,
        "relay_strangers/stream": b"".join(
            map(padded, (binding, b"\x40\0\0\5hello", allocate, forged, client.last))
        ),
        "relay_users/call": b"".join(
            (
                _item(2, peer),
                _item(3, channel, peer),
                _item(_SEND, peer, (Attribute.DATA, b"hello")),
                wait,
                _item(1, (Attribute.LIFETIME, number(0))),
                _item(0, UDP_PAIR, (Attribute.EVEN_PORT, b"\x80")),
            )
        ),
        "relay_users/families": b"".join(
            (
                _item(1, (Attribute.LIFETIME, number(0))),
                _item(0, UDP_PAIR, (Attribute.ADDITIONAL_ADDRESS_FAMILY, b"\2\0\0\0")),
                _item(2, six),
                _item(3, channel, six),
                _item(_SEND, six, (Attribute.DATA, b"hello"), (Attribute.DONT_FRAGMENT, b"")),
                bytes([_RAW, 0, len(binding)]) + binding,
            )
        ),
    }
    for seed, data in seeds.items():
        (corpus / seed).parent.mkdir(exist_ok=True)
        (corpus / seed).write_bytes(data)


if __name__ == "__main__":
    _write_seeds(Path(__file__).parent / "corpus")
    sys.exit(0)
