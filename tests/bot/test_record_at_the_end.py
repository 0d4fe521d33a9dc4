"""The caller hangs up in the moment in which a recording is to begin."""

from __future__ import annotations

from typing import Any

from voip.bot import Call, CallEnded
from voip.bot.testing import FakeCall, virtual_time
from voip.media.errors import UnknownCall


@virtual_time
async def test_a_recording_that_comes_too_late_is_the_end_and_no_failure() -> None:
    raised: list[BaseException] = []

    async def gone(*args: Any, **how: Any) -> None:
        raise UnknownCall

    async def flow(call: Call) -> None:
        await call.answer()
        # Media is closed before the flow hears of the end.
        call._phone.media.start_recording = gone  # type: ignore[method-assign]
        try:
            await call.record(until_silence=3)
        except BaseException as error:
            raised.append(error)
            raise

    async with FakeCall(flow) as caller:
        await caller.waits(1)
        await caller.hangs_up()
        await caller.ended()
    assert [type(error) for error in raised] == [CallEnded]
