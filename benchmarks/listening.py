"""What it costs to know when somebody speaks, and what they said.

On a virtual clock, with spoken Opus packets whose loudness the sender says (RFC 6464), beside the
plain way: decode every packet and ask the model about all of it. Both have the same model, or none
where the extra `listening` is not installed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import chain, repeat

import numpy as np
from msgspec.structs import replace

from benchmarks._networks import speech
from benchmarks.harness import Row, alternate
from voip.media import opus
from voip.media.ear import Ear
from voip.media.libopus import Decoder
from voip.media.packets import AudioPacket
from voip.media.silence import dbov
from voip.media.speech_model import models
from voip.media.stop_rules import StopRules
from voip.media.utterance import BLOCK, RATE, Collector
from voip.media.voice import SpeechRules

SECONDS = 60
ROUND = 0.05
"""How often the thread comes round."""
QUIET = 75
"""−dBov of a quiet room."""
PLAIN = "every packet decoded and judged"


def run() -> list[Row]:
    models.prepare()
    talk, quiet = spoken(), [AudioPacket(opus.SILENCE, 0, 0, 1, 0.0, QUIET)] * 500
    turns = [*talk, *quiet, *quiet]
    return [
        _row("utterances, somebody speaks all the time", utterances, talk),
        _row("utterances, somebody speaks a quarter of the time", utterances, turns),
        _row("utterances, nobody speaks", utterances, quiet),
        _row("end of a recording, somebody speaks all the time", recording, talk),
        _row("end of a recording, nobody speaks", recording, quiet),
    ]


def _row(what: str, ours: Callable[[Sequence[AudioPacket]], None], part: list[AudioPacket]) -> Row:
    packets = in_time(part)
    medians = alternate(what, lambda: _share(ours, packets), lambda: _share(plain, packets))
    return Row.against(what, medians.ours, medians.peer, peer_name=PLAIN, unit="% of a core")


def _share(work: Callable[[Sequence[AudioPacket]], None], packets: Sequence[AudioPacket]) -> float:
    began = time.process_time()
    work(packets)
    return 100 * (time.process_time() - began) / SECONDS


def spoken() -> list[AudioPacket]:
    """A sentence, with the level that a sender would say of each packet."""
    decoder = Decoder()
    return [AudioPacket(one, 0, 0, 1, 0.0, dbov(decoder.decode(one))) for one in speech()]


def in_time(part: Sequence[AudioPacket]) -> list[AudioPacket]:
    """The packets again and again for `SECONDS`, as they arrive."""
    endless = chain.from_iterable(repeat(part))
    return [
        replace(
            next(endless), sequence=number, timestamp=number * opus.FRAME, arrival=number * 0.02
        )
        for number in range(SECONDS * 50)
    ]


def utterances(packets: Sequence[AudioPacket]) -> None:
    ear, collector, place = Ear(models), Collector(SpeechRules()), 0
    for now in np.arange(0, SECONDS, ROUND):
        begin = place
        while place < len(packets) and packets[place].arrival <= now:
            place += 1
        for block in ear.hear(packets[begin:place], float(now)):
            collector.hear(block)
        if not ear.awake:
            collector.rest(float(now))
    ear.close()


def recording(packets: Sequence[AudioPacket]) -> None:
    rules = StopRules(0.0, until_silence=5.0)
    for packet in packets:
        rules.hear(packet)
    rules.close()


def plain(packets: Sequence[AudioPacket]) -> None:
    decoder, model = Decoder(RATE), models.lend()
    left = np.empty(0, np.int16)
    for packet in packets:
        left = np.concatenate([left, decoder.decode(packet.payload)])
        if len(left) >= BLOCK:
            if model is not None:
                model.likelihood(left[:BLOCK])
            left = left[BLOCK:]
    if model is not None:
        models.take_back(model)
