"""How a call and its parties are named."""

from __future__ import annotations

from voip.signalling.record import Record


class CallKey(Record, order=True):
    """A call is known by its room and its id: `call_id` alone is chosen by whoever invites."""

    room_id: str
    call_id: str


NO_PARTY = ""
"""The party id of a client that says none, as version 0 does."""


class Party(Record, order=True):
    """One device in a call (MSC2746): two parties may share a user."""

    user_id: str
    party_id: str
