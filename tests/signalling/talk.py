"""An answered call on its device, and what is negotiated in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.signalling.kit import (
    ANSWER,
    KEY,
    OFFER,
    PEER,
    US,
    Device,
    Direction,
    Item,
    Remote,
    device_in,
    of_type,
    sends,
)
from voip.signalling.call import Call
from voip.signalling.commands import (
    ApplyAnswer,
    CreateReanswer,
    CreateReoffer,
    PeerState,
)
from voip.signalling.content import Negotiate, StreamMetadata, StreamMetadataChanged, Streams
from voip.signalling.events import (
    AnswerApplied,
    AnswerReady,
    Change,
    Event,
    OfferReady,
    Received,
    Renegotiate,
)
from voip.signalling.states import Move, Negotiating, State

IMPOLITE: Final = Direction.OUTBOUND
POLITE: Final = Direction.INBOUND
"""The callee is the polite side."""
HOLD: Final = Change(hold=True)
VIDEO: Final = Change(video=True)

PATHS: Final[dict[Negotiating, tuple[Move, ...]]] = {
    Negotiating.STABLE: (),
    Negotiating.OFFERING: (Move.WANTED,),
    Negotiating.OFFERED: (Move.WANTED, Move.OFFER_READY),
    Negotiating.APPLYING: (Move.WANTED, Move.OFFER_READY, Move.ANSWER_RECEIVED),
    Negotiating.ANSWERING: (Move.OFFER_RECEIVED,),
}
"""How each state is reached from the answered call."""

STEPS: Final[dict[Move, Callable[[Device], Event]]] = {
    Move.WANTED: lambda _: Renegotiate(KEY, HOLD),
    Move.OFFER_READY: lambda device: OfferReady(KEY, device.request_of(CreateReoffer), OFFER),
    Move.OFFER_RECEIVED: lambda _: negotiate("offer"),
    Move.ANSWER_RECEIVED: lambda _: negotiate("answer"),
    Move.ANSWER_APPLIED: lambda device: AnswerApplied(KEY, device.request_of(ApplyAnswer)),
    Move.ANSWER_READY: lambda device: AnswerReady(KEY, device.request_of(CreateReanswer), ANSWER),
}


def negotiate(
    kind: str, sdp: str | None = None, *, by: Remote = PEER, lifetime: float = 60.0, **fields: Any
) -> Received:
    """`m.call.negotiate` as this party says it."""
    content = Negotiate(
        call_id=by.key.call_id,
        party_id=by.party_id,
        description_type=kind,
        sdp=sdp or {"offer": OFFER, "answer": ANSWER}[kind],
        lifetime=lifetime,
        **fields,
    )
    return by.says(content)


def metadata(streams: Streams, by: Remote = PEER) -> Received:
    content = StreamMetadataChanged(call_id=by.key.call_id, party_id=by.party_id, streams=streams)
    return by.says(content)


def usermedia(*, audio: bool = False, video: bool = False) -> StreamMetadata:
    return StreamMetadata(purpose="m.usermedia", audio_muted=audio, video_muted=video)


OFFERS: Final = sends(negotiate("offer", by=US))
ANSWERS: Final = sends(negotiate("answer", by=US))


def talking(side: Direction, state: Negotiating = Negotiating.STABLE) -> Device:
    """A connected call whose renegotiation stands there."""
    device = device_in(side, State.CONNECTED)
    for move in PATHS[state]:
        device.handle(STEPS[move](device))
    assert standing(device) is state
    return device


def call_of(device: Device) -> Call:
    call = device.calls._registry.get(KEY)
    assert call is not None
    return call


def standing(device: Device) -> Negotiating:
    """Where the renegotiation stands."""
    talk = call_of(device)._conversation
    assert talk is not None
    return Negotiating.STABLE if talk.negotiation is None else talk.negotiation.state


def said_of_itself(items: list[Item]) -> list[tuple[bool, bool, bool]]:
    """What the peer says of itself: it holds, its audio is muted, its video is muted."""
    states = of_type(items, PeerState)
    return [(state.holds, state.audio_muted, state.video_muted) for state in states]
