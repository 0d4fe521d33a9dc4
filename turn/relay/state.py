"""What every request of the relay is handled with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from turn.relay.authentication import Authenticator, User
from turn.relay.limits import Limits
from turn.relay.model import Allocation, FiveTuple, Instant
from turn.relay.refusals import Refused
from turn.relay.rules import Rules
from turn.relay.table import Table
from turn.stun.message import Message, Pair
from turn.stun.names import Attribute, Code, Family
from turn.stun.values import Address, BadValue, family_of, read_first_byte, read_xor_address

SOFTWARE: Pair = (Attribute.SOFTWARE, b"matrix-turn")


@dataclass(frozen=True, slots=True)
class Request:
    """A request of a known user, or a pending one whose sockets are being opened."""

    message: Message
    path: FiveTuple
    user: User
    at: Instant


@dataclass(slots=True)
class Counts:
    """For metrics: numbers alone, of nobody in particular."""

    refused: Counter[int] = field(default_factory=Counter)
    """Error responses by their code."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Messages without an answer, by the reason."""
    allocated: int = 0


@dataclass(slots=True)
class Pending:
    """An Allocate request that passed every check and waits for its sockets."""

    request: Request
    lifetime: int
    families: tuple[Family, ...]
    reserve: bytes | None


@dataclass(slots=True)
class State:
    """The relay's whole memory."""

    limits: Limits
    rules: Rules
    families: frozenset[Family]
    """Those that the relay has an address of."""
    known: frozenset[int]
    """Attributes that are understood."""
    authenticator: Authenticator
    random: Callable[[int], bytes]
    """So many random bytes."""
    table: Table = field(default_factory=Table)
    counts: Counts = field(default_factory=Counts)
    pending: dict[int, Pending] = field(default_factory=dict)
    last_number: int = 0

    def allocation_of(self, request: Request) -> Allocation:
        """The client's own. Raises Refused with 437 or 441 (RFC 8656 section 5)."""
        allocation = self.table.by_path.get(request.path)
        if allocation is None:
            raise Refused(Code.ALLOCATION_MISMATCH, why="there is no allocation")
        if allocation.username != request.user.username:
            raise Refused(Code.WRONG_CREDENTIALS, why="the allocation is another user's")
        return allocation


def requested_family(message: Message, attribute: Attribute) -> Family | None:
    """The family that one of the two attributes asks for. Raises Refused, BadValue."""
    value = message.get(attribute)
    if value is None:
        return None
    try:
        return Family(read_first_byte(value))
    except ValueError as error:
        if isinstance(error, BadValue):
            raise
        # RFC 8656 section 7.2: "the server does not support the address family: 440".
        raise Refused(Code.ADDRESS_FAMILY_NOT_SUPPORTED) from None


def peer_addresses(message: Message) -> list[Address]:
    """Every XOR-PEER-ADDRESS. Raises BadValue."""
    values = message.all(Attribute.XOR_PEER_ADDRESS)
    return [read_xor_address(value, message.transaction_id) for value in values]


def family_is_there(allocation: Allocation, peer: Address) -> None:
    """RFC 8656 sections 10.2 and 12.2: a peer of the other family is 443. Raises Refused."""
    if family_of(peer[0]) not in allocation.relays:
        raise Refused(Code.PEER_ADDRESS_FAMILY_MISMATCH)
