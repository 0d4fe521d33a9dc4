"""A recording whose network fails in the middle: what is lost is what the network lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.media.audio import decode, pitch
from tests.media.calls import KEY, audio_sender, call, until
from tests.media.test_private import Ear
from tests.media.test_renegotiation import agree, path_of
from voip.media import private
from voip.media.engine import MediaEngine
from voip.media.events import Failed, FirstAudio, Interrupted, RecordingEnd, RecordingEnded, Resumed
from voip.media.settings import MediaSettings
from voip.media.sounds import Tone
from voip.signalling.events import Change


def is_rtp(data: bytes) -> bool:
    """RFC 5761 §4, RFC 7983 §7."""
    return 127 < data[0] < 192 and not 64 <= data[1] & 0x7F <= 95


class Wire:
    """What of the sound of one side goes out, and what of it a network loses that was cut."""

    def __init__(self, one: MediaEngine) -> None:
        self.sent: list[int] = []
        self.lost: list[int] = []
        self._path = path_of(one)
        sender = audio_sender(one)
        way = sender.way

        def noted(data: bytes) -> None:
            self.sent.append(int.from_bytes(data[2:4]))
            way(data)

        sender.way = noted

    def cut(self) -> None:
        """For good: only a new path leads on."""
        for protocol in private.protocols_of(self._path.carrying):
            protocol.transport.sendto = self._lose  # type: ignore[assignment, method-assign]

    def _lose(self, data: bytes, addr: object = None) -> None:
        if is_rtp(data):
            self.lost.append(int.from_bytes(data[2:4]))


@pytest.mark.parametrize("port", [None, 0], ids=["sockets", "one port"])
@pytest.mark.parametrize("recorder_restarts", [True, False])
async def test_a_recording_goes_on_through_an_ice_restart(
    tmp_path: Path, port: int | None, recorder_restarts: bool
) -> None:
    settings = MediaSettings(port=port, interrupted_after=0.6)
    async with call(settings=settings) as (speaker, _, recorder, hears):
        await hears.wait(FirstAudio)
        wires = [Wire(speaker), Wire(recorder)]
        ear = Ear()
        recorder._calls[KEY].peer.tap.add_audio(ear)
        playing = asyncio.create_task(speaker.play(KEY, Tone(440, seconds=20)))
        await until(lambda: bool(ear.packets))
        await recorder.start_recording(KEY, tmp_path)
        begun = len(ear.packets)
        await until(lambda: len(ear.packets) > 60)
        heard = len(ear.packets)
        assert not wires[0].lost
        for wire in wires:
            wire.cut()
        await hears.wait(Interrupted)
        one, other = (recorder, speaker) if recorder_restarts else (speaker, recorder)
        await agree(one, other, Change(restart_ice=True))
        await hears.wait(Resumed)
        before = len(ear.packets)
        await until(lambda: len(ear.packets) > before + 50)
        await recorder.stop_recording(KEY)
        playing.cancel()
        assert not hears.of(Failed)
        assert len(hears.of(Interrupted)) == len(hears.of(Resumed)) == 1
    (ended,) = hears.of(RecordingEnded)
    recording = ended.recording
    assert recording.ended is RecordingEnd.STOPPED
    # Exactly what the cut network swallowed is missing, and it was something.
    # Some may have been under way before it was noted what is sent.
    sent_at_all = set(wires[0].sent)
    arrived = [packet.sequence for packet in ear.packets if packet.sequence in sent_at_all]
    expected = wires[0].sent[wires[0].sent.index(arrived[0]) :]
    missing = [one for one in expected[: expected.index(arrived[-1]) + 1] if one not in arrived]
    assert missing == wires[0].lost
    assert len(missing) > 20
    # Its gap has its true length, and there is sound before it and after it.
    first, last = ear.packets[begun].timestamp, ear.packets[-1].timestamp
    assert recording.seconds == pytest.approx(((last - first) & 0xFFFFFFFF) / 48_000, abs=0.3)
    samples = decode(recording.path)
    assert len(samples) / 48_000 == pytest.approx(recording.seconds, abs=0.05)
    before_it = ((ear.packets[heard - 15].timestamp - first) & 0xFFFFFFFF) / 48_000
    assert pitch(samples, before_it) == pytest.approx(440, abs=15)
    assert pitch(samples, recording.seconds - 0.5) == pytest.approx(440, abs=15)
