"""Allocate and Refresh (RFC 8656 sections 7 and 8)."""

from __future__ import annotations

from typing import Final

from turn.relay.buckets import Bucket
from turn.relay.limits import DEFAULT_LIFETIME
from turn.relay.model import (
    Action,
    Allocation,
    CloseFamily,
    CloseRelay,
    Opened,
    OpenFailure,
    OpenRelay,
)
from turn.relay.refusals import Refused
from turn.relay.state import Pending, Request, State, requested_family
from turn.stun.message import Message, Pair
from turn.stun.names import Attribute, Code, Family
from turn.stun.values import (
    UDP,
    Address,
    BadValue,
    error_code,
    number,
    read_first_byte,
    read_number,
    xor_address,
)

TOKEN_BYTES: Final = 8
"""RFC 8656 section 18.11."""
_RESERVE: Final = 0x80
"""The R bit of EVEN-PORT (section 18.7)."""
_FAILURES: Final = {
    OpenFailure.NO_SUCH_FAMILY: Code.ADDRESS_FAMILY_NOT_SUPPORTED,
    OpenFailure.NO_PORT: Code.INSUFFICIENT_CAPACITY,
}

Outcome = tuple[tuple[Pair, ...], list[Action]]
"""The attributes of a success response, and what to do besides."""


def allocate(state: State, request: Request) -> Outcome | OpenRelay:
    """The steps of RFC 8656 section 7.2; the last one is `opened`. Raises Refused, BadValue."""
    message = request.message
    existing = state.table.by_path.get(request.path)
    if existing is not None:
        # Step 2: the same request again, whose answer was lost, is answered again.
        is_again = existing.transaction_id == message.transaction_id
        if is_again and existing.username == request.user.username:
            return existing.response, []
        raise Refused(Code.ALLOCATION_MISMATCH, why="there is an allocation")
    transport = message.get(Attribute.REQUESTED_TRANSPORT)
    if transport is None:
        raise Refused(Code.BAD_REQUEST, why="REQUESTED-TRANSPORT is missing")
    if read_first_byte(transport) != UDP:
        raise Refused(Code.UNSUPPORTED_TRANSPORT)
    families = _families(state, message)
    even, reserve = _even_port(message)
    token = message.get(Attribute.RESERVATION_TOKEN)
    if token is not None:
        _check_token(state, request, token)
    _check_quota(state, request, reserve=reserve)
    state.last_number += 1
    held = state.random(TOKEN_BYTES) if reserve else None
    pending = Pending(request, _lifetime(state, request), families, held)
    state.pending[state.last_number] = pending
    return OpenRelay(state.last_number, families, even, held, token)


def opened(state: State, allocation_number: int, result: Opened) -> tuple[Request, Outcome]:
    """The sockets are there, or not. Raises Refused."""
    pending = state.pending.pop(allocation_number)
    request, now = pending.request, pending.request.at.now
    relays: dict[Family, Address] = {}
    attributes: list[Pair] = []
    for family, relay in result.relays.items():
        if not isinstance(relay, OpenFailure):
            relays[family] = relay
            address = xor_address(relay, request.message.transaction_id)
            attributes.append((Attribute.XOR_RELAYED_ADDRESS, address))
        elif family is pending.families[0]:
            raise Refused(_FAILURES[relay])
        else:  # Section 7.2: only the additional one failed, which the client is told
            attributes.append((Attribute.ADDRESS_ERROR_CODE, _address_error(family, relay)))
    attributes.append((Attribute.LIFETIME, number(pending.lifetime)))
    if pending.reserve is not None:
        state.table.reserve(pending.reserve, request.user.relay_id, now)
        attributes.append((Attribute.RESERVATION_TOKEN, pending.reserve))
    mapped = xor_address(request.path.client, request.message.transaction_id)
    attributes.append((Attribute.XOR_MAPPED_ADDRESS, mapped))
    allocation = _allocation(state, allocation_number, pending, relays, tuple(attributes))
    state.table.add(allocation)
    state.counts.allocated += 1
    return request, (allocation.response, [])


def refresh(state: State, request: Request) -> Outcome:
    """RFC 8656 section 8.2. Raises Refused, BadValue."""
    allocation = state.allocation_of(request)
    family = requested_family(request.message, Attribute.REQUESTED_ADDRESS_FAMILY)
    if family is not None and family not in allocation.relays:
        raise Refused(Code.PEER_ADDRESS_FAMILY_MISMATCH)
    value = request.message.get(Attribute.LIFETIME)
    if value is not None and read_number(value) == 0:
        return ((Attribute.LIFETIME, number(0)),), [_end(state, allocation, family)]
    lifetime = _lifetime(state, request)
    allocation.expires = request.at.now + lifetime
    state.table.schedule(allocation)
    return ((Attribute.LIFETIME, number(lifetime)),), []


def _families(state: State, message: Message) -> tuple[Family, ...]:
    wanted = requested_family(message, Attribute.REQUESTED_ADDRESS_FAMILY)
    additional = message.get(Attribute.ADDITIONAL_ADDRESS_FAMILY)
    has_token = message.has(Attribute.RESERVATION_TOKEN)
    if wanted is not None and (additional is not None or has_token):
        raise Refused(Code.BAD_REQUEST, why="families are asked for twice")
    first = wanted or Family.IPV4  # "absent: IPv4"
    if first not in state.families and not has_token:
        raise Refused(Code.ADDRESS_FAMILY_NOT_SUPPORTED)
    if additional is None:
        return (first,)
    # "ADDITIONAL-ADDRESS-FAMILY with a value other than 0x02, or with a RESERVATION-TOKEN, or
    # with EVEN-PORT whose R bit is 1: 400".
    even = message.get(Attribute.EVEN_PORT) or b"\0"
    if read_first_byte(additional) != Family.IPV6 or has_token or even[0] & _RESERVE:
        raise Refused(Code.BAD_REQUEST, why="ADDITIONAL-ADDRESS-FAMILY does not fit")
    return (Family.IPV4, Family.IPV6)


def _even_port(message: Message) -> tuple[bool, bool]:
    value = message.get(Attribute.EVEN_PORT)
    if value is None:
        return False, False
    if len(value) != 1:
        raise BadValue("EVEN-PORT has one byte")
    if message.has(Attribute.RESERVATION_TOKEN):
        raise Refused(Code.BAD_REQUEST, why="EVEN-PORT with RESERVATION-TOKEN")
    return True, bool(value[0] & _RESERVE)


def _check_token(state: State, request: Request, token: bytes) -> None:
    if len(token) != TOKEN_BYTES:
        raise BadValue("RESERVATION-TOKEN has 8 bytes")
    held = state.table.reservations.get(token)
    # "Invalid or expired, or not available to this client: 508".
    if held is None or held.relay_id != request.user.relay_id or held.expires <= request.at.now:
        raise Refused(Code.INSUFFICIENT_CAPACITY, why="there is no such reservation")
    del state.table.reservations[token]


def _check_quota(state: State, request: Request, *, reserve: bool) -> None:
    if state.table.count(request.user.relay_id) >= state.limits.per_id:
        raise Refused(Code.ALLOCATION_QUOTA_REACHED)
    if len(state.table) >= state.limits.total:
        raise Refused(Code.INSUFFICIENT_CAPACITY, why="the relay is full")
    if reserve and len(state.table.reservations) >= state.limits.reservations:
        raise Refused(Code.INSUFFICIENT_CAPACITY, why="too many ports are reserved")


def _lifetime(state: State, request: Request) -> int:
    """Seconds. Section 7.2: what is asked for up to our most, and no less than the default; but
    never beyond the credential's expiry, which is ours to be strict about."""
    value = request.message.get(Attribute.LIFETIME)
    wanted = DEFAULT_LIFETIME if value is None else read_number(value)
    lifetime = max(min(wanted, state.limits.max_lifetime), DEFAULT_LIFETIME)
    left = request.user.expires - request.at.wall
    return max(1, min(lifetime, int(left)))


def _allocation(
    state: State,
    allocation_number: int,
    pending: Pending,
    relays: dict[Family, Address],
    response: tuple[Pair, ...],
) -> Allocation:
    request, limit = pending.request, state.limits.allocation_bandwidth
    now = request.at.now
    return Allocation(
        number=allocation_number,
        path=request.path,
        username=request.user.username,
        relay_id=request.user.relay_id,
        relays=relays,
        expires=now + pending.lifetime,
        transaction_id=request.message.transaction_id,
        response=response,
        to_peers=Bucket(limit, limit, now) if limit else None,
        to_client=Bucket(limit, limit, now) if limit else None,
    )


def _end(state: State, allocation: Allocation, family: Family | None) -> Action:
    if family is None or len(allocation.relays) == 1:
        state.table.remove(allocation)
        return CloseRelay(allocation)
    del allocation.relays[family]
    return CloseFamily(allocation, family)


def _address_error(family: Family, failure: OpenFailure) -> bytes:
    """RFC 8656 section 18.12: as ERROR-CODE, with the family in front."""
    return bytes((family,)) + error_code(_FAILURES[failure])[1:]
