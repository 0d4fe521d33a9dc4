"""Live sources: backpressure, underruns, several listeners, on a clock that jumps."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from tests.media.audio import FRAME, RATE, Samples, pitch, rms, speech, sweep
from tests.media.test_schedule import Wire
from tests.media.virtual import virtual
from voip.media import opus
from voip.media.libopus import Decoder, Rate
from voip.media.live import MAX_WRITE, LiveSource
from voip.media.player import Player

QUIET = {opus.SILENCE, opus.DTX}


def heard(wire: Wire, until: float) -> Samples:
    """As a receiver plays it: packets where their time stamps say, nothing in between."""
    out = np.zeros(round(until * RATE), np.int16)
    decoder = Decoder()
    for one in wire:
        samples = decoder.decode(one.payload)
        out[one.timestamp : one.timestamp + len(samples)] = samples[: len(out) - one.timestamp]
    return out


def speaking(rate: Rate = 48_000) -> tuple[LiveSource, Player, Wire]:
    source, player = LiveSource(rate), Player()
    player.speak(source)
    return source, player, Wire(player)


def test_samples_are_heard_from_the_next_slot_in_pieces_of_any_size() -> None:
    async def main() -> None:
        source, player, wire = speaking(16_000)
        await asyncio.sleep(2.001)
        samples = sweep(1.0)[::3].tobytes()
        for begin in range(0, len(samples), 746):  # no multiple of a packet
            assert await source.write(samples[begin : begin + 746])
        await source.drain()
        player.stop()
        wire.check()
        sound = [out for out in wire if out.payload not in QUIET]
        assert sound[0].at == pytest.approx(wire.began + 2.02)
        assert sound[0].marker
        assert [later.timestamp - one.timestamp for one, later in pairwise(sound)] == [960] * 49
        assert pitch(heard(wire, 4), 2.52) == pytest.approx(410, abs=20)

    virtual(main())


def test_who_is_faster_than_time_waits() -> None:
    async def main() -> None:
        source, player, wire = speaking()
        clock = asyncio.get_running_loop()
        await source.write(sweep(0.2).tobytes()[: FRAME * 2 * 9])
        assert clock.time() == pytest.approx(wire.began), "200 ms are taken at once"
        for number in range(1, 20):
            await source.write(sweep(0.2).tobytes())
            ahead = number * 0.2 + 0.18 - (clock.time() - wire.began)
            assert ahead <= 0.2 + 1e-6
        await source.drain()
        assert clock.time() - wire.began == pytest.approx(3.98 - 0.02)
        player.stop()

    virtual(main())


def test_one_write_of_many_seconds_is_slowed_down_too() -> None:
    async def main() -> None:
        source, player, wire = speaking()
        writing = asyncio.create_task(source.write(np.tile(speech(), 2)[: RATE * 8].tobytes()))
        await asyncio.sleep(3)
        assert not writing.done()
        assert len(source._waiting) <= LiveSource.WAITING
        await writing
        player.stop()
        wire.check()

    virtual(main())


def test_an_underrun_is_a_silence_of_its_true_length() -> None:
    async def main() -> None:
        source, player, wire = speaking()
        await source.write(sweep(0.1).tobytes())
        await asyncio.sleep(0.1 + 0.7)
        await source.write(sweep(0.1).tobytes())
        await source.drain()
        player.stop()
        wire.check()
        sound = [out.timestamp for out in wire if out.payload not in QUIET]
        assert sound[:5] == [960 * number for number in range(5)]
        gap = round(0.8 / 0.02) * 960
        assert sound[5:] == [gap + 960 * number for number in range(5)]
        # Silence first, so that no decoder draws the last sound out; then nothing.
        between = [out.payload for out in wire if sound[4] < out.timestamp < sound[5]]
        assert between == [opus.SILENCE] * 10 + [opus.DTX]
        assert rms(heard(wire, 1.0)[6 * 960 : 40 * 960]) < 50

    virtual(main())


def test_in_a_silence_of_the_source_hardly_anything_is_sent() -> None:
    async def main() -> None:
        source, player, wire = speaking()
        samples = np.concatenate([speech()[:RATE], np.zeros(3 * RATE, np.int16), speech()[:RATE]])
        await source.write(samples.tobytes())
        await source.drain()
        player.stop()
        wire.check()
        quiet = [out for out in wire if 1.4 * RATE < out.timestamp < 4 * RATE - FRAME]
        assert 4 <= len(quiet) <= 10, "comfort noise every 400 ms"
        assert not any(out.marker for out in quiet)
        # RFC 3551 §4.1: where somebody speaks again.
        marked = [out.timestamp for out in wire if out.marker]
        assert marked[0] == 0
        assert [at for at in marked if at >= 4 * RATE - FRAME][:1] == [
            next(
                out.timestamp for out in wire if out.timestamp >= 4 * RATE and len(out.payload) > 30
            )
        ]
        assert rms(heard(wire, 5)[round(1.5 * RATE) : round(3.9 * RATE)]) < 50

    virtual(main())


def test_clear_drops_what_waits_and_the_rest_of_a_write() -> None:
    async def main() -> None:
        source, player, wire = speaking()
        writing = asyncio.create_task(source.write(sweep(5).tobytes()))
        await asyncio.sleep(1.01)
        assert source.clear() == pytest.approx(0.2)
        assert await writing
        before = len([out for out in wire if out.payload not in QUIET])
        await asyncio.sleep(0.5)
        assert len([out for out in wire if out.payload not in QUIET]) == before == 51
        await source.write(sweep(0.1).tobytes())
        await source.drain()
        assert len([out for out in wire if out.payload not in QUIET]) == before + 5
        player.stop()

    virtual(main())


def test_the_last_packet_is_filled_up() -> None:
    async def main() -> None:
        source, player, wire = speaking()
        await source.write(sweep(0.03).tobytes())
        await asyncio.sleep(0.2)
        assert len([out for out in wire if out.payload not in QUIET]) == 1
        await source.drain()
        assert len([out for out in wire if out.payload not in QUIET]) == 2
        player.stop()

    virtual(main())


def test_several_calls_hear_one_encoding_at_one_time() -> None:
    async def main() -> None:
        source = LiveSource(48_000)
        encode, encoded = source._encoder.encode, []

        def counted(samples: Samples) -> bytes:
            encoded.append(encode(samples))
            return encoded[-1]

        source._encoder.encode = counted  # type: ignore[method-assign]
        players, wires = [Player() for _ in range(3)], []
        for player in players:
            player.speak(source)
            wires.append(Wire(player))
        writing = asyncio.create_task(source.write(sweep(1).tobytes()))
        await asyncio.sleep(0.41)
        late = Player()
        late.speak(source)
        wires.append(Wire(late))
        await writing
        await source.drain()
        await asyncio.sleep(0.1)
        sound = [
            {out.at: out.payload for out in wire if out.payload not in QUIET} for wire in wires
        ]
        assert sound[0] == sound[1] == sound[2]
        assert list(sound[0].values()) == encoded
        assert len(sound[3]) == 50 - 21
        assert sound[3].items() <= sound[0].items()
        for player in (*players, late):
            player.stop()

    virtual(main())


def test_a_clip_covers_it_and_time_goes_on() -> None:
    async def main() -> None:
        source, player, wire = speaking()
        writing = asyncio.create_task(source.write(sweep(1).tobytes()))
        await asyncio.sleep(0.21)
        clip = (b"\x78" + b"c" * 20,) * 10
        await player.play(clip)
        await writing
        await source.drain()
        player.stop()
        wire.check()
        assert [out.payload for out in wire[11:21]] == list(clip)
        assert len([out for out in wire if out.payload not in {*QUIET, *clip}]) == 40

    virtual(main())


def test_whoever_waits_goes_on_when_it_ends() -> None:
    async def main() -> None:
        source, player, _ = speaking()
        writing = asyncio.create_task(source.write(sweep(5).tobytes()))
        await asyncio.sleep(0.3)
        player.stop()
        await asyncio.sleep(1)
        assert not writing.done(), "another call might hear it"
        source.end()
        assert await writing is False
        assert await source.write(b"\0\0") is False
        await source.drain()

    virtual(main())


@pytest.mark.parametrize("data", [b"\0", b"\0" * (MAX_WRITE + 2)])
def test_half_a_sample_and_far_too_many_are_refused(data: bytes) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="samples"):
            await LiveSource(48_000).write(data)

    virtual(main())
