"""Whether a call's connection comes up in time, stays up, or is over; and saying so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiortc import RTCPeerConnection

from voip.media.events import Connected, Failed, Interrupted, MediaEvent, Resumed
from voip.media.events import MediaFailure as Failure
from voip.media.liveness import Liveness, News, Seen
from voip.media.meter import Meter
from voip.media.path import Path
from voip.media.settings import MediaSettings
from voip.media.ticker import Ticker
from voip.signalling.ids import CallKey


class Supervisor:
    """After a failure, and after `close`, nothing is said any more."""

    def __init__(
        self,
        pc: RTCPeerConnection,
        key: CallKey,
        settings: MediaSettings,
        emit: Callable[[MediaEvent], None],
        *,
        ticker: Ticker,
        meter: Meter,
        audio_expected: Callable[[], bool],
    ) -> None:
        """`audio_expected`: whether the other side is to send sound, by all that was said."""
        self._pc, self._key, self._settings, self._emit = pc, key, settings, emit
        self._ticker, self._meter, self._audio_expected = ticker, meter, audio_expected
        self.path: Path | None = None
        """What is watched once the connection is up."""
        self.was_connected = False
        self.over = False
        self._timer: asyncio.TimerHandle | None = None
        self._liveness: Liveness | None = None
        pc.on("connectionstatechange", self._state_changed)

    @property
    def connected(self) -> bool:
        return self.was_connected and not self.over

    def say(self, event: MediaEvent) -> None:
        if not self.over:
            self._emit(event)

    def expect_connection(self) -> None:
        """Both descriptions are known: media must flow within `connect_timeout`."""
        if not self.was_connected and not self.over:
            self._start_timer(self._settings.connect_timeout, Failure.CONNECT_TIMEOUT)

    def fail(self, failure: Failure) -> None:
        self.say(Failed(self._key, failure))
        self.close()

    def close(self) -> None:
        self.over = True
        self._stop_timer()
        self._ticker.remove(self._look)

    def _state_changed(self) -> None:
        state = self._pc.connectionState
        if self.over:
            return
        if state == "connected" and not self.was_connected:
            self.was_connected = True
            self._stop_timer()
            self._watch()
            self.say(Connected(self._key))
        elif state == "failed":
            self.fail(self._cause())
        elif state == "closed":
            # The other side closed DTLS: most likely its hangup is on the way.
            self._start_timer(self._settings.gone_grace, Failure.PEER_GONE)

    def _cause(self) -> Failure:
        if self.was_connected:  # consent to send expired (RFC 7675 §5.1)
            return Failure.PEER_GONE
        if self._pc.iceConnectionState == "failed":
            return Failure.ICE_FAILED
        return Failure.DTLS_FAILED

    def _watch(self) -> None:
        now = asyncio.get_running_loop().time()
        self._liveness = Liveness(self._settings.patience, now)
        self._look(now)
        self._ticker.add(self._look)

    def _look(self, now: float) -> None:
        self._meter.look(now)
        path, liveness = self.path, self._liveness
        if path is None or liveness is None:
            return
        audio = self._meter.audio_received
        for news in liveness.look(
            now, Seen(path.arrivals, audio, path.restarts, self._audio_expected())
        ):
            self._act_on(news, path)

    def _act_on(self, news: News, path: Path) -> None:
        match news:
            case News.CHECK:
                path.check()
            case News.INTERRUPTED | News.SILENT:
                self._meter.interruptions += 1
                self.say(Interrupted(self._key, answering=news is News.SILENT))
            case News.RESUMED:
                self.say(Resumed(self._key))
            case News.GONE:
                self.fail(Failure.PEER_GONE)

    def _start_timer(self, seconds: float, failure: Failure) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.fail, failure)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
