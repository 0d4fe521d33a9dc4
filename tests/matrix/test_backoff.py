"""Waiting longer and longer, and giving up in time."""

from __future__ import annotations

import pytest

from voip.matrix.backoff import Backoff, until_done
from voip.matrix.errors import NoAnswerError, RateLimitedError, RequestRefusedError


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(1.0, 8.0)
    waits = [backoff.after(NoAnswerError()) for _ in range(6)]
    for wait, full in zip(waits, [1, 2, 4, 8, 8, 8], strict=True):
        assert full / 2 <= wait <= full
    backoff.reset()
    assert backoff.after(NoAnswerError()) <= 1.0


def test_a_server_that_names_a_time_is_believed() -> None:
    assert Backoff().after(RateLimitedError(7.5)) == 7.5


async def test_transient_errors_are_repeated() -> None:
    answers: list[Exception | str] = [RateLimitedError(0.0), RateLimitedError(0.0), "done"]

    async def request() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await until_done(request, 5.0) == "done"


@pytest.mark.parametrize("error", [RateLimitedError(60.0), RequestRefusedError(404)])
async def test_it_gives_up_where_waiting_is_no_use(error: Exception) -> None:
    async def request() -> None:
        raise error

    with pytest.raises(type(error)):
        await until_done(request, 1.0)
