"""CreatePermission, ChannelBind and Send (RFC 8656 sections 10, 12 and 11)."""

from __future__ import annotations

from turn.relay.allocating import Outcome
from turn.relay.limits import CHANNEL_LIFETIME, PERMISSION_LIFETIME
from turn.relay.model import Allocation, Channel, FiveTuple, ToPeer
from turn.relay.refusals import Dropped, Refused
from turn.relay.state import Request, State, family_is_there, peer_addresses
from turn.stun.framing import FIRST_CHANNEL, LAST_CHANNEL
from turn.stun.message import Message
from turn.stun.names import Attribute, Code, Family
from turn.stun.values import Address, family_of, read_channel_number


def create_permission(state: State, request: Request) -> Outcome:
    """RFC 8656 section 10.2: all of the addresses, or none. Raises Refused, BadValue."""
    allocation = state.allocation_of(request)
    ips = list(dict.fromkeys(ip for ip, _ in peer_addresses(request.message)))
    if not ips:
        raise Refused(Code.BAD_REQUEST, why="XOR-PEER-ADDRESS is missing")
    for ip in ips:
        family_is_there(allocation, (ip, 0))
        if not state.rules.permits_ip(ip):
            raise Refused(Code.FORBIDDEN)
    new = [ip for ip in ips if ip not in allocation.permissions]
    if len(allocation.permissions) + len(new) > state.limits.permissions:
        raise Refused(Code.INSUFFICIENT_CAPACITY, why="too many permissions")
    for ip in ips:
        _permit(allocation, ip, request.at.now + PERMISSION_LIFETIME)
    state.table.schedule(allocation)
    return (), []


def channel_bind(state: State, request: Request) -> Outcome:
    """RFC 8656 section 12.2. Raises Refused, BadValue."""
    allocation = state.allocation_of(request)
    value = request.message.get(Attribute.CHANNEL_NUMBER)
    peers = peer_addresses(request.message)
    if value is None or not peers:
        raise Refused(Code.BAD_REQUEST, why="CHANNEL-NUMBER or XOR-PEER-ADDRESS is missing")
    number, peer = read_channel_number(value), peers[0]
    if not FIRST_CHANNEL <= number <= LAST_CHANNEL:
        raise Refused(Code.BAD_REQUEST, why="no channel number")
    family_is_there(allocation, peer)
    if not state.rules.permits_ip(peer[0]) or not state.rules.permits_port(peer):
        raise Refused(Code.FORBIDDEN)
    # "Bound to a different peer, or the peer to a different channel: 400".
    bound, other = allocation.channels.get(number), allocation.peers.get(peer)
    if bound is not other:
        raise Refused(Code.BAD_REQUEST, why="the channel or the peer is bound already")
    _check_room(state, allocation, peer, is_new=bound is None)
    now = request.at.now
    if bound is None:
        is_ipv6 = family_of(peer[0]) is Family.IPV6
        bound = Channel(number, peer, is_ipv6, now)
        allocation.channels[number] = bound
        allocation.peers[peer] = bound
    bound.expires = now + CHANNEL_LIFETIME
    # A binding permits for five minutes and lasts ten (section 12). Clients refresh the binding
    # alone (aioice does so every 500 s), so that here, as in coturn, it permits while it lasts.
    _permit(allocation, peer[0], now + CHANNEL_LIFETIME)
    state.table.schedule(allocation)
    return (), []


def send(state: State, message: Message, path: FiveTuple) -> ToPeer:
    """A Send indication (RFC 8656 section 11.2). Raises Dropped, BadValue."""
    allocation = state.table.by_path.get(path)
    if allocation is None:
        raise Dropped("no allocation")
    if message.unknown(state.known):
        raise Dropped("unknown attribute")
    data, peers = message.get(Attribute.DATA), peer_addresses(message)
    if data is None or not peers:
        raise Dropped("incomplete")
    peer = peers[0]
    if peer[0] not in allocation.permissions or family_of(peer[0]) not in allocation.relays:
        raise Dropped("no permission")
    if not state.rules.permits_port(peer):
        raise Dropped("forbidden peer")
    return ToPeer(allocation.number, peer, data, message.has(Attribute.DONT_FRAGMENT))


def _permit(allocation: Allocation, ip: str, until: float) -> None:
    allocation.permissions[ip] = max(until, allocation.permissions.get(ip, until))


def _check_room(state: State, allocation: Allocation, peer: Address, *, is_new: bool) -> None:
    limits = state.limits
    if is_new and len(allocation.channels) >= limits.channels:
        raise Refused(Code.INSUFFICIENT_CAPACITY, why="too many channels")
    if peer[0] not in allocation.permissions and len(allocation.permissions) >= limits.permissions:
        raise Refused(Code.INSUFFICIENT_CAPACITY, why="too many permissions")
