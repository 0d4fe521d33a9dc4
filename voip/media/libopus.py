"""libopus, with what PyAV does not reach. Decoding: concealment of lost packets, in-band FEC.
Encoding: in-band FEC, DTX, and whether a packet has anybody speak in it.

The library is the one that PyAV's wheel carries, or the system's. A packet costs 20 to 60 µs to
decode and 100 to 300 µs to encode, so both may run on the event loop, and the GIL is released
meanwhile.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import av
import numpy as np
import numpy.typing as npt

from voip.media import opus

Rate: TypeAlias = Literal[8000, 12000, 16000, 24000, 48000]
"""What a decoder can give, in hertz, whatever was encoded (RFC 6716 §2)."""
Samples: TypeAlias = npt.NDArray[np.int16]

_SYSTEM: Final = (
    "libopus.so.0",
    "libopus.0.dylib",
    "/opt/homebrew/lib/libopus.0.dylib",
    "/usr/local/lib/libopus.0.dylib",
    "libopus-0.dll",
    "opus.dll",
)
# From opus_defines.h.
_RESET_STATE: Final = 4028  # it takes no argument
_SET_BITRATE: Final = 4002
_SET_INBAND_FEC: Final = 4012
_SET_PACKET_LOSS_PERC: Final = 4014
_SET_DTX: Final = 4016
_GET_IN_DTX: Final = 4049
_APPLICATION_VOIP: Final = 2048
_MAX_BYTES: Final = 1275  # of a frame (RFC 6716 §3.2.1)
_INT: Final = ctypes.c_int
_SIGNATURES: Final[dict[str, tuple[list[type], type]]] = {
    "opus_decoder_get_size": ([_INT], _INT),
    "opus_decoder_init": ([ctypes.c_void_p, ctypes.c_int32, _INT], _INT),
    "opus_decoder_ctl": ([ctypes.c_void_p, _INT], _INT),
    "opus_decode": (
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_void_p, _INT, _INT],
        _INT,
    ),
    "opus_encoder_get_size": ([_INT], _INT),
    "opus_encoder_init": ([ctypes.c_void_p, ctypes.c_int32, _INT, _INT], _INT),
    # The values follow: a variadic function, whose fixed arguments alone are named here.
    "opus_encoder_ctl": ([ctypes.c_void_p, _INT], _INT),
    "opus_encode": (
        [ctypes.c_void_p, ctypes.c_void_p, _INT, ctypes.c_char_p, ctypes.c_int32],
        ctypes.c_int32,
    ),
    "opus_strerror": ([_INT], ctypes.c_char_p),
    "opus_get_version_string": ([], ctypes.c_char_p),
}


class OpusUnavailable(Exception):
    """No libopus was found, so nothing can be decoded or spoken. Recording needs none."""

    def __init__(self) -> None:
        super().__init__(
            "no libopus was found, which decodes and encodes sound: install PyAV from its wheel "
            "(pip install av), or the system's libopus (Debian: apt install libopus0)"
        )


class OpusError(Exception):
    """libopus could not decode or encode this; it can go on with the next packet."""


class Decoder:
    """One stream's decoder. Its state belongs to one thread at a time."""

    def __init__(self, rate: Rate = 48_000, channels: Literal[1, 2] = 1) -> None:
        """Mono and stereo packets both become `channels`. Raises OpusUnavailable, and OpusError
        for a rate or a number of channels that libopus does not have."""
        self._lib = library()
        self.rate = rate
        self.channels = channels
        # The state lives in memory of ours, which goes with this object. There is no state for a
        # wrong number of channels: its size is 0, and init says why.
        self._state = ctypes.create_string_buffer(self._lib.opus_decoder_get_size(channels) or 8)
        self._check(self._lib.opus_decoder_init(self._state, rate, channels))
        self._out = np.empty(self._scaled(opus.MAX_PACKET) * channels, np.int16)
        self._address = self._out.ctypes.data

    def decode(self, packet: bytes) -> Samples:
        """Samples of int16 at `rate`: of shape (n,) where mono, (n, 2) where stereo.

        Raises OpusError where this is no Opus packet.
        """
        if not packet:
            raise OpusError("an empty packet")  # for libopus that is a lost one
        return self._decode(packet, self._scaled(opus.MAX_PACKET), fec=False)

    def conceal(self, samples: int) -> Samples:
        """A guess at what follows, where `samples` at 48 kHz are missing: a multiple of 120
        (2.5 ms), at most 5760. It fades when it is asked for again and again.

        Raises OpusError for any other length.
        """
        return self._decode(None, self._scaled(samples), fec=False)

    def recover(self, following: bytes, samples: int) -> Samples:
        """What is missing right before `following`, from the copy that this packet has of it
        (RFC 6716 §2.1.7); concealment where it has none. `samples` as for `conceal`.

        `following` itself is to be decoded next. Raises OpusError.
        """
        return self._decode(following, self._scaled(samples), fec=True)

    def reset(self) -> None:
        """Forget what was heard: another stream begins."""
        self._check(self._lib.opus_decoder_ctl(self._state, _RESET_STATE))

    def _decode(self, packet: bytes | None, size: int, *, fec: bool) -> Samples:
        length = 0 if packet is None else len(packet)
        # opus_decode writes up to `size` samples a channel, so that must fit the buffer.
        if not 0 < size * self.channels <= len(self._out):
            raise OpusError("a packet has 2.5 to 120 ms")
        count = self._check(
            self._lib.opus_decode(self._state, packet, length, self._address, size, fec)
        )
        samples = self._out[: count * self.channels].copy()
        return samples if self.channels == 1 else samples.reshape(-1, self.channels)

    def _scaled(self, samples: int) -> int:
        return samples * self.rate // opus.SAMPLE_RATE

    def _check(self, result: int) -> int:
        return _checked(self._lib, result)


class Encoder:
    """One stream's encoder, mono, 20 ms a packet, for speech over a network that loses some. Its
    state belongs to one thread at a time."""

    def __init__(
        self, rate: Rate = 48_000, *, bit_rate: int = 32_000, loss: int = 5, dtx: bool = True
    ) -> None:
        """`bit_rate` in bit/s. `loss`: per cent of packets that are expected to be lost, for which
        each carries a copy of the one before (RFC 6716 §2.1.7); 0: no copies. `dtx`: in a silence,
        packets that need not be sent. Raises OpusUnavailable, and OpusError for what libopus does
        not take."""
        self._lib = library()
        self.rate = rate
        self.frame = rate // 50
        """Samples of a packet."""
        self.silent = False
        """Of the last packet: nobody speaks. It renews the comfort noise, or is not to be sent
        at all (`opus.is_pause`)."""
        self._state = ctypes.create_string_buffer(self._lib.opus_encoder_get_size(1))
        self._check(self._lib.opus_encoder_init(self._state, rate, 1, _APPLICATION_VOIP))
        self._set(_SET_BITRATE, bit_rate)
        self._set(_SET_PACKET_LOSS_PERC, loss)
        self._set(_SET_INBAND_FEC, int(loss > 0))
        self._set(_SET_DTX, int(dtx))
        self._out = ctypes.create_string_buffer(_MAX_BYTES)
        self._in_dtx = _INT()

    def encode(self, samples: Samples) -> bytes:
        """One packet of `frame` samples, which are int16. Raises OpusError for any other number."""
        if samples.shape != (self.frame,) or samples.dtype != np.int16:
            raise OpusError(f"a packet has {self.frame} samples of int16")
        packed = np.ascontiguousarray(samples)
        size = self._check(
            self._lib.opus_encode(
                self._state, packed.ctypes.data, self.frame, self._out, _MAX_BYTES
            )
        )
        self._check(
            self._lib.opus_encoder_ctl(self._state, _GET_IN_DTX, ctypes.byref(self._in_dtx))
        )
        self.silent = bool(self._in_dtx.value)
        return self._out.raw[:size]

    def _set(self, request: int, value: int) -> None:
        self._check(self._lib.opus_encoder_ctl(self._state, request, _INT(value)))

    def _check(self, result: int) -> int:
        return _checked(self._lib, result)


def _checked(lib: ctypes.CDLL, result: int) -> int:
    if result < 0:
        raise OpusError(lib.opus_strerror(result).decode())
    return result


@cache
def library() -> ctypes.CDLL:
    """Loaded once. Raises OpusUnavailable."""
    for path in (*_of_pyav(), *_SYSTEM):
        try:
            found = ctypes.CDLL(str(path))
            for name, (arguments, result) in _SIGNATURES.items():
                function = getattr(found, name)
                function.argtypes, function.restype = arguments, result
        except (OSError, AttributeError):
            continue  # not there, or not for this machine, or something else of that name
        return found
    raise OpusUnavailable


def version() -> str:
    """As the library says it, `libopus 1.6` for example. Raises OpusUnavailable."""
    text: bytes = library().opus_get_version_string()
    return text.decode()


def _of_pyav() -> Iterator[Path]:
    """Where auditwheel and delvewheel (Linux, Windows) and delocate (macOS) put libraries."""
    package = Path(av.__file__).parent
    for folder in (package.parent / "av.libs", package / ".dylibs"):
        yield from sorted(folder.glob("libopus[-.]*"))
