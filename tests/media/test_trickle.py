"""Candidates that come, or do not, after the descriptions (RFC 8838)."""

from __future__ import annotations

from tests.media.calls import call


def endless(text: str) -> str:
    """As clients send it that have more to say, and then never do."""
    return text.replace("a=end-of-candidates\r\n", "a=ice-options:trickle\r\n")


async def test_the_end_of_candidates_is_not_waited_for() -> None:
    async with call(edit_offer=endless, edit_answer=endless) as (one, hears, *_):
        assert (await one.stats(next(iter(hears.events)).key)).connected
