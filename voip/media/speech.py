"""Text to sound with espeak-ng: offline, small, and not part of the base installation.

espeak-ng is GPL and therefore an extra. It keeps its state in globals, so one thread at a time
may use it; `say` takes its turn by itself.
"""

from __future__ import annotations

import ctypes
import importlib
import threading
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from voip.media.sound_errors import SpeechUnavailable

MISSING = 'speaking a text needs the speech engine: pip install "matrix-voip[speech]"'
MAX_CHARACTERS = 5000
"""About six minutes of speech: a text that is longer is a mistake, not an announcement."""

# From espeak-ng's speak_lib.h.
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_POSITION_CHARACTER = 1
_EE_OK = 0

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)
_turn = threading.Lock()
_engine: tuple[Any, int] | None = None
"""The loaded library and its sample rate."""


def say(text: str, voice: str = "en") -> tuple[npt.NDArray[np.int16], int]:
    """Speak `text`; gives mono samples and their rate in hertz. Takes a while: use a thread.

    Raises SpeechUnavailable where the engine or the voice is missing, ValueError for a text
    that is empty or longer than `MAX_CHARACTERS`.
    """
    if not text.strip():
        raise ValueError("there is no text to speak")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"the text is longer than {MAX_CHARACTERS} characters")
    with _turn:
        library, rate = _load()
        if library.espeak_SetVoiceByName(voice.encode()) != _EE_OK:
            raise SpeechUnavailable(f"the speech engine has no voice {voice!r}; try 'en' or 'de'")
        return _synthesise(library, text), rate


def _synthesise(library: Any, text: str) -> npt.NDArray[np.int16]:
    parts: list[bytes] = []

    def collect(samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            parts.append(ctypes.string_at(samples, count * 2))
        return 0  # go on

    callback = _Callback(collect)
    library.espeak_SetSynthCallback(callback)
    data = text.encode()
    said = library.espeak_Synth(
        data, len(data) + 1, 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None
    )
    library.espeak_SetSynthCallback(_Callback())
    if said != _EE_OK:
        raise SpeechUnavailable(f"the speech engine could not speak this text (status {said})")
    return np.frombuffer(b"".join(parts), np.int16)


def _load() -> tuple[Any, int]:
    global _engine  # noqa: PLW0603 - the library's own state is global, and is set up once
    if _engine is None:
        loader = _loader()
        try:
            library = ctypes.CDLL(loader.get_library_path())
        except OSError as error:
            raise SpeechUnavailable(f"the speech engine cannot be loaded: {error}") from error
        library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.POINTER(ctypes.c_uint),
            ctypes.c_void_p,
        ]
        rate = library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, 0, loader.get_data_path().encode(), _DONT_EXIT
        )
        if rate <= 0:
            raise SpeechUnavailable("the speech engine did not start: its voice data is missing")
        _engine = library, rate
    return _engine


def _loader() -> ModuleType:
    try:  # an extra, so only when a text is to be spoken
        return importlib.import_module("espeakng_loader")
    except ImportError as error:
        raise SpeechUnavailable(MISSING) from error
