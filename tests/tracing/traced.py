"""A driver that is traced, with a homeserver and media that the test plays, or with real media."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from tests.test_driver import Device
from voip.driver import Driver
from voip.media.events import MediaEvent
from voip.observers import Observers, Topic
from voip.signalling.calls import Calls
from voip.signalling.config import CallConfig
from voip.signalling.events import Received
from voip.signalling.ice import IceServer
from voip.signalling.ids import CallKey
from voip.tracing.record import Step, Trace
from voip.tracing.tracer import Tracer

OFFER = """v=0
o=- 4611731400430051336 2 IN IP4 203.0.113.77
s=-
t=0 0
a=group:BUNDLE 0
m=audio 40000 UDP/TLS/RTP/SAVPF 111 63
c=IN IP4 203.0.113.77
a=ice-ufrag:s3cretufrag
a=ice-pwd:s3cretpasswordofice
a=fingerprint:sha-256 AA:BB:CC:DD
a=rtpmap:111 opus/48000/2
a=rtpmap:63 red/48000/2
a=rtpmap:64 198.51.100.1/8000
a=candidate:1 1 udp 2122260223 192.168.7.13 40000 typ host
a=candidate:2 1 udp 1686052607 203.0.113.77 40000 typ srflx raddr 192.168.7.13 rport 40000
a=candidate:3 1 udp 2122260223 2001:db8::7 40001 typ host
a=candidate:4 1 udp 2122260223 1f3c-45.local 40002 typ host
"""
SECRETS = ("s3cretufrag", "s3cretpasswordofice", "AA:BB", "1f3c-45", "s3cret-token", "Ann Secret")


class Traced(Device):
    """As a `Device`, with a tracer; `traces` are those that it gave out, by id."""

    def __init__(self, name: str, config: CallConfig, *, names: bool = False) -> None:
        super().__init__(name, config)
        self.observers = Observers()
        self.traces: dict[str, Trace] = {}
        self.servers: Sequence[IceServer] = ()
        self.now = 100.0
        calls = Calls(self.party, config, now=self.now)
        self.driver = Driver(
            calls, self, self.media, self, lambda: self.now, observers=self.observers
        )
        numbers = count(1)
        self.tracer = Tracer(
            self.party,
            calls.state,
            self._put,
            new_id=lambda: f"{name}-{next(numbers)}",
            relay_missing=lambda: "the homeserver offers no TURN server",
            names=names,
            clock=lambda: self.now,
        )
        self.observers.subscribe(Topic.DRIVER, self.tracer)
        self.observers.subscribe(Topic.MEDIA, self.tracer)

    async def ice_servers(self) -> Sequence[IceServer]:
        return self.servers

    def _put(self, trace: Trace) -> None:
        self.traces[trace.id] = trace

    def _on_media(self, event: MediaEvent) -> None:
        self.observers.tell(Topic.MEDIA, event)
        super()._on_media(event)

    def hear(
        self,
        key: CallKey,
        kind: str,
        content: Mapping[str, object],
        *,
        sender: str = "@eve:test",
        party_id: str = "EVE",
        age: float = 0.1,
        encrypted: bool = False,
        room_encrypted: bool = False,
    ) -> None:
        """An event of somebody else comes out of the room."""
        common = {"call_id": key.call_id, "party_id": party_id, "version": "1"}
        self.driver.take(
            Received(
                key.room_id,
                "$s3cret-token-event",
                sender,
                f"m.call.{kind}",
                common | dict(content),
                age,
                encrypted=encrypted,
                room_encrypted=room_encrypted,
            )
        )

    async def aclose(self) -> None:
        await self.driver.aclose()
        await self.media.aclose()
        self.tracer.close()


def invite(**more: object) -> dict[str, object]:
    return {"lifetime": 60000, "offer": {"type": "offer", "sdp": OFFER}, **more}


def steps(trace: Trace) -> list[str]:
    return [step.what for step in trace.steps]


def step(trace: Trace, what: str) -> Step:
    return next(step for step in trace.steps if step.what == what)
