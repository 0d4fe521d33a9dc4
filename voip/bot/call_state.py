"""What is known of a call: who, when, what was recorded. The phone keeps it up to date; what a flow
can ask for is added in `call.py`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from voip.bot.after import Work
from voip.bot.call_file import CallFile, call_file_of
from voip.bot.digits import Digits
from voip.bot.ending import End
from voip.bot.marks import Marks, now
from voip.bot.masking import Masks
from voip.media.events import MediaStats, Recording
from voip.signalling.commands import (
    Answered,
    Ended,
    Established,
    IdentityAsserted,
    Notice,
    PeerState,
)
from voip.signalling.content import AssertedIdentity, Capabilities, Streams
from voip.signalling.errors import LocalError
from voip.signalling.events import Change, Renegotiate
from voip.signalling.ids import CallKey, Party
from voip.store.records import Direction

if TYPE_CHECKING:
    from voip.bot.consent import Consent
    from voip.bot.interface import CallPhone
    from voip.bot.keeping import Policy

T = TypeVar("T")


class CallState:
    """A call without what a flow can ask of it."""

    def __init__(
        self, phone: CallPhone, key: CallKey, direction: Direction, peer_user_id: str, video: bool
    ) -> None:
        self.id = phone.new_id()
        """Our own id, safe in a path; the wire's ids are in `key`."""
        self.key = key
        self.direction = direction
        self.peer_user_id = peer_user_id
        """Who calls, or who is called."""
        self.video = video
        self.began_at = datetime.now(UTC)
        self.folder = phone.recordings / f"{self.began_at:%Y%m%dT%H%M%SZ}-{self.id}"
        """Where its recordings go; made when it is first needed."""
        self.device_key: str | None = None
        """The Curve25519 key of the device that calls; None where it is not known."""
        self.peer: Party | None = None
        self.peer_can = Capabilities()
        """What the other side can be asked to do."""
        self.peer_state: PeerState | None = None
        """Hold and mute, as the other side says; None as long as it says nothing."""
        self.asserted_identity: AssertedIdentity | None = None
        """Who the other side says is on the line; nothing proves it."""
        self.on_said: Callable[[IdentityAsserted | PeerState], None] | None = None
        """Told of what the other side says of itself, when it says it. Must not block or raise."""
        self.media: MediaStats | None = None
        """What its media came to, once they are closed."""
        self.marks = Marks()
        self.recordings: list[Recording] = []
        self.inbox: str | None = None
        """The room that the recordings are posted into; None: the call's own."""
        self.posted: dict[str, str] = {}
        """By its file's name: the event of each recording that was posted; known `afterwards`."""
        self.after: list[Work] = []
        """See `afterwards`."""
        self.under_way: Recording | None = None
        """What is recorded now, as it stood when it got its last file."""
        self.writing = asyncio.Lock()
        """Held by whoever writes `call.json`."""
        self.consent: Consent | None = None
        """How the other side agreed to being recorded; None where it was not asked."""
        self._phone = phone
        self._end = End()
        self._masks = Masks(phone.media, self._end.or_end)
        loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._established: asyncio.Future[None] = loop.create_future()
        self._recording: asyncio.Future[Recording] | None = None
        self._digits = Digits()
        self._sounds = itertools.count(1)

    @property
    def end(self) -> Ended | None:
        """Why it ended, and by whom; None as long as it goes on."""
        return self._end.is_

    @property
    def phone(self) -> CallPhone:
        """That carries it: its account, rooms and folder of recordings."""
        return self._phone

    @property
    def room_id(self) -> str:
        return self.key.room_id

    @property
    def policy(self) -> Policy:
        """What the operator wants kept of it, and how the other side has to agree to that."""
        return self._phone.policy_of(self.room_id, self.peer_user_id)

    @property
    def revoked(self) -> bool:
        """Whether the consent to being recorded was taken back: nothing of it is kept."""
        return self.consent is not None and self.consent.revoked is not None

    @property
    def peer_streams(self) -> Streams:
        """What the other side sends, by the stream's id: `purpose` (`m.usermedia`,
        `m.screenshare`), `audio_muted`, `video_muted`. Empty where it does not say."""
        return (self.peer_state and self.peer_state.streams) or {}

    def file(self) -> CallFile:
        """What `call.json` says about it as things stand."""
        return call_file_of(self, self._phone.user_id)

    # --- what the phone tells it ---

    def on_notice(self, notice: Notice) -> None:
        match notice:
            case Answered(peer=peer, capabilities=capabilities):
                self.peer, self.peer_can = peer, capabilities
                self.marks.answered = now()
            case Established():
                self.marks.established = now()
                _resolve(self._established, None)
            case PeerState():
                self.peer_state = notice
                self._pass(notice)
            case IdentityAsserted(identity=identity):
                self.asserted_identity = identity
                self._pass(notice)
            case Ended():
                self._on_ended(notice)

    def _pass(self, notice: IdentityAsserted | PeerState) -> None:
        if self.on_said is not None:
            self.on_said(notice)

    def on_first_audio(self) -> None:
        self.marks.first_audio = now()

    def on_digit(self, digit: str) -> None:
        self._digits.add(digit)

    def on_interrupted(self) -> None:
        """Nothing arrives any more: who called looks for another path, the other side need not."""
        if self.direction is Direction.OUTBOUND and self.end is None:
            with contextlib.suppress(LocalError):  # a version 0 client knows no other path
                self._phone.perform(Renegotiate(self.key, Change(restart_ice=True)))

    def on_growth(self, recording: Recording) -> None:
        self.under_way = recording

    def on_media_closed(self, stats: MediaStats) -> None:
        self.media = stats

    def on_recording(self, recording: Recording) -> None:
        self.under_way = None
        self.recordings += [recording, *recording.parts]
        if self._recording is not None:
            _resolve(self._recording, recording)

    def _on_ended(self, end: Ended) -> None:
        self.marks.ended = now()
        self._end.came(end)

    def on_closed(self) -> None:
        _resolve(self._closed, None)


def _resolve(future: asyncio.Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)
