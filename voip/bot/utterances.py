"""What the other side of a call says, one utterance after the other."""

from __future__ import annotations

from typing import Self

from msgspec.structs import replace

from voip.media.errors import UnknownCall
from voip.media.interface import CallMedia
from voip.media.utterance import Utterance
from voip.signalling.ids import CallKey


class Utterances:
    """An asynchronous iterator; `Call.utterances` makes it. It ends with the call."""

    def __init__(self, media: CallMedia, key: CallKey, number: int, began: float) -> None:
        """`began`: what the utterances' times are counted from, on the monotonic clock."""
        self._media = media
        self._key = key
        self._number = number
        self._began = began

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Utterance:
        try:
            utterance = await self._media.next_utterance(self._key, self._number)
        except UnknownCall:
            utterance = None
        if utterance is None:
            raise StopAsyncIteration
        began, ended = utterance.began - self._began, utterance.ended - self._began
        return replace(utterance, began=max(0.0, began), ended=ended)
