"""What is written is decoded back by FFmpeg and listened to."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from tests.media.audio import decode, pitch, rms, rtp, sweep_packets
from voip.media import ogg_pages
from voip.media.ogg import PRE_SKIP
from voip.media.packets import AudioPacket
from voip.media.sound_track import SoundTrack


def write(path: Path, packets: list[AudioPacket], flush_every: int = 12) -> SoundTrack:
    writer = SoundTrack(path)
    for number, packet in enumerate(packets):
        writer.add(packet)
        if number % flush_every == 0:
            writer.flush(packet.arrival)
    writer.close()
    return writer


def assert_sweep(path: Path, at: dict[float, float]) -> None:
    """`at` tells which second of the sweep is heard at which second of the file."""
    samples = decode(path)
    for second, origin in at.items():
        assert pitch(samples, second) == pytest.approx(300 + 200 * (origin + 0.05), abs=15), second


def test_the_sound_comes_back_in_shape(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    writer = write(path, list(rtp(sweep_packets())))
    samples = decode(path)
    assert len(samples) / 48_000 == pytest.approx(writer.seconds)
    assert writer.seconds == pytest.approx(4.0 - PRE_SKIP / 48_000)
    assert_sweep(path, {0.5: 0.5, 1.7: 1.7, 3.5: 3.5})


def test_ffmpeg_knows_the_duration_and_the_last_page_ends_the_stream(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    writer = write(path, list(rtp(sweep_packets())))
    with av.open(str(path)) as container:
        assert container.duration is not None
        assert container.duration / 1e6 == pytest.approx(writer.seconds, abs=0.01)
    pages = list(ogg_pages.read(path.read_bytes()))
    assert pages[0].flags == ogg_pages.FIRST
    assert [page.number for page in pages] == list(range(len(pages)))
    assert [page.flags & ogg_pages.LAST for page in pages[:-1]] == [0] * (len(pages) - 1)
    assert pages[-1].flags & ogg_pages.LAST
    assert pages[-1].end == path.stat().st_size


@pytest.mark.parametrize("gap", [0.02, 0.4, 3.0])
def test_a_pause_keeps_its_true_length(tmp_path: Path, gap: float) -> None:
    path = tmp_path / "a.ogg"
    payloads = sweep_packets()
    ticks = round(gap * 48_000)
    later = rtp(payloads[100:], sequence=100, timestamp=100 * 960 + ticks, arrival=1000 + 2 + gap)
    writer = write(path, [*rtp(payloads[:100]), *later])
    assert writer.seconds == pytest.approx(4.0 + gap - PRE_SKIP / 48_000, abs=0.003)
    samples = decode(path)
    assert len(samples) / 48_000 == pytest.approx(writer.seconds)
    assert_sweep(path, {1.0: 1.0, 2.5 + gap: 2.5, 3.5 + gap: 3.5})


def test_a_long_pause_is_silent_and_not_comfort_noise(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    payloads = sweep_packets()
    later = rtp(payloads[100:], sequence=100, timestamp=100 * 960 + 3 * 48_000, arrival=1005)
    write(path, [*rtp(payloads[:100]), *later])
    with av.open(str(path)) as container:
        # The decoder of browsers and of nearly everybody else.
        codec = av.AudioCodecContext.create("libopus", "r")
        codec.format, codec.layout, codec.sample_rate = "s16", "mono", 48_000
        heard = [
            (frame.to_ndarray().ravel(), packet.pts)
            for packet in container.demux(container.streams.audio[0])
            if packet.size
            for frame in codec.decode(packet)
        ]
    pause = [samples for samples, pts in heard if pts and 2.3 < pts / 48_000 < 4.8]
    assert len(pause) > 10
    assert max(map(rms, pause)) < 2


def test_reordered_and_repeated_packets_are_put_right(tmp_path: Path) -> None:
    straight, shuffled = tmp_path / "a.ogg", tmp_path / "b.ogg"
    packets = list(rtp(sweep_packets()))
    write(straight, packets)
    mixed = list(packets)
    for begin in range(10, 190, 7):
        mixed[begin], mixed[begin + 3] = mixed[begin + 3], mixed[begin]
        mixed.insert(begin + 5, mixed[begin])
    write(shuffled, mixed)
    assert (decode(straight) == decode(shuffled)).all()


def test_a_lost_packet_takes_its_time_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    packets = list(rtp(sweep_packets()))
    writer = write(path, packets[:90] + packets[91:])
    assert writer.seconds == pytest.approx(4.0, abs=0.01)
    assert_sweep(path, {1.0: 1.0, 2.5: 2.5})


def test_sequence_and_timestamp_wrap(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    payloads = sweep_packets()
    writer = write(path, list(rtp(payloads, sequence=65_500, timestamp=(1 << 32) - 50 * 960)))
    assert writer.seconds == pytest.approx(4.0, abs=0.01)
    assert_sweep(path, {0.5: 0.5, 1.5: 1.5, 3.5: 3.5})


def test_a_new_ssrc_goes_on_where_the_clock_says(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    payloads = sweep_packets()
    second = rtp(
        payloads[100:], ssrc=2, sequence=40_000, timestamp=123_456_789, arrival=1000 + 2.0 + 0.5
    )
    writer = write(path, [*rtp(payloads[:100]), *second])
    assert writer.seconds == pytest.approx(4.5, abs=0.01)
    assert_sweep(path, {1.0: 1.0, 3.0: 2.5})


@pytest.mark.parametrize("jump", [1 << 31, 1 << 30, 48_000 * 3600, (1 << 32) - 48_000 * 60])
def test_an_absurd_timestamp_does_not_make_an_absurd_file(tmp_path: Path, jump: int) -> None:
    path = tmp_path / "a.ogg"
    payloads = sweep_packets()
    later = rtp(
        payloads[100:], sequence=100, timestamp=(100 * 960 + jump) % (1 << 32), arrival=1002
    )
    writer = write(path, [*rtp(payloads[:100]), *later])
    assert writer.seconds == pytest.approx(4.0, abs=0.01)
    assert_sweep(path, {1.0: 1.0, 3.0: 3.0})


def test_timestamps_that_creep_ahead_are_bounded_by_the_clock(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    packets = [
        AudioPacket(payload, n, n * 48_000, 1, 1000 + n * 0.02, None)
        for n, payload in enumerate(sweep_packets())
    ]
    writer = write(path, packets)
    assert writer.seconds < 4 + 2.1


def test_what_is_not_opus_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    packets = list(rtp(sweep_packets()))
    for number, junk in ((20, b""), (60, b"\xfb"), (100, b"\xff\x3f" + b"x" * 30)):
        packets[number] = AudioPacket(junk, number, number * 960, 1, 1000 + number * 0.02, None)
    writer = write(path, packets)
    assert writer.seconds == pytest.approx(4.0, abs=0.01)
    assert_sweep(path, {1.0: 1.0, 3.5: 3.5})


def test_a_large_packet_spans_segments_but_no_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    # Five frames a packet, as large as Opus can be: lacing values of 255 (RFC 3533 §6).
    packets = [
        AudioPacket(b"\xfb\x05" + bytes(5 * 250), n, n * 4800, 1, 1000 + n / 10, None)
        for n in range(120)
    ]
    writer = write(path, packets, flush_every=200)
    assert writer.seconds == pytest.approx(12.0, abs=0.01)
    pages = list(ogg_pages.read(path.read_bytes()))
    assert sum(len(page.packets()) for page in pages) == 2 + 120
    assert not any(page.flags & ogg_pages.CONTINUED for page in pages)


def test_nothing_heard_is_a_file_that_opens(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    writer = write(path, [])
    assert writer.seconds < 0.02
    assert rms(decode(path)) == 0


def test_everything_but_the_last_packet_is_in_the_file_after_a_flush(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    writer = SoundTrack(path)
    packets = list(rtp(sweep_packets()))
    for packet in packets:
        writer.add(packet)
    writer.flush(packets[-1].arrival)
    last = list(ogg_pages.read(path.read_bytes()))[-1]
    assert last.granule / 960 == len(packets) - 1
    writer.close()
