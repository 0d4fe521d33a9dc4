"""What can go wrong with the media of a call, by whose fault.

No message quotes a session description: those carry addresses and keys.
"""

from __future__ import annotations


class MediaError(Exception):
    """Ends at most the call that it is about."""


class PeerMediaError(MediaError):
    """The other side's fault."""


class BadDescription(PeerMediaError):
    """The other side's session description cannot be used."""


class NoCommonCodec(PeerMediaError):
    """The other side speaks no audio codec of ours. WebRTC demands Opus (RFC 7874 §3)."""

    def __init__(self) -> None:
        super().__init__("the other side does not offer the Opus audio codec")


class NoRelay(MediaError):
    """Only relays may be used and there is none."""

    def __init__(self) -> None:
        super().__init__(
            "only relays may be used, but no usable TURN server was given: "
            "check the homeserver's turn_uris, or allow direct connections"
        )


class PortInUse(MediaError):
    """The media port belongs to somebody else."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"UDP port {port} is in use already: is another process of this bot running? "
            "End it, or set another VOIP_MEDIA_PORT"
        )
        self.port = port


class UnknownCall(MediaError):
    """There is no media for this call: never created, or closed already."""

    def __init__(self) -> None:
        super().__init__("there is no media for this call: it was never created or is closed")


class DuplicateCall(MediaError):
    """Media for this call exists already."""

    def __init__(self) -> None:
        super().__init__("this call has media already: close it first")


class CallClosed(MediaError):
    """The call's media was closed while the request was under way."""

    def __init__(self) -> None:
        super().__init__("the call's media was closed")


class NotAnswered(MediaError):
    """Media can be renegotiated only after the call's first offer and answer."""

    def __init__(self) -> None:
        super().__init__("the call's media cannot change before it is answered")


class AlreadyRecording(MediaError):
    """One recording at a time for each call."""

    def __init__(self) -> None:
        super().__init__("this call is being recorded already: stop that recording first")


class NoDigits(PeerMediaError):
    """The other side takes no telephone events (RFC 4733), or has not answered yet."""

    def __init__(self) -> None:
        super().__init__("keys cannot be pressed in this call: the other side takes no DTMF")


class AlreadyBridged(MediaError):
    """A call is bridged with one other at a time."""

    def __init__(self) -> None:
        super().__init__("one of these calls is bridged already: end that bridge first")


class AlreadySpeaking(MediaError):
    """A call hears one live source at a time."""

    def __init__(self) -> None:
        super().__init__("somebody speaks in this call already: close that line first")


class NotSpeaking(MediaError):
    """There is no live source in this call: never opened, or closed already."""

    def __init__(self) -> None:
        super().__init__("nobody speaks in this call: open a line first")


class NotTogether(MediaError):
    """Two calls in different worker processes cannot hear each other."""

    def __init__(self) -> None:
        super().__init__(
            "these two calls are in different media workers and cannot hear each other: "
            "place the second one with `near=` the first"
        )


class WorkerDied(CallClosed):
    """The worker process that carried the call is gone, and the call's media with it."""

    def __init__(self) -> None:
        MediaError.__init__(self, "the media worker that carried the call died")


class WorkerFailed(MediaError):
    """A worker process could not do what it was asked, by a fault of ours; the log says more."""


class NoWorker(MediaError):
    """No worker process is there to carry a call."""

    def __init__(self) -> None:
        super().__init__("no media worker is running: the log says why the last ones ended")
