"""What an answered call tells and takes: hold, mute, transfer, asserted identity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.signalling.kit import (
    ANSWER,
    KEY,
    OFFER,
    PEER,
    US,
    Device,
    Direction,
    Remote,
    bring,
    of_type,
    outbound_in,
    plain,
    sends,
)
from tests.signalling.talk import (
    IMPOLITE,
    POLITE,
    STEPS,
    metadata,
    negotiate,
    said_of_itself,
    talking,
    usermedia,
)
from voip.signalling.commands import (
    Answered,
    CreateAnswer,
    CreateOffer,
    CreateReoffer,
    IdentityAsserted,
    PeerState,
    SendEvent,
    TransferRejected,
    TransferRequested,
)
from voip.signalling.content import (
    AssertedIdentity,
    Capabilities,
    RejectReplacement,
    Replaces,
    StreamMetadata,
    Streams,
)
from voip.signalling.events import (
    Accept,
    AnswerReady,
    AssertIdentity,
    LocalStreams,
    OfferReady,
    Place,
    RejectTransfer,
    SetMuted,
    SyncComplete,
    Transfer,
)
from voip.signalling.states import Move, State

SIDES = pytest.mark.parametrize("side", [IMPOLITE, POLITE], ids=["impolite", "polite"])
HELD = OFFER + "a=sendonly\r\n"
WITH_STREAM = OFFER + "a=msid:ours track\r\n"
COMMON: dict[str, Any] = {"call_id": KEY.call_id, "party_id": PEER.party_id}
OURS: dict[str, Any] = {**COMMON, "party_id": US.party_id}


# --- hold -----------------------------------------------------------------------------------


@SIDES
@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_hold_is_seen_in_an_offer_and_so_is_its_end(side: Direction, direction: str) -> None:
    device = talking(side)
    told = device.handle(negotiate("offer", f"{OFFER}a={direction}\r\n"))
    assert said_of_itself(told) == [(True, False, False)]
    device.handle(STEPS[Move.ANSWER_READY](device))
    assert said_of_itself(device.handle(negotiate("offer", HELD))) == []
    device.handle(STEPS[Move.ANSWER_READY](device))
    told = device.handle(negotiate("offer", OFFER))
    assert said_of_itself(told) == [(False, False, False)]


@SIDES
def test_hold_is_seen_in_an_answer(side: Direction) -> None:
    device = talking(side)
    for move in (Move.WANTED, Move.OFFER_READY):
        device.handle(STEPS[move](device))
    assert said_of_itself(device.handle(negotiate("answer", HELD))) == [(True, False, False)]


def test_hold_is_seen_from_the_start() -> None:
    device = outbound_in(State.INVITED)
    assert said_of_itself(device.handle(PEER.answer(answer=HELD))) == [(True, False, False)]
    device = Device()
    device.handle(PEER.invite(offer=HELD))
    device.handle(SyncComplete())
    device.handle(Accept(KEY))
    told = device.handle(AnswerReady(KEY, device.request_of(CreateAnswer), ANSWER))
    assert said_of_itself(told) == [(True, False, False)]


# --- metadata -------------------------------------------------------------------------------


@SIDES
def test_mute_is_told_when_it_changes(side: Direction) -> None:
    device = talking(side)
    for muted, told in (((True, False), 1), ((True, False), 0), ((False, True), 1)):
        audio, video = muted
        items = device.handle(metadata({"stream": usermedia(audio=audio, video=video)}))
        assert said_of_itself(items) == [(False, audio, video)] * told


def test_muted_from_the_start() -> None:
    muted = {"stream": usermedia(audio=True)}
    device = outbound_in(State.INVITED)
    assert said_of_itself(device.handle(PEER.answer(streams=muted))) == [(False, True, False)]
    device = Device()
    device.handle(PEER.invite(streams=muted))
    device.handle(SyncComplete())
    assert of_type(device.handle(Accept(KEY)), PeerState) == []
    told = device.handle(AnswerReady(KEY, device.request_of(CreateAnswer), ANSWER))
    assert said_of_itself(told) == [(False, True, False)]


@SIDES
def test_metadata_in_a_negotiation_count(side: Direction) -> None:
    device = talking(side)
    told = device.handle(negotiate("offer", HELD, streams={"stream": usermedia(video=True)}))
    assert said_of_itself(told) == [(True, False, True)]


@SIDES
def test_absent_metadata_leave_mute_as_it_was(side: Direction) -> None:
    device = talking(side)
    device.handle(metadata({"stream": usermedia(audio=True)}))
    assert said_of_itself(device.handle(negotiate("offer"))) == []


@SIDES
def test_streams_of_another_purpose_do_not_count(side: Direction) -> None:
    device = talking(side)
    for purpose in ("m.screenshare", "org.example.unknown", ""):
        other = StreamMetadata(purpose=purpose, audio_muted=True)
        for streams in ({"other": other}, {"other": other, "media": usermedia()}):
            told = said_of_itself(device.handle(metadata(streams)))
            assert set(told) <= {(False, False, False)}  # the streams themselves are news


@SIDES
@pytest.mark.parametrize(
    ("event_type", "field"),
    [
        ("m.call.sdp_stream_metadata_changed", "sdp_stream_metadata"),
        ("m.call.sdp_stream_metadata_changed", "org.matrix.msc3077.sdp_stream_metadata"),
        ("org.matrix.call.sdp_stream_metadata_changed", "sdp_stream_metadata"),
        (
            "org.matrix.call.sdp_stream_metadata_changed",
            "org.matrix.msc3077.sdp_stream_metadata",
        ),
    ],
)
def test_unstable_names_are_read(side: Direction, event_type: str, field: str) -> None:
    device = talking(side)
    stream = {"purpose": "m.usermedia", "audio_muted": True, "video_muted": False}
    event = PEER.writes(event_type, {**COMMON, "version": "1", field: {"stream": stream}})
    assert said_of_itself(device.handle(event)) == [(False, True, False)]


def sent(items: list[Any]) -> list[Any]:
    return [item.content.get("sdp_stream_metadata") for item in of_type(items, SendEvent)]


def wire(*, audio: bool, video: bool = True) -> dict[str, Any]:
    stream = {"purpose": "m.usermedia", "audio_muted": audio, "video_muted": video}
    return {"ours": stream}


def test_our_streams_are_in_every_description_and_our_mute_is_told() -> None:
    """We have no camera, so our video is always muted."""
    device = Device()
    device.handle(Place(KEY, PEER.user_id))
    told = device.handle(OfferReady(KEY, device.request_of(CreateOffer), WITH_STREAM))
    assert sent(told)[0] == wire(audio=False)
    device.handle(PEER.answer())
    assert sent(device.handle(SetMuted(KEY, audio=True))) == [wire(audio=True)]
    device.handle(STEPS[Move.WANTED](device))
    request = device.request_of(CreateReoffer)
    assert sent(device.handle(OfferReady(KEY, request, WITH_STREAM))) == [wire(audio=True)]
    assert sent(device.handle(SetMuted(KEY, audio=False))) == [wire(audio=False)]


def test_a_stream_that_came_with_a_negotiation_is_muted_too() -> None:
    device = talking(POLITE)
    device.handle(STEPS[Move.WANTED](device))
    device.handle(OfferReady(KEY, device.request_of(CreateReoffer), WITH_STREAM))
    assert sent(device.handle(SetMuted(KEY, audio=True))) == [wire(audio=True)]


SHOWN: Streams = {
    "ours": StreamMetadata(purpose="m.usermedia"),
    "screen": StreamMetadata(purpose="m.screenshare", audio_muted=True),
}
WITH_SCREEN = WITH_STREAM + "m=video 9 UDP/TLS/RTP/SAVPF 97\r\na=msid:screen track\r\n"


def test_what_we_show_of_another_call_is_offered_with_its_purpose() -> None:
    device = talking(POLITE)
    (asked,) = device.handle(LocalStreams(KEY, SHOWN, outdated=True))
    assert isinstance(asked, CreateReoffer)
    (said,) = sent(device.handle(OfferReady(KEY, asked.request, WITH_SCREEN)))
    assert said["ours"] == wire(audio=False, video=False)["ours"]
    screen = {"purpose": "m.screenshare", "audio_muted": True, "video_muted": False}
    assert said["screen"] == screen
    # Our microphone's mute says nothing of a camera that is somebody else's.
    (said,) = sent(device.handle(SetMuted(KEY, audio=True)))
    assert said == {**wire(audio=True, video=False), "screen": screen}


def test_a_camera_of_another_call_that_is_muted_needs_no_description() -> None:
    device = talking(POLITE)
    device.handle(LocalStreams(KEY, SHOWN, outdated=True))
    device.handle(OfferReady(KEY, device.request_of(CreateReoffer), WITH_STREAM))
    device.handle(STEPS[Move.ANSWER_RECEIVED](device))
    device.handle(STEPS[Move.ANSWER_APPLIED](device))
    muted = StreamMetadata(purpose="m.usermedia", video_muted=True)
    told = device.handle(LocalStreams(KEY, {"ours": muted}, outdated=False))
    assert sent(told) == [wire(audio=False, video=True)]


# --- transfer -------------------------------------------------------------------------------


@SIDES
@pytest.mark.parametrize("field", ["create_call", "await_call"])
def test_a_transfer_is_asked_for(side: Direction, field: str) -> None:
    device = talking(side)
    wish: dict[str, Any] = {field: "call-2", "target_user": "@c:example.org", "target_room": "!c:x"}
    told = plain(device.handle(Transfer(KEY, "replacement", **wish)))
    expected = Replaces(**OURS, replacement_id="replacement", **wish)
    assert told == [sends(US.says(expected))]


@SIDES
@pytest.mark.parametrize("field", ["create_call", "await_call"])
def test_a_transfer_is_told(side: Direction, field: str) -> None:
    device = talking(side)
    call: dict[str, Any] = {field: "call-2"}
    transfer = Replaces(
        **COMMON, replacement_id="replacement", target_user="@c:example.org", **call
    )
    assert device.handle(PEER.says(transfer)) == [TransferRequested(KEY, transfer)]


@SIDES
def test_a_transfer_that_is_declined(side: Direction) -> None:
    device = talking(side)
    told = plain(device.handle(RejectTransfer(KEY, "replacement", "failed_call")))
    reject: dict[str, Any] = {"replacement_id": "replacement", "reason": "failed_call"}
    ours = RejectReplacement(**OURS, **reject)
    assert told == [sends(US.says(ours))]
    told = device.handle(PEER.says(RejectReplacement(**COMMON, **reject)))
    assert told == [TransferRejected(KEY, "replacement", "failed_call")]


@pytest.mark.parametrize("direction", Direction)
def test_what_the_peer_can_be_asked_is_told(direction: Direction) -> None:
    able = Remote(PEER.user_id, PEER.party_id, capabilities=Capabilities(transferee=True))
    device = Device()
    if direction is Direction.OUTBOUND:
        bring(device, direction, State.INVITED)
        device.handle(able.answer())
    else:
        device.handle(able.invite())
        device.handle(SyncComplete())
        device.handle(Accept(KEY))
        device.handle(AnswerReady(KEY, device.request_of(CreateAnswer), ANSWER))
    assert device.last(Answered).capabilities == able.capabilities


# --- asserted identity ----------------------------------------------------------------------


@SIDES
def test_an_identity_is_asserted(side: Direction) -> None:
    device = talking(side)
    wish: dict[str, Any] = {
        "user_id": "@c:example.org",
        "display_name": "C",
        "avatar_url": "mxc://example.org/c",
    }
    told = plain(device.handle(AssertIdentity(KEY, **wish)))
    ours = AssertedIdentity(**OURS, **wish)
    assert told == [sends(US.says(ours))]
    theirs = AssertedIdentity(**COMMON, **wish)
    assert device.handle(PEER.says(theirs)) == [IdentityAsserted(KEY, theirs)]


@SIDES
@pytest.mark.parametrize(
    "event_type", ["m.call.asserted_identity", "org.matrix.call.asserted_identity"]
)
def test_null_reverts_to_the_party_itself(side: Direction, event_type: str) -> None:
    device = talking(side)
    content = {**COMMON, "version": "1", "asserted_identity": None}
    told = device.handle(PEER.writes(event_type, content))
    assert told == [IdentityAsserted(KEY, AssertedIdentity(**COMMON))]
