"""What a call needs of whoever carries it: a `Phone`, or the stand-in of `voip.bot.testing`.

What each method means is written at `Phone` and `MatrixEdge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from voip.bot.transcription import Transcriber
from voip.matrix.nio_state import RoomInfo
from voip.matrix.trust import DeviceTrust
from voip.media.interface import CallMedia
from voip.signalling.events import LocalEvent

if TYPE_CHECKING:
    from voip.bot.call import Call
    from voip.bot.transfers import Transfers


class CallRooms(Protocol):
    """The Matrix side of calls."""

    async def direct_room(self, user_id: str, /) -> str: ...
    async def join(self, room: str, /) -> str: ...
    async def join_when_invited(self, room_id: str, /) -> None: ...
    async def post_text(self, room_id: str, body: str, txn_id: str, /) -> str: ...
    async def members(self, room_id: str, /) -> dict[str, str]: ...
    async def device_trust(self, user_id: str, device_key: str, /) -> DeviceTrust: ...
    async def reactions(self, room_id: str, event_id: str, /) -> list[tuple[str, str]]: ...
    async def react(self, room_id: str, event_id: str, key: str, txn_id: str, /) -> None: ...
    def room_info(self, room_id: str, /) -> RoomInfo | None: ...


class CallPhone(Protocol):
    """Of which a call is one of several."""

    recordings: Path

    @property
    def user_id(self) -> str: ...
    @property
    def matrix(self) -> CallRooms: ...
    @property
    def media(self) -> CallMedia: ...
    @property
    def transfers(self) -> Transfers: ...

    def new_id(self) -> str: ...
    async def place(
        self,
        room_id: str,
        *,
        invitee: str | None,
        video: bool = False,
        call_id: str | None = None,
        near: Call | None = None,
    ) -> Call: ...
    async def accept(self, call: Call, /) -> None: ...
    def reject(self, call: Call, /) -> None: ...
    def hang_up(self, call: Call, reason: str, /) -> None: ...
    def perform(self, wish: LocalEvent, /) -> None: ...
    def finish(self, call: Call, /) -> None: ...
    async def forget(self, call: Call, /) -> None: ...
    async def start_recording(
        self,
        call: Call,
        /,
        *,
        until_silence: float | None,
        max_seconds: float | None,
        both: bool = False,
    ) -> None: ...
    def recogniser(self, phrases: Sequence[str], /) -> AbstractAsyncContextManager[Transcriber]: ...
