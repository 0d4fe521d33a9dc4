"""Turns a sound into Opus packets that are ready to be sent."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TypeAlias

import av
import numpy as np
import numpy.typing as npt

from voip.media import loudness, opus, speech, tones
from voip.media.sound_errors import SoundError
from voip.media.sounds import KeyTones, Silence, Sound, SoundFile, Speech, Tone

Clip: TypeAlias = tuple[bytes, ...]
"""Opus packets of 20 ms each; those without content (`opus.DTX`) need not be sent."""
Samples: TypeAlias = npt.NDArray[np.int16]

MAX_SECONDS = 600.0
"""What is longer is not an announcement, and would not be kept in memory encoded."""
HANGOVER = 10
"""Packets of a silence that are sent, as encoders with DTX do; then the decoder knows that it is
quiet, and the rest is left out."""
_SILENT = 10
"""Of 32767, −70 dBov: no sample of a silence is louder."""
BIT_RATE = 32_000
"""Mono speech is transparent there (RFC 7587 §3.1.1 recommends 28 to 40 kbit/s)."""


def encode(sound: Sound, gain_db: float = 0.0, *, endless: bool = False) -> Clip:
    """Read or make the sound, make it louder by `gain_db`, and encode it; `endless`: so that its
    end goes on with its beginning, less what fills no packet. Takes a while: use a thread.

    Raises SoundError where the file cannot be read or decoded, where the sound is longer than
    `MAX_SECONDS` or where the sound itself makes no sense, SpeechUnavailable where the speech
    engine is missing.
    """
    if isinstance(sound, Silence):
        _check_length(sound.seconds)
        count = round(sound.seconds * opus.SAMPLE_RATE / opus.FRAME)
        return (opus.SILENCE,) * min(count, HANGOVER) + (opus.DTX,) * (count - HANGOVER)
    try:
        samples = _samples(sound)
        if isinstance(sound, SoundFile) and sound.level:
            samples = loudness.levelled(samples, gain_db)
        elif gain_db:
            samples = loudness.amplified(samples, gain_db)
    except ValueError as error:
        raise SoundError(f"this sound cannot be made: {error}") from error
    if endless and len(samples) >= opus.FRAME:
        whole = samples[: len(samples) // opus.FRAME * opus.FRAME]
        packets = tuple(_packets(np.concatenate([whole, whole])))
        return packets[len(packets) // 2 :]
    # The encoder is 6.5 ms behind what it is given: with what fills the last packet up, the end
    # of the sound is always inside.
    padding = opus.FRAME - len(samples) % opus.FRAME
    return tuple(_packets(np.concatenate([samples, np.zeros(padding + opus.FRAME, np.int16)])))


def _samples(sound: SoundFile | Speech | Tone | KeyTones) -> Samples:
    """Mono, 48 kHz."""
    match sound:
        case Tone(hertz, seconds, cadence):
            _check_length(seconds)
            return tones.tone(hertz, seconds, cadence)
        case KeyTones(digits, seconds, gap):
            _check_length(len(digits) * (seconds + gap))
            return tones.keys(digits, seconds, gap)
        case Speech(text, voice):
            spoken, rate = speech.say(text, voice)
            return _join(_resampled(_frames(spoken, rate)))
        case SoundFile():
            return _from_file(sound)


def _from_file(sound: SoundFile) -> Samples:
    try:
        with av.open(str(sound.path), "r", metadata_errors="replace") as container:
            if not container.streams.audio:
                raise SoundError(f"{sound.path} has no sound in it")
            return _join(_resampled(container.decode(container.streams.audio[0])))
    except FileNotFoundError as error:
        raise SoundError(f"{sound.path} does not exist") from error
    except (av.FFmpegError, OSError) as error:
        raise SoundError(f"{sound.path} is not a sound that can be read: {error}") from error


def _frames(samples: Samples, rate: int) -> Iterator[av.AudioFrame]:
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate
    yield frame


def _resampled(frames: Iterator[av.AudioFrame]) -> Iterator[Samples]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=opus.SAMPLE_RATE)
    for frame in frames:
        frame.pts = None  # gaps in a file's time stamps are no business of an announcement
        yield from map(_mono, resampler.resample(frame))
    yield from map(_mono, resampler.resample(None))


def _mono(frame: av.AudioFrame) -> Samples:
    return frame.to_ndarray().ravel().astype(np.int16, copy=False)


def _join(parts: Iterator[Samples]) -> Samples:
    joined, length = [], 0
    for part in parts:
        length += len(part)
        _check_length(length / opus.SAMPLE_RATE)
        joined.append(part)
    if not length:
        raise ValueError("there is nothing to hear in it")
    return np.concatenate(joined)


def _check_length(seconds: float) -> None:
    if not 0 < seconds <= MAX_SECONDS:
        raise SoundError(f"a sound must be longer than 0 and at most {MAX_SECONDS:.0f} seconds")


def _packets(samples: Samples) -> Iterator[bytes]:
    """Of samples that fill whole packets."""
    codec = av.AudioCodecContext.create("libopus", "w")
    codec.bit_rate, codec.format, codec.layout = BIT_RATE, "s16", "mono"
    codec.sample_rate, codec.time_base = opus.SAMPLE_RATE, Fraction(1, opus.SAMPLE_RATE)
    codec.options = {"application": "voip", "frame_duration": "20"}
    quiet = 0
    for begin in range(0, len(samples) - opus.FRAME + 1, opus.FRAME):
        part = samples[begin : begin + opus.FRAME].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
        frame.sample_rate, frame.pts = opus.SAMPLE_RATE, begin
        quiet = quiet + 1 if np.abs(part.astype(np.int32)).max() <= _SILENT else 0
        for packet in codec.encode(frame):
            yield opus.DTX if quiet > HANGOVER else bytes(packet)
