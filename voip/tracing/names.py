"""Names for people and addresses that tell neither, the same ones throughout a trace."""

from __future__ import annotations

import ipaddress
import re
import string
from typing import Final

from voip.redaction import redact
from voip.signalling.ids import Party

_MATRIX_ID: Final = re.compile(r"[@!#$+][^\s:,;()'\"]+:[\w.\-\[\]:]+|[$!][\w\-+/=]{20,}")
_SHARED: Final = ipaddress.IPv4Network("100.64.0.0/10")
"""What carriers use between their NAT and ours (RFC 6598)."""
_LONGEST: Final = 200
_MOST_HOSTS: Final = 200


def scrubbed(text: str) -> str:
    """A text that is not ours, as the last line of defence: without ids, addresses, secrets."""
    return _MATRIX_ID.sub("[id]", redact(text[: 4 * _LONGEST]))[:_LONGEST]


class People:
    """Who takes part in a call. `peer` is settled last, so ask when the call is over."""

    def __init__(self, us: Party, peer: Party | None) -> None:
        self._names: dict[Party, str] = {us: "us"}
        self._us, self._peer = us, peer
        if peer is not None and peer != us:
            self._names[peer] = "peer"
        self._counts: dict[str, int] = {}
        self._users: dict[str, str] = {}

    def name(self, party: Party) -> str:
        """A party without a `party_id` is a user, whichever device."""
        name = self._names.get(party)
        if name is None:
            name = self._names[party] = self._new(party)
        return name

    def _new(self, party: Party) -> str:
        if not party.party_id:
            return self._user(party.user_id)
        if party.user_id == self._us.user_id:
            return self._numbered("our other device")
        if self._peer is None:  # nobody was called by name, nor answered
            self._peer = Party(party.user_id, "")
        if party.user_id == self._peer.user_id:
            if not self._peer.party_id:  # no device of theirs was chosen: the first is the peer
                self._peer = party
                return "peer"
            return self._numbered("peer's other device")
        return self._user(party.user_id)

    def _user(self, user_id: str) -> str:
        if user_id == self._us.user_id:
            return "us"
        if self._peer is not None and user_id == self._peer.user_id:
            return "peer"
        if user_id not in self._users:
            self._users[user_id] = self._numbered("another person")
        return self._users[user_id]

    def _numbered(self, name: str) -> str:
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return name if count == 1 else f"{name} {count}"


class Hosts:
    """`host A (IPv4, private, udp)`: the letter stands for the address, throughout a trace."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}
        self._names: dict[tuple[str, str, str], str] = {}

    def name(self, kind: str, address: str, transport: str) -> str:
        known = self._names.get((kind, address, transport))
        if known is None:
            known = self._new(kind, address, transport)
            if len(self._names) < _MOST_HOSTS:
                self._names[kind, address, transport] = known
        return known

    def _new(self, kind: str, address: str, transport: str) -> str:
        kind = kind if kind in {"host", "srflx", "prflx", "relay"} else "other"
        transport = "tcp" if transport.lower() == "tcp" else "udp"
        return f"{kind} {self._letter(address)} ({nature(address)}, {transport})"

    def _letter(self, address: str) -> str:
        if address not in self._letters:
            if len(self._letters) >= _MOST_HOSTS:
                return "?"
            self._letters[address] = _letters(len(self._letters))
        return self._letters[address]


def nature(address: str) -> str:
    """What sort of address it is, as in `IPv4, private`."""
    if address.endswith(".local"):  # RFC 8828: browsers hide host addresses behind such names
        return "mDNS name"
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "no address"
    return f"IPv{ip.version}, {_scope(ip)}"


def _scope(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if ip.is_loopback:
        return "loopback"
    if ip.is_link_local:
        return "link-local"
    if ip.is_unspecified:
        return "hidden"
    if ip.version == 4 and ip in _SHARED:
        return "carrier NAT"
    return "private" if ip.is_private else "public"


def _letters(number: int) -> str:
    first, last = divmod(number, 26)
    letter = string.ascii_uppercase[last]
    return letter if first == 0 else f"{string.ascii_uppercase[first - 1]}{letter}"
