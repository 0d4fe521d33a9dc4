"""The one thread on which matrix-nio lives.

Its database and its cryptography are synchronous; here they hold up no call. One thread, in the
order asked, also means that no two requests see nio half changed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, Self, TypeVar

from voip.matrix.decryption import Decrypted
from voip.matrix.folder import Folder
from voip.matrix.http import Json
from voip.matrix.nio_state import NioState

P = ParamSpec("P")
T = TypeVar("T")

_ONE_AT_A_TIME = threading.Lock()
"""nio binds its database models, which are global, to one store at a time: two devices in one
process would write into each other's."""


class Machine:
    """Made by `open`, ended by `close`."""

    def __init__(self, thread: ThreadPoolExecutor, state: NioState) -> None:
        self._thread = thread
        self.state = state
        """For naming what `run` shall call: `await machine.run(machine.state.wedged)`."""

    @classmethod
    async def open(cls, user_id: str, device_id: str, folder: Folder) -> Self:
        """:raises DataFolderError: the keys on disk cannot be read."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="voip-matrix")

        def load() -> NioState:
            with _ONE_AT_A_TIME:
                return NioState(user_id, device_id, folder.crypto, folder.pickle_key())

        try:
            state = await asyncio.get_running_loop().run_in_executor(thread, load)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(thread, state)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `work` on nio's thread. Once asked it is done, even if the caller is cancelled."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(_alone, work, *args, **kwargs))

    async def decrypt_all(self, events: Sequence[tuple[str, Json]]) -> list[Decrypted]:
        """Try (room id, encrypted event) pairs, in order, in one go."""

        def work() -> list[Decrypted]:
            return [self.state.decrypt(room_id, raw) for room_id, raw in events]

        return await self.run(work) if events else []

    async def close(self) -> None:
        await self.run(self.state.close)
        self._thread.shutdown(wait=True)


def _alone(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    with _ONE_AT_A_TIME:
        return work(*args, **kwargs)
