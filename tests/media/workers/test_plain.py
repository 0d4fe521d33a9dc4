"""Plain data come back as they went; anything else is refused before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from voip.media.events import Connected, MediaFailure, Recording, RecordingEnd, RecordingEnded
from voip.media.settings import MediaSettings
from voip.media.sounds import Silence, Sound, SoundFile, Speech, Tone
from voip.media.workers.methods import EVENT
from voip.media.workers.plain import Codec, NotPlain
from voip.signalling.content import Streams
from voip.signalling.ice import Candidate, IceServer
from voip.signalling.ids import CallKey

KEY = CallKey("!room:example.org", "call")
PART = Recording(Path("/recordings/b.webm"), "video/webm", 2.0, 7, RecordingEnd.SILENCE, 640, 480)
WHOLE = Recording(Path("a.ogg"), "audio/ogg", 1.5, 9, RecordingEnd.REPAIRED, parts=(PART,))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (type(None), None),
        (str, "v=0\r\n"),
        (float | None, None),
        (float, 3),
        (bytes, b"\0\xff"),
        (Path, Path("a/ü.ogg")),
        (CallKey, KEY),
        (Sound, Tone(440.0, 0.5)),
        (Sound, Speech("Grüß Gott", voice="de")),
        (Sound, SoundFile(Path("/x y.ogg"))),
        (Sound | None, None),
        (Sound | None, Silence(2.0)),
        (MediaFailure, MediaFailure.WORKER_DIED),
        (tuple[Candidate, ...], (Candidate("candidate:1", "0", 0), Candidate(""))),
        (IceServer, IceServer(("turn:a",), "user", "secret")),
        (Streams, {}),
        (MediaSettings, MediaSettings(port=40000, public_addresses=("203.0.113.7",), workers=2)),
    ],
)
def test_what_went_comes_back(kind: Any, value: object) -> None:
    codec = Codec(kind)
    back = codec.decode(codec.encode(value))
    assert back == value
    assert type(back) is type(value) or isinstance(value, int)


def test_a_sequence_comes_back_in_order() -> None:
    codec = Codec(Sequence[str])
    assert list(codec.decode(codec.encode(("b", "a")))) == ["b", "a"]


@pytest.mark.parametrize("event", [Connected(KEY), RecordingEnded(KEY, WHOLE)])
def test_events_come_back(event: object) -> None:
    assert EVENT.decode(EVENT.encode(event)) == event


@pytest.mark.parametrize(
    "kind",
    [
        Callable[[], None],
        asyncio.Task[None],
        asyncio.Queue[int],
        Any,
        object,
        Sequence[asyncio.Event],
        Mapping[str, Callable[[], None]],
        Tone | asyncio.Event,
        tuple[Sound, ...],  # whose they are would be lost: a list of records of several kinds
    ],
)
def test_what_is_not_plain_data_is_refused(kind: Any) -> None:
    with pytest.raises(NotPlain):
        Codec(kind)


def test_another_value_than_was_agreed_is_refused() -> None:
    strange = msgspec.msgpack.encode(("Bomb", {}))
    with pytest.raises(msgspec.ValidationError):
        Codec(Sound).decode(strange)
    with pytest.raises(msgspec.ValidationError):
        Codec(float).decode(msgspec.msgpack.encode("3"))
