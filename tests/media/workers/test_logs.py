"""What workers log is in the one log there is, and nothing secret with it."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.calls import until
from tests.media.workers.pools import A, called
from voip.media.events import RecordingEnd, RecordingEnded
from voip.media.workers import log_receiver, log_sender
from voip.media.workers.channel import Channel
from voip.media.workers.log_sender import LogSender
from voip.media.workers.messages import (
    FROM_WORKER,
    TO_WORKER,
    FromWorker,
    Logged,
    ToWorker,
)
from voip.service.logs import LineFormatter


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """As an operator sees them."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


async def test_what_a_worker_logs_is_logged_here(tmp_path: Path, lines: io.StringIO) -> None:
    async with called(A, workers=1) as (one, heard, _, _):
        await one.start_recording(A, tmp_path / "missing")
        ended = await heard.wait(RecordingEnded)
        assert ended.recording.ended is RecordingEnd.WRITE_FAILED
        await until(lambda: bool(lines.getvalue()))
    text = " ERROR voip.media.take a recording cannot be written any further: FileNotFoundError"
    assert text in lines.getvalue()


def test_secrets_are_taken_out_and_the_call_is_named(lines: io.StringIO) -> None:
    text = "no path to 203.0.113.7\ntoken=abc123"
    log_receiver.log(Logged("voip.media.peer", logging.ERROR, text, "3f2a"))
    line = lines.getvalue()
    assert "voip.media.peer [3f2a] no path to [ip] ⏎ token=[redacted]" in line
    assert line.count("\n") == 1


def test_what_would_not_be_logged_here_is_not(lines: io.StringIO) -> None:
    logging.getLogger("test.tamed").setLevel(logging.ERROR)
    assert log_receiver.levels()["test.tamed"] == logging.ERROR
    log_receiver.log(Logged("test.tamed", logging.WARNING, "chatter", None))
    assert not lines.getvalue()


async def test_too_much_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the other side reads nothing, and then goes on."""
    import socket

    far_end, near_end = socket.socketpair()
    taken: list[FromWorker] = []
    near: Channel[ToWorker, FromWorker] = Channel(TO_WORKER, lambda message: None, lambda: None)
    far: Channel[FromWorker, ToWorker] = Channel(FROM_WORKER, taken.append, lambda: None)
    await near.open(near_end)
    monkeypatch.setattr(log_sender, "MOST_WAITING", 100_000)
    logger = logging.Logger("test.flood")
    logger.addHandler(LogSender(near, asyncio.get_running_loop()))
    for number in range(5_000):
        logger.warning("%d %s", number, "x" * 200)
        await asyncio.sleep(0)
    assert 100_000 < near.waiting < 200_000
    await far.open(far_end)
    await until(lambda: near.waiting == 0)
    logger.exception("at last")
    await until(lambda: any("at last" in str(message) for message in taken))
    texts = [message.text for message in taken if isinstance(message, Logged)]
    dropped = next(text for text in texts if "were dropped" in text)
    assert int(dropped.split()[0]) == 5_000 - (len(texts) - 2)
    near.close()
    far.close()
    await asyncio.sleep(0)
