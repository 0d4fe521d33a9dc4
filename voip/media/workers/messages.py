"""What crosses between the pool and a worker. Numbers are chosen by the pool, one a request."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
from msgspec import Raw

from voip.media.libopus import Rate
from voip.media.settings import MediaSettings
from voip.media.workers.failures import Failure
from voip.signalling.ids import CallKey
from voip.signalling.record import Record


class _Message(Record, array_like=True, tag=True):
    pass


class Start(_Message):
    """First: settings come this way, for a command line is everybody's to read."""

    settings: MediaSettings
    levels: dict[str, int]
    """Of loggers, by their names; the root's is empty."""


class Ask(_Message):
    """Call a method; an Answer or a Refusal follows."""

    number: int
    method: str
    arguments: dict[str, Raw]


class Listen(_Message):
    """Send Heard as credit allows, until the call is over, and Silent then."""

    number: int
    key: CallKey
    rate: Rate
    credit: int


class More(_Message):
    """Of a Listen: so many more may be sent."""

    number: int
    credit: int


class Cancel(_Message):
    """End an Ask or a Listen; nothing is answered any more."""

    number: int


class Ping(_Message):
    """A Pong follows, if the worker's loop runs."""


class Pong(_Message):
    cpu: float
    """Seconds that the thread of the worker's event loop has computed, since it began."""


class Answer(_Message):
    number: int
    result: Raw


class Refusal(_Message):
    number: int
    failure: Failure


class Said(_Message):
    """A MediaEvent."""

    event: Raw


class Heard(_Message):
    number: int
    samples: bytes
    """20 ms: int16 of this machine's byte order, mono."""
    dropped: int
    """How many of 20 ms nobody read in time, so far."""


class Silent(_Message):
    """Of a Listen: nothing will follow."""

    number: int


class Logged(_Message):
    name: str
    level: int
    text: str
    call: str | None
    """The call's own id, where the record is one of a call."""


ToWorker: TypeAlias = Start | Ask | Listen | More | Cancel | Ping
FromWorker: TypeAlias = Answer | Refusal | Said | Heard | Silent | Logged | Pong

ENCODER: Final = msgspec.msgpack.Encoder()
TO_WORKER: Final = msgspec.msgpack.Decoder(ToWorker)
FROM_WORKER: Final = msgspec.msgpack.Decoder(FromWorker)
