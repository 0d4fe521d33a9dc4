"""What goes on inside a call that is answered: renegotiation, mute, transfer, asserted identity.

It neither begins nor ends the call; that is `call`'s work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias, TypeVar

from voip.signalling import streams
from voip.signalling.batch import CandidateBatch
from voip.signalling.commands import (
    IdentityAsserted,
    IgnoreReason,
    PeerState,
    SetStreams,
    TransferRejected,
    TransferRequested,
)
from voip.signalling.config import CallConfig
from voip.signalling.content import (
    USERMEDIA,
    AssertedIdentity,
    CallContent,
    Capabilities,
    Negotiate,
    RejectReplacement,
    Replaces,
    StreamMetadata,
    StreamMetadataChanged,
    Streams,
)
from voip.signalling.errors import WrongState
from voip.signalling.events import (
    AnswerApplied,
    AnswerReady,
    AssertIdentity,
    Change,
    LocalStreams,
    MediaFailed,
    OfferReady,
    RejectTransfer,
    Renegotiate,
    SendFailed,
    SetMuted,
    Transfer,
)
from voip.signalling.ids import CallKey, Party
from voip.signalling.negotiation import Negotiation
from voip.signalling.outbox import Outbox
from voip.signalling.sdp_facts import stream_ids, ufrag_of
from voip.signalling.states import State

OURS: Final = Capabilities(transferee=True, dtmf=True)
"""What we can be asked to do."""
NOTHING: Final[Streams] = MappingProxyType({})
C = TypeVar("C", bound=CallContent)
Remote: TypeAlias = Callable[[Any, Any, float], IgnoreReason | None]
Local: TypeAlias = Callable[[Any, Any, float], None]


class Scope(NamedTuple):
    """What all calls of a device share."""

    us: Party
    config: CallConfig
    outbox: Outbox


def make(kind: type[C], key: CallKey, us: Party, version: int, **fields: Any) -> C:
    """A content of ours, in the version that the other side speaks."""
    return kind(call_id=key.call_id, party_id=us.party_id, version=version, **fields)


def our_streams(sdp: str) -> Streams:
    """The metadata of what we send by a call's first description (MSC3077): it is the user's
    media, and we have no camera."""
    return _metadata(stream_ids(sdp), (False, True), NOTHING)


def _metadata(ids: Iterable[str], muted: tuple[bool, bool], shown: Streams) -> Streams:
    """`muted` is audio, video; `shown` is what we show of another call."""
    said = {}
    for stream_id in ids:
        of = shown.get(stream_id, StreamMetadata(purpose=USERMEDIA, video_muted=muted[1]))
        audio = of.audio_muted or muted[0]
        said[stream_id] = StreamMetadata(
            purpose=of.purpose, audio_muted=audio, video_muted=of.video_muted
        )
    return said


class Conversation:
    """One answered call's inner life, from the answer to the end."""

    __slots__ = (
        "_batch",
        "_muted",
        "_peer_says",
        "_polite",
        "_shown",
        "_stream_ids",
        "_streams",
        "_us",
        "_version",
        "config",
        "key",
        "negotiation",
        "outbox",
    )

    def __init__(
        self,
        key: CallKey,
        scope: Scope,
        batch: CandidateBatch,
        *,
        version: int,
        polite: bool,
        our_sdp_streams: Streams,
    ) -> None:
        """`batch` is the call's, with what has been gathered so far."""
        self.key = key
        self._us, self.config, self.outbox = scope.us, scope.config, scope.outbox
        self._batch = batch
        self._version = version
        self._polite = polite
        self._stream_ids = tuple(our_sdp_streams)
        self._muted = (False, True)
        self._shown = NOTHING
        self._peer_says = PeerState(key, False, False, False)
        """What was told of it."""
        self._streams: Streams | None = None
        """What is known of its streams."""
        self.negotiation: Negotiation | None = None
        """Made by the first change."""

    @property
    def offered_at(self) -> float | None:
        return None if self.negotiation is None else self.negotiation.offered_at

    def advance(self, now: float) -> None:
        if self.negotiation is not None:
            self.negotiation.advance(now)

    def remote(self, content: CallContent, now: float) -> IgnoreReason | None:
        """A content of the peer; only a version 1 peer has any of these (MSC2746)."""
        handler = self._on_remote.get(type(content))
        if handler is None or not self._version:
            return IgnoreReason.UNSUPPORTED
        return handler(self, content, now)

    def local(self, event: object, now: float) -> None:
        """Raises `WrongState` for what a version 0 peer does not understand."""
        if not self._version:
            wish = f"{type(event).__name__.lower()} with a version 0 client"
            raise WrongState(self.key, wish, State.CONNECTED)
        self._on_local[type(event)](self, event, now)

    def result(self, event: object, now: float) -> bool:
        """Take a result of a renegotiation; False where it was none."""
        if isinstance(event, LocalStreams):
            self._show(event, now)
            return True
        negotiation = self.negotiation
        if negotiation is None:
            return False
        match event:
            case OfferReady():
                negotiation.offer_ready(event, now)
            case AnswerReady():
                negotiation.answer_ready(event, now)
            case AnswerApplied():
                negotiation.answer_applied(event, now)
            case SendFailed():
                negotiation.send_failed(event, now)
                return False  # it may have been another send
            case MediaFailed():
                return negotiation.failed(event, now)
            case _:
                return False
        return True

    # --- what a negotiation asks ---

    def negotiate(self, kind: str, made: OfferReady | AnswerReady, now: float) -> int:
        ours = _metadata(stream_ids(made.sdp), self._muted, self._shown)
        self._stream_ids = tuple(ours)
        lifetime = self.config.negotiate_lifetime
        self._batch.restarted(ufrag_of(made.sdp), now, complete=made.complete)
        return self._send(
            Negotiate, description_type=kind, sdp=made.sdp, lifetime=lifetime, streams=ours or None
        )

    def heard(self, holds: bool, said: Streams | None) -> None:
        """Take note of what the other side says of itself.

        `said`: all of its streams as they are now; None where nothing was said of them.
        """
        before = self._peer_says
        audio, video, now_said = before.audio_muted, before.video_muted, before.streams
        if said is not None:
            now_said = streams.usable(said)
            known = streams.together(self._streams, now_said)
            if known != self._streams:
                self._streams = known
                self.outbox.put(SetStreams(self.key, known))
            if (media := _media_of(now_said)) is not None:
                audio, video = media.audio_muted, media.video_muted
        says = PeerState(self.key, holds, audio, video, now_said)
        if says != before:
            self._peer_says = says
            self.outbox.put(says)

    # --- remote ---

    def _on_negotiate(self, content: Negotiate, now: float) -> IgnoreReason | None:
        return self._talk().received(content, now)

    def _on_metadata(self, content: StreamMetadataChanged, _now: float) -> IgnoreReason | None:
        self.heard(self._peer_says.holds, content.streams)
        return None

    def _on_replaces(self, content: Replaces, _now: float) -> IgnoreReason | None:
        self.outbox.put(TransferRequested(self.key, content))
        return None

    def _on_reject_replacement(
        self, content: RejectReplacement, _now: float
    ) -> IgnoreReason | None:
        self.outbox.put(TransferRejected(self.key, content.replacement_id, content.reason))
        return None

    def _on_identity(self, content: AssertedIdentity, _now: float) -> IgnoreReason | None:
        self.outbox.put(IdentityAsserted(self.key, content))
        return None

    # --- local ---

    def _renegotiate(self, event: Renegotiate, now: float) -> None:
        self._talk().want(event.change, now)

    def _set_muted(self, event: SetMuted, _now: float) -> None:
        self._muted = (event.audio, event.video)
        self._say_streams()

    def _transfer(self, event: Transfer, _now: float) -> None:
        self._send(
            Replaces,
            replacement_id=event.replacement_id,
            target_user=event.target_user,
            target_room=event.target_room,
            create_call=event.create_call,
            await_call=event.await_call,
        )

    def _reject_transfer(self, event: RejectTransfer, _now: float) -> None:
        self._send(RejectReplacement, replacement_id=event.replacement_id, reason=event.reason)

    def _assert_identity(self, event: AssertIdentity, _now: float) -> None:
        self._send(
            AssertedIdentity,
            user_id=event.user_id,
            display_name=event.display_name,
            avatar_url=event.avatar_url,
        )

    # --- inside ---

    def _show(self, event: LocalStreams, now: float) -> None:
        self._shown = event.streams
        if not self._version:
            return  # it knows neither another description nor metadata
        if event.outdated:
            self._talk().want(Change(), now)
        else:
            self._say_streams()

    def _say_streams(self) -> None:
        streams = _metadata(self._stream_ids, self._muted, self._shown)
        self._send(StreamMetadataChanged, streams=streams)

    def _talk(self) -> Negotiation:
        if self.negotiation is None:
            self.negotiation = Negotiation(self, polite=self._polite)
        return self.negotiation

    def _send(self, kind: type[CallContent], **fields: Any) -> int:
        content = make(kind, self.key, self._us, self._version, **fields)
        return self.outbox.send(self.key, content.event_type, content.to_wire())

    _on_remote: ClassVar[Mapping[type[CallContent], Remote]] = {
        Negotiate: _on_negotiate,
        StreamMetadataChanged: _on_metadata,
        Replaces: _on_replaces,
        RejectReplacement: _on_reject_replacement,
        AssertedIdentity: _on_identity,
    }
    _on_local: ClassVar[Mapping[type, Local]] = {
        Renegotiate: _renegotiate,
        SetMuted: _set_muted,
        Transfer: _transfer,
        RejectTransfer: _reject_transfer,
        AssertIdentity: _assert_identity,
    }


IN_CONVERSATION: Final = frozenset(
    {Negotiate, StreamMetadataChanged, Replaces, RejectReplacement, AssertedIdentity}
)
"""Contents that only an answered call takes."""
WISHES: Final = frozenset({Renegotiate, SetMuted, Transfer, RejectTransfer, AssertIdentity})
"""What only an answered call can be asked."""


def _media_of(said: Streams) -> StreamMetadata | None:
    """The stream whose mute is that of the other side's microphone and camera."""
    for stream in said.values():
        if stream.purpose == USERMEDIA:
            return stream
    return None
