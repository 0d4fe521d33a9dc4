"""What the media edge says: plain data, because it will cross a process boundary."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from voip.media.samples import MediaSample
from voip.signalling.content import Streams
from voip.signalling.ice import Candidate
from voip.signalling.ids import CallKey


class MediaFailure(Enum):
    """Why a call's media ended or never began."""

    ICE_FAILED = "no network path to the other side was found"
    CONNECT_TIMEOUT = "the media connection was not up in time"
    DTLS_FAILED = "the other side's media encryption could not be agreed"
    PEER_GONE = "the other side stopped sending and answering"
    WORKER_DIED = "the process that carried the call's media died"


class RecordingEnd(Enum):
    """Why a recording ended."""

    STOPPED = "stopped"
    SILENCE = "silence"
    MAX_SECONDS = "max_seconds"
    CALL_ENDED = "call_ended"
    DISK_FULL = "disk_full"
    WRITE_FAILED = "write_failed"
    REPAIRED = "repaired"
    """Left open by a crash and closed afterwards."""
    NOT_YET = "not_yet"
    """It goes on, or did when that was written."""


class MarkKind(Enum):
    """Why nothing of a span was kept."""

    PAUSE = "pause"
    MASK = "mask"
    """What was said and shown is nobody's business (a card number)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A span of a recording in which nothing was kept. It has its true length there, silent."""

    kind: MarkKind
    begin: float
    """Seconds from the beginning of the recording."""
    end: float


class MediaDirection(Enum):
    """Whose sound and pictures they are."""

    RECEIVED = "received"
    """The other side's."""
    SENT = "sent"
    """Ours: what the bot played, or what a bridge passed on from elsewhere."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A closed recording. `path` is under the folder that the recording was started with."""

    path: Path
    mime_type: str
    """`audio/ogg`, `video/webm` or `video/x-matroska`."""
    seconds: float
    size: int
    """Bytes."""
    ended: RecordingEnd
    width: int | None = None
    height: int | None = None
    offset: float = 0.0
    """Of a part: seconds from the beginning of its recording to its own. Less than 0 for a screen
    that was shared before anything was heard."""
    parts: tuple[Recording, ...] = ()
    """Pictures with files of their own, in the order in which they began: each screen that was
    shared, and a camera that came on late. Each has the sound of its time too. And what we sent,
    where that was to be recorded."""
    marks: tuple[Mark, ...] = ()
    """Spans of it, and of its parts, in which nothing was kept, in their order."""
    direction: MediaDirection = MediaDirection.RECEIVED


@dataclass(frozen=True, slots=True)
class Connected:
    """ICE and DTLS are up: media can flow both ways."""

    key: CallKey


@dataclass(frozen=True, slots=True)
class FirstAudio:
    """The first audio packet of the other side arrived."""

    key: CallKey


@dataclass(frozen=True, slots=True)
class Failed:
    """The call's media is over; the peer is closed already."""

    key: CallKey
    failure: MediaFailure


@dataclass(frozen=True, slots=True)
class RecordingGrew:
    """A recording has another file, or another span in which nothing was kept: for whoever keeps a
    record of it, which is then there after a crash."""

    key: CallKey
    recording: Recording
    """As it stands: its files and their offsets, its marks; lengths and sizes so far."""


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """Said exactly once for each recording that was started, whatever ended it."""

    key: CallKey
    recording: Recording


@dataclass(frozen=True, slots=True)
class LocalCandidates:
    """Candidates that a slow STUN or TURN server gave after the description was ready.

    Only where that description was not complete (`sdp.is_complete`). The last one said is
    end-of-candidates.
    """

    key: CallKey
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Digit:
    """The other side pressed a key (RFC 4733). Said once for each press, when it ends."""

    key: CallKey
    digit: str
    """One of `0123456789*#ABCD`."""
    seconds: float
    masked: bool = False
    """Pressed while the call was masked: for the flow that asked for it, and to be kept nowhere."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Nothing has arrived from the other side for `MediaSettings.interrupted_after` seconds, and
    it does not answer when it is asked.

    The media are kept: an ICE restart may bring them back. Where nothing does, Failed follows
    `MediaSettings.gone_after` seconds after the last sign of life.
    """

    key: CallKey
    answering: bool = False
    """It does answer, and yet the sound has stopped that it should send: it is neither on hold nor
    says that it is muted. Such a call is not given up."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """After Interrupted: what was missing arrived again."""

    key: CallKey


@dataclass(frozen=True, slots=True)
class IceEnd:
    """One end of a path. The address stays out of `repr`, so that it stays out of logs."""

    kind: str
    """`host`, `srflx`, `prflx` or `relay` (RFC 8445 §4)."""
    address: str = field(repr=False)
    transport: str = "udp"


@dataclass(frozen=True, slots=True)
class IcePair:
    local: IceEnd
    remote: IceEnd
    state: str
    """`frozen`, `waiting`, `in_progress`, `succeeded` or `failed` (RFC 8445 §6.1.2.6)."""
    chosen: bool


@dataclass(frozen=True, slots=True)
class MediaStats:
    """Counted since the call's media was created."""

    connected: bool
    packets_received: int
    packets_lost: int
    packets_sent: int
    packets_refused: int
    """Datagrams that no parser could read."""
    candidates_ignored: int
    """Remote candidates that were none, not for this call's transport, or too many."""
    bytes_received: int = 0
    bytes_sent: int = 0
    """Payload of RTP, without headers (RFC 3550 §6.4.1)."""
    jitter: float = 0.0
    """Seconds (RFC 3550 §6.4.1), of what comes in, the worst stream."""
    lost_by_peer: int | None = None
    """Packets of ours that did not arrive, as the other side reports; None: it never did."""
    round_trip: float | None = None
    """Seconds, smoothed, from the other side's reports."""
    jitter_of_peer: float = 0.0
    """Seconds, of what we send, as the other side reports."""
    seconds: float = 0.0
    """Since the connection came up."""
    mos: float | None = None
    """How it sounded here, 1 (bad) to 4.4: the E-model's estimate (`emodel.py`); None where nothing
    came."""
    mos_of_peer: float | None = None
    """How we sounded there."""
    interruptions: int = 0
    """How often nothing came for a while."""
    pair: IcePair | None = None
    """The path that carries what is sent."""
    series: tuple[MediaSample, ...] = ()
    """A sample every five seconds; of a long call fewer, which are longer."""


@dataclass(frozen=True, slots=True)
class MediaClosed:
    """What a call's media came to. Said once for each call that had media, just before they are
    closed, for whoever keeps a record; not where their process died, for nobody knows then."""

    key: CallKey
    stats: MediaStats
    pairs: tuple[IcePair, ...]
    """Bounded; the chosen ones first."""
    servers: tuple[str, ...]
    """The kinds of the STUN and TURN servers that were asked, as in `turn udp`."""
    server_problems: tuple[str, ...]
    """Why one of them gave no candidate, as in `turn: refused (401)`."""


@dataclass(frozen=True, slots=True)
class LocalStreams:
    """What we show of the call that this one is bridged with has changed."""

    key: CallKey
    streams: Streams
    """By the stream's id; where nothing is shown, nothing."""
    outdated: bool
    """Our last description says otherwise: an offer of ours (a Change of nothing) is due."""


MediaEvent: TypeAlias = (
    Connected
    | FirstAudio
    | Failed
    | RecordingGrew
    | RecordingEnded
    | LocalCandidates
    | LocalStreams
    | MediaClosed
    | Digit
    | Interrupted
    | Resumed
)
