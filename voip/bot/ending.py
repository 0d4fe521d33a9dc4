"""The end of a call, as a flow meets it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from voip.media.errors import CallClosed, UnknownCall

if TYPE_CHECKING:
    from voip.signalling.commands import Ended

T = TypeVar("T")


class CallEnded(Exception):  # the end of a call is no error
    """The call is over; `end` says why and by whom."""

    def __init__(self, end: Ended) -> None:
        super().__init__(f"the call is over: {end.reason.value} ({end.by.value})")
        self.end = end


class End:
    """Of one call: waited for, and what everything that waits is held against."""

    def __init__(self) -> None:
        self.is_: Ended | None = None
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def came(self, end: Ended) -> None:
        self.is_ = end
        if not self._over.done():
            self._over.set_result(None)

    async def wait(self) -> Ended:
        await asyncio.shield(self._over)
        assert self.is_ is not None  # noqa: S101  # set before the future
        return self.is_

    async def or_end(self, wanted: asyncio.Future[T]) -> T:
        """The result of `wanted`, or CallEnded when the call ends before it or because of it."""
        either: list[asyncio.Future[Any]] = [wanted, self._over]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wanted.cancel()  # does nothing where it is done
        if self.is_ is None and not wanted.cancelled():
            try:
                return wanted.result()
            except (CallClosed, UnknownCall):  # the media is gone: the end is on its way
                raise CallEnded(await self.wait()) from None
        if self.is_ is not None and not _succeeded(wanted):
            raise CallEnded(self.is_)
        return wanted.result()


def _succeeded(future: asyncio.Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
