"""The relay's decisions, without sockets, clock or randomness.

Give it each STUN message with the client's five-tuple and the time, and do what it answers with:

- `handle` gives actions. One of them may be `OpenRelay`: bind the sockets and call `opened` before
  anything else, and do what that gives.
- `advance` when `deadline` has come; `disconnected` when a client's TCP connection is gone.

Packets on channels do not come through here: `lanes.py` forwards them by the same allocations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from turn.relay import allocating, permitting
from turn.relay.allocating import Outcome
from turn.relay.authentication import Authenticator, User
from turn.relay.buckets import Sources
from turn.relay.limits import AMPLIFICATION, Limits
from turn.relay.model import (
    Action,
    Allocation,
    CloseRelay,
    CloseReserved,
    FiveTuple,
    Instant,
    Opened,
    OpenRelay,
    Reply,
    Transport,
)
from turn.relay.nonces import Nonces
from turn.relay.refusals import Dropped, Refused
from turn.relay.rules import Rules
from turn.relay.state import SOFTWARE, Counts, Request, State
from turn.stun.message import BadMessage, Message, Pair, build, parse
from turn.stun.names import Attribute, Code, Family, Kind, Method
from turn.stun.values import BadValue, unknown_attributes, xor_address

UNDERSTOOD: Final = frozenset(each for each in Attribute if each < 0x8000) - {
    Attribute.MESSAGE_INTEGRITY_SHA256,  # no client may use it unless the nonce says so
    Attribute.PRIORITY,
    Attribute.USE_CANDIDATE,
}
MAX_UNKNOWN_NAMED: Final = 16
HANDLERS: Final[dict[int, Callable[[State, Request], Outcome | OpenRelay]]] = {
    Method.ALLOCATE: allocating.allocate,
    Method.REFRESH: allocating.refresh,
    Method.CREATE_PERMISSION: permitting.create_permission,
    Method.CHANNEL_BIND: permitting.channel_bind,
}


class Core:
    """One relay's state and rules; the module's text says how to drive it.

    :param nonce_key: at least 16 random bytes.
    :param random: gives so many random bytes: tokens of reservations are made of them.
    :param dont_fragment: whether sockets can set DF; if not, DONT-FRAGMENT is an unknown attribute
        (RFC 8656 section 7.2).
    """

    def __init__(
        self,
        *,
        realm: str,
        accepted: tuple[str, ...],
        nonce_key: bytes,
        random: Callable[[int], bytes],
        limits: Limits | None = None,
        rules: Rules | None = None,
        families: frozenset[Family] = frozenset({Family.IPV4}),
        dont_fragment: bool = True,
    ) -> None:
        limits = limits or Limits()
        self._authenticator = Authenticator(realm, Nonces(nonce_key), accepted)
        self._sources = Sources(limits.answers_per_source, limits.answers_burst)
        self._state = State(
            limits=limits,
            rules=rules or Rules(),
            families=families,
            known=UNDERSTOOD if dont_fragment else UNDERSTOOD - {Attribute.DONT_FRAGMENT},
            authenticator=self._authenticator,
            random=random,
        )

    @property
    def counts(self) -> Counts:
        return self._state.counts

    def __len__(self) -> int:
        """How many allocations live."""
        return len(self._state.table)

    def names(self) -> list[str]:
        """Whose they are: a username for each that lives."""
        return [each.username for each in self._state.table]

    def allocation(self, path: FiveTuple) -> Allocation | None:
        return self._state.table.by_path.get(path)

    def accept(self, secrets: tuple[str, ...]) -> None:
        """From now on these secrets count, and no others."""
        self._authenticator.accepted = secrets

    def handle(self, data: bytes, path: FiveTuple, at: Instant) -> list[Action]:
        """What to do about one datagram, or one frame of a stream, that is not ChannelData."""
        try:
            message = parse(data)
            if message.kind is Kind.REQUEST:
                return self._request(message, len(data), path, at)
            if message.kind is Kind.INDICATION and message.method == Method.SEND:
                return [permitting.send(self._state, message, path)]
            if message.kind is not Kind.INDICATION or message.method != Method.BINDING:
                self.counts.dropped["not for a relay"] += 1  # a Binding indication: a keepalive
        except (BadMessage, BadValue):
            self.counts.dropped["malformed"] += 1
        except Dropped as dropped:
            self.counts.dropped[str(dropped)] += 1
        return []

    def opened(self, number: int, result: Opened) -> list[Action]:
        """The answer to `OpenRelay`."""
        request = self._state.pending[number].request
        try:
            _, (attributes, actions) = allocating.opened(self._state, number, result)
        except Refused as refused:
            return [self._refusal(refused, request.message, request.user)]
        return [*actions, _success(request.message, request.user, attributes)]

    def deadline(self) -> float | None:
        """When to call `advance` (monotonic), if ever."""
        return self._state.table.deadline()

    def advance(self, now: float) -> list[Action]:
        """End what is over at `now`."""
        closed: list[Action] = [CloseRelay(each) for each in self._state.table.expire(now)]
        held = self._state.table.expire_reservations(now)
        return closed + [CloseReserved(token) for token in held]

    def disconnected(self, path: FiveTuple) -> list[Action]:
        """RFC 8656 section 3.1: over TCP and TLS, an allocation ends with its connection."""
        allocation = self.allocation(path)
        return [] if allocation is None else [self._close(allocation)]

    def revoke(self, name: str, until: float) -> list[Action]:
        """End every allocation of a username or an id, and refuse it `until` (Unix time)."""
        self._authenticator.revoked.add(name, until)
        return [self._close(each) for each in self._state.table.named(name)]

    def restore(self, name: str) -> None:
        """Take back a `revoke`."""
        self._authenticator.revoked.remove(name)

    def close(self) -> list[Action]:
        """End everything: the relay stops."""
        reserved: list[Action] = [CloseReserved(t) for t in self._state.table.reservations]
        self._state.table.reservations.clear()
        return [self._close(each) for each in self._state.table] + reserved

    def _close(self, allocation: Allocation) -> Action:
        self._state.table.remove(allocation)
        return CloseRelay(allocation)

    def _request(self, message: Message, size: int, path: FiveTuple, at: Instant) -> list[Action]:
        handler = HANDLERS.get(message.method)
        if handler is None and message.method != Method.BINDING:
            raise Dropped("unknown method")  # RFC 8489 section 6.3
        if handler is None or not message.signed:
            # Nobody known, whatever else it says: the limit comes before any work.
            self._check_rate(path, at)
        user = None
        try:
            if handler is None:
                return self._binding(message, size, path)
            user = self._authenticator.check(message, path, at)
            self._check_known(message)
            outcome = handler(self._state, Request(message, path, user, at))
        except (Refused, BadValue) as error:
            refused = error if isinstance(error, Refused) else Refused(Code.BAD_REQUEST)
            if user is not None:
                return [self._refusal(refused, message, user)]
            if message.signed and handler is not None:
                self._check_rate(path, at)
            return self._to_a_stranger(refused, message, size, path)
        if isinstance(outcome, OpenRelay):
            return [outcome]
        attributes, actions = outcome
        return [_success(message, user, attributes), *actions]

    def _check_known(self, message: Message) -> None:
        # RFC 8489 section 6.3.1, after authentication.
        if unknown := message.unknown(self._state.known):
            named = unknown_attributes(unknown[:MAX_UNKNOWN_NAMED])
            raise Refused(Code.UNKNOWN_ATTRIBUTE, (Attribute.UNKNOWN_ATTRIBUTES, named))

    def _binding(self, message: Message, size: int, path: FiveTuple) -> list[Action]:
        """RFC 8489 section 6.3.1; anybody may ask for the address that they are seen at."""
        self._check_known(message)
        mapped = xor_address(path.client, message.transaction_id)
        answer = _answer(message, Kind.SUCCESS, ((Attribute.XOR_MAPPED_ADDRESS, mapped),))
        _check_size(answer, size, path)
        return [Reply(answer)]

    def _to_a_stranger(
        self, refused: Refused, message: Message, size: int, path: FiveTuple
    ) -> list[Action]:
        """Nobody known has sent this, perhaps under a stranger's address."""
        answer = _answer(message, Kind.ERROR, refused.pairs())
        if len(answer) > AMPLIFICATION * size:
            answer = build(
                message.method, Kind.ERROR, message.transaction_id, refused.pairs(brief=True)
            )
        _check_size(answer, size, path)
        self.counts.refused[refused.code] += 1
        return [Reply(answer)]

    def _check_rate(self, path: FiveTuple, at: Instant) -> None:
        """One answer more to this address? Raises Dropped."""
        if not self._sources.take(path.client[0], at.now):
            raise Dropped("rate limit")

    def _refusal(self, refused: Refused, message: Message, user: User) -> Reply:
        self.counts.refused[refused.code] += 1
        return Reply(_answer(message, Kind.ERROR, (*refused.pairs(), SOFTWARE), user.key))


def _check_size(answer: bytes, size: int, path: FiveTuple) -> None:
    """Raises Dropped. A stream's address cannot be forged, so its answers may be longer."""
    if path.transport is Transport.UDP and len(answer) > AMPLIFICATION * size:
        raise Dropped("too short for an answer")


def _success(message: Message, user: User, attributes: tuple[Pair, ...]) -> Reply:
    return Reply(_answer(message, Kind.SUCCESS, (*attributes, SOFTWARE), user.key))


def _answer(
    message: Message, kind: Kind, attributes: tuple[Pair, ...], key: bytes | None = None
) -> bytes:
    """With a fingerprint if the request has one: whoever sends it needs it to tell STUN apart."""
    return build(
        message.method,
        kind,
        message.transaction_id,
        attributes,
        key=key,
        fingerprint=message.has(Attribute.FINGERPRINT),
    )
