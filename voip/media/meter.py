"""Counts one call's media: what comes, what leaves, what the other side reports of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from aiortc import RTCPeerConnection, RTCRtpSender

from voip.media import private
from voip.media.peer_reports import PeerReports
from voip.media.series import Series, Totals


class Meter:
    """Reads counters that are kept anyway: a look costs a few microseconds, a packet nothing."""

    def __init__(
        self, pc: RTCPeerConnection, others: Callable[[], Iterable[RTCRtpSender]] = list
    ) -> None:
        """`others`: senders on its transport that `pc` does not know of."""
        self._pc, self._others = pc, others
        self._loop = asyncio.get_running_loop()
        self._reports = PeerReports()
        self.series = Series()
        self.interruptions = 0
        self.began: float | None = None
        """When the connection came up; its end where the call is over."""

    def start(self) -> None:
        """The senders are known, and have not sent yet."""
        for sender in self._pc.getSenders():
            if sender.kind == "audio":
                private.hear_reports(sender, self._reports)

    def leaving(self, rtcp: bytes) -> None:
        private.note_report(rtcp, self._reports)

    def look(self, now: float) -> None:
        """From the connection on, now and then."""
        if self.began is None:
            self.began = now
        if self.series.due(now):
            self.series.add(self.totals(now))

    @property
    def audio_received(self) -> int:
        """Packets."""
        return sum(
            stream.packets_received
            for transceiver in self._pc.getTransceivers()
            if transceiver.kind == "audio"
            for stream in private.receptions_of(transceiver.receiver)
        )

    @property
    def seconds(self) -> float:
        """Since the connection."""
        return 0.0 if self.began is None else self._loop.time() - self.began

    def totals(self, now: float | None = None) -> Totals:
        received = lost = octets_in = sent = octets_out = 0
        jitter = 0.0
        for transceiver in self._pc.getTransceivers():
            for stream in private.receptions_of(transceiver.receiver):
                received += stream.packets_received
                lost += stream.lost
                octets_in += stream.octets
                jitter = max(jitter, stream.jitter_seconds)
        for sender in (*self._pc.getSenders(), *self._others()):
            packets, octets = private.sent_by(sender)
            sent += packets
            octets_out += octets
        reports = self._reports
        return Totals(
            self._loop.time() if now is None else now,
            received,
            lost,
            octets_in,
            sent,
            octets_out,
            jitter,
            reports.lost,
            reports.jitter,
            reports.round_trip,
        )
