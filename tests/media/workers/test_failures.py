"""Errors arrive as what they were, with their texts, and nothing but plain data in them."""

from __future__ import annotations

import errno

import msgspec
import pytest

from voip.media.errors import (
    BadDescription,
    CallClosed,
    NoCommonCodec,
    PeerMediaError,
    PortInUse,
    UnknownCall,
    WorkerDied,
    WorkerFailed,
)
from voip.media.libopus import OpusUnavailable
from voip.media.sound_errors import SoundError, SpeechUnavailable
from voip.media.workers.failures import Failure, packed, unpacked


def crossed(error: Exception) -> Exception:
    data = msgspec.msgpack.encode(packed(error))
    return unpacked(msgspec.msgpack.decode(data, type=Failure))


@pytest.mark.parametrize(
    "error",
    [
        BadDescription("the offer has no audio"),
        NoCommonCodec(),
        UnknownCall(),
        SoundError("there is no file"),
        SpeechUnavailable("install the extra"),
        OpusUnavailable(),
        WorkerDied(),
        ValueError("seconds must be more than 0"),
    ],
)
def test_ours_arrive_as_they_were(error: Exception) -> None:
    back = crossed(error)
    assert type(back) is type(error)
    assert str(back) == str(error)


def test_what_is_in_an_error_arrives() -> None:
    back = crossed(PortInUse(40000))
    assert isinstance(back, PortInUse)
    assert back.port == 40000
    full = crossed(OSError(errno.ENOENT, "no such file", "/secret/place"))
    assert isinstance(full, FileNotFoundError)
    assert full.errno == errno.ENOENT


def test_a_kind_that_is_not_known_arrives_as_the_nearest_that_is() -> None:
    class Strange(NoCommonCodec):
        pass

    back = crossed(Strange())
    assert type(back) is NoCommonCodec
    assert isinstance(back, PeerMediaError)


def test_a_fault_of_ours_arrives_without_its_text() -> None:
    """Which may hold anything; the log of the worker has it."""
    back = crossed(KeyError("a=candidate"))
    assert type(back) is WorkerFailed
    assert "candidate" not in str(back)
    assert "KeyError" in str(back)


def test_a_name_out_of_nowhere_makes_nothing() -> None:
    assert type(unpacked(Failure("SystemExit", ("x",), {}))) is WorkerFailed


def test_a_dead_worker_is_an_end_of_the_call() -> None:
    assert isinstance(WorkerDied(), CallClosed)
