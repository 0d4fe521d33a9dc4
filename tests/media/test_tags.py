"""Tags that are no UTF-8 (old programs write Latin-1) keep no sound from being read."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.audio import RATE, sweep
from voip.media.clips import encode
from voip.media.sounds import SoundFile
from voip.media.waveform import waveform_now


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    path = tmp_path / "announcement.wav"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Grusswort"
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        samples = sweep(1).reshape(1, -1).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
    path.write_bytes(path.read_bytes().replace(b"Grusswort", "Grüßworte".encode("latin-1")))
    return path


def test_it_is_played(tagged: Path) -> None:
    assert len(encode(SoundFile(tagged))) == pytest.approx(51, abs=1)


def test_it_is_drawn(tagged: Path) -> None:
    assert waveform_now(tagged).seconds == pytest.approx(1, abs=0.01)
