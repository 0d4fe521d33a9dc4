"""A client of the core on a virtual clock: it authenticates as clients do, and binds no socket."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from turn.credentials import mint
from turn.relay.core import Core
from turn.relay.limits import Limits
from turn.relay.model import (
    Action,
    CloseReserved,
    FiveTuple,
    Instant,
    Opened,
    OpenFailure,
    OpenRelay,
    Reply,
    ToPeer,
    Transport,
)
from turn.relay.rules import Rules
from turn.stun.message import Message, Pair, build, long_term_key, parse
from turn.stun.names import Attribute, Code, Family, Kind, Method
from turn.stun.values import (
    UDP,
    Address,
    channel_number,
    first_byte,
    number,
    read_error_code,
    xor_address,
)

SECRET: Final = "foobar"
REALM: Final = "example.org"
SERVER: Final = ("198.51.100.1", 3478)
RELAY: Final = {Family.IPV4: "9.9.9.9", Family.IPV6: "2620:fe::9"}
"""Public, as those of a real relay are."""
PEER: Final = ("8.8.8.8", 5000)
PEER6: Final = ("2001:4860:4860::8888", 5000)
WALL: Final = 1_700_000_000.0
FOREVER: Final = 10**6

TRANSACTION: Final = b"transaction!"
UDP_PAIR: Final[Pair] = (Attribute.REQUESTED_TRANSPORT, first_byte(UDP))


@dataclass
class World:
    """The core, the time, and what an edge would have done."""

    core: Core
    now: float = 1000.0
    wall: float = WALL
    opens: list[OpenRelay] = field(default_factory=list)
    others: list[Action] = field(default_factory=list)
    """Actions that are no answers, in order."""
    failing: dict[Family, OpenFailure] = field(default_factory=dict)
    """What opening a socket fails with."""
    reserved: dict[bytes, int] = field(default_factory=dict)
    ports: itertools.count[int] = field(default_factory=lambda: itertools.count(50_000, 2))

    @classmethod
    def make(
        cls,
        limits: Limits | None = None,
        rules: Rules | None = None,
        *,
        families: Sequence[Family] = tuple(Family),
        dont_fragment: bool = True,
    ) -> World:
        tokens = itertools.count(1)
        core = Core(
            realm=REALM,
            accepted=(SECRET,),
            nonce_key=bytes(range(32)),
            random=lambda size: next(tokens).to_bytes(size, "big"),
            limits=limits or Limits(),
            rules=rules or Rules(own=frozenset(RELAY.values())),
            families=frozenset(families),
            dont_fragment=dont_fragment,
        )
        return cls(core)

    @property
    def at(self) -> Instant:
        return Instant(self.now, self.wall)

    def sleep(self, seconds: float) -> None:
        """Both clocks go on, and the timer runs when it is due, as the edge does it."""
        end = self.now + seconds
        while (deadline := self.core.deadline()) is not None and deadline <= end:
            self.wall += max(0.0, deadline - self.now)
            self.now = max(self.now, deadline)
            self._do(self.core.advance(self.now))
        self.wall += end - self.now
        self.now = end

    def give(self, data: bytes, path: FiveTuple) -> bytes | None:
        """The answer, if there is one."""
        return self._do(self.core.handle(data, path, self.at))

    def _do(self, actions: list[Action]) -> bytes | None:
        answer = None
        for action in actions:
            match action:
                case Reply(data):
                    assert answer is None
                    answer = data
                case OpenRelay():
                    self.opens.append(action)
                    answer = self._do(self.core.opened(action.number, self._open(action)))
                case _:
                    if isinstance(action, CloseReserved):
                        del self.reserved[action.token]
                    self.others.append(action)
        return answer

    def _open(self, action: OpenRelay) -> Opened:
        relays: dict[Family, Address | OpenFailure] = {}
        for family in action.families:
            port = next(self.ports)
            if action.token is not None:
                port = self.reserved.pop(action.token)
            elif action.reserve is not None:
                self.reserved[action.reserve] = port + 1
            relays[family] = self.failing.get(family) or (RELAY[family], port)
        return Opened(relays)


@dataclass
class Client:
    """One five-tuple with its credentials."""

    world: World
    relay_id: str = "caller"
    address: Address = ("198.51.100.77", 40_000)
    transport: Transport = Transport.UDP
    secret: str = SECRET
    ttl: int = FOREVER
    nonce: bytes = b""
    username: str = ""
    key: bytes = b""
    last: bytes = b""
    """The last request, to send it again."""
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        minted = mint(self.secret, self.relay_id, self.ttl, self.world.wall)
        self.username = minted.username
        self.key = long_term_key(minted.username, REALM, minted.password)

    @property
    def path(self) -> FiveTuple:
        return FiveTuple(self.transport, self.address, SERVER)

    def bare(self, method: int, *pairs: Pair, kind: Kind = Kind.REQUEST) -> Message | None:
        """Without credentials."""
        data = build(method, kind, self.transaction(method), pairs)
        answer = self.world.give(data, self.path)
        return None if answer is None else parse(answer)

    def ask(self, method: int, *pairs: Pair) -> Message:
        """With credentials; gets a nonce first, and a new one where it is stale."""
        if not self.nonce:
            self._take_nonce(self.bare(method, *pairs))
        answer = self.once(method, *pairs)
        if code_of(answer) == Code.STALE_NONCE:
            self._take_nonce(answer)
            answer = self.once(method, *pairs)
        return answer

    def once(self, method: int, *pairs: Pair, drop: int | None = None) -> Message:
        """One request with the nonce that there is; `drop` leaves an attribute out."""
        signing = (
            (Attribute.USERNAME, self.username.encode()),
            (Attribute.REALM, REALM.encode()),
            (Attribute.NONCE, self.nonce),
        )
        all_pairs = [pair for pair in (*pairs, *signing) if pair[0] != drop]
        self.last = build(method, Kind.REQUEST, self.transaction(method), all_pairs, key=self.key)
        answer = self.world.give(self.last, self.path)
        assert answer is not None
        return parse(answer)

    def allocate(self, *pairs: Pair) -> Message:
        return self.ask(Method.ALLOCATE, UDP_PAIR, *pairs)

    def refresh(self, *pairs: Pair) -> Message:
        return self.ask(Method.REFRESH, *pairs)

    def permit(self, *peers: Address) -> Message:
        return self.ask(Method.CREATE_PERMISSION, *(self.peer(each) for each in peers))

    def bind(self, channel: int, peer: Address = PEER) -> Message:
        pair = (Attribute.CHANNEL_NUMBER, channel_number(channel))
        return self.ask(Method.CHANNEL_BIND, pair, self.peer(peer))

    def send(self, data: bytes, peer: Address = PEER, *pairs: Pair) -> ToPeer | None:
        """What a Send indication makes the relay do."""
        before = len(self.world.others)
        data_pair = (Attribute.DATA, data)
        message = (self.peer(peer), data_pair, *pairs)
        assert self.bare(Method.SEND, *message, kind=Kind.INDICATION) is None
        done = self.world.others[before:]
        assert len(done) <= 1
        action = done[0] if done else None
        assert action is None or isinstance(action, ToPeer)
        return action

    def peer(self, peer: Address) -> Pair:
        return (Attribute.XOR_PEER_ADDRESS, xor_address(peer, TRANSACTION))

    def transaction(self, method: int) -> bytes:
        """Another one for each Allocate: by that the relay knows one that comes again."""
        return next(self.ids).to_bytes(12, "big") if method == Method.ALLOCATE else TRANSACTION

    def _take_nonce(self, answer: Message | None) -> None:
        assert answer is not None
        nonce = answer.get(Attribute.NONCE)
        assert nonce is not None
        self.nonce = nonce


def code_of(message: Message | None) -> int | None:
    """The error code of a response; None if it is a success."""
    assert message is not None
    value = message.get(Attribute.ERROR_CODE)
    assert (value is not None) is (message.kind is Kind.ERROR)
    return None if value is None else read_error_code(value)[0]


def lifetime(seconds: int) -> Pair:
    return (Attribute.LIFETIME, number(seconds))


def allocated(world: World | None = None, **options: object) -> Client:
    """A client that has an allocation."""
    client = Client(world or World.make(), **options)  # type: ignore[arg-type]
    assert code_of(client.allocate()) is None
    return client
