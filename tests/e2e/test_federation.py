"""Calls between homeservers, of which one goes away and comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.bot.conftest import eventually
from tests.e2e.federation import (
    Circle,
    Gathering,
    Homeserver,
    packets_grow,
    start_three,
    stop_all,
    talking,
)
from voip.bot.call import Call
from voip.media.settings import MediaSettings
from voip.signalling.commands import By, EndReason, IgnoreReason
from voip.signalling.config import CallConfig

pytestmark = pytest.mark.timeout(180)

PATIENT = MediaSettings(gone_grace=60)
"""Waits for the hangup of a peer whose media has ended, for as long as a homeserver is away."""
HASTY = MediaSettings(gone_grace=0.5)
BRIEF = CallConfig(invite_lifetime=3)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Homeserver]]:
    three = start_three(tmp_path_factory.mktemp("federation"))
    try:
        yield three
    finally:
        stop_all(three)


@pytest.fixture
async def gathering(servers: list[Homeserver], tmp_path: Path) -> AsyncIterator[Gathering]:
    for server in servers:
        if not server.process.running:  # an earlier test failed while it was away
            await server.back()
    async with AsyncExitStack() as stack:
        yield Gathering(servers, tmp_path, stack)


async def outcome(*calls: Call) -> list[tuple[EndReason, By]]:
    """How each end of a call was told that it ended."""
    async with asyncio.timeout(60):
        ends = [await call.closed() for call in calls]
    return [(end.reason, end.by) for end in ends]


HUNG_UP_BY_THE_SECOND = [(EndReason.HANGUP, By.PEER), (EndReason.HANGUP, By.US)]


async def test_a_call_goes_on_while_the_callers_homeserver_is_away(gathering: Gathering) -> None:
    circle = await gathering.circle()
    alice, bob, carol = circle.alice, circle.bob, circle.carol
    outgoing, incoming = await circle.call()
    ends = (alice, outgoing), (bob, incoming)
    async with talking(outgoing, incoming):
        await packets_grow(*ends)
        await alice.server.away()
        await packets_grow(*ends)
        sent = await bob.matrix.post_text(circle.room_id, "I still hear you", "while-away")
        await alice.server.back()
        await packets_grow(*ends)

    async def arrived() -> bool:
        messages = await alice.matrix.recent_messages(circle.room_id)
        return any(message.event_id == sent and message.encrypted for message in messages)

    await eventually(arrived)
    incoming.hang_up()
    assert await outcome(outgoing, incoming) == HUNG_UP_BY_THE_SECOND
    await carol.has_received("m.call.hangup", outgoing)
    assert carol.rang == []
    assert carol.ignored("m.call.invite") == [IgnoreReason.NOT_FOR_US]
    await eventually(circle.all_sent)


@pytest.mark.long
@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])
async def test_the_callees_hangup_waits_for_the_callers_homeserver(
    gathering: Gathering, encrypted: bool
) -> None:
    circle = await gathering.circle(encrypted=encrypted, media=PATIENT)
    outgoing, incoming = await circle.call()
    await circle.alice.server.away()
    incoming.hang_up()
    await circle.carol.has_received("m.call.hangup", outgoing)
    assert outgoing.end is None
    await circle.alice.server.back()
    assert await outcome(outgoing, incoming) == HUNG_UP_BY_THE_SECOND
    assert circle.carol.rang == []
    await eventually(circle.all_sent)


@pytest.mark.long
async def test_the_callers_hangup_leaves_when_its_homeserver_is_back(gathering: Gathering) -> None:
    circle = await gathering.circle(media=PATIENT)
    outgoing, incoming = await circle.call()
    await circle.alice.server.away()
    outgoing.hang_up()
    await outgoing.closed()
    assert incoming.end is None
    assert not await circle.alice.all_sent()  # its hangup waits, on disk too
    await circle.alice.server.back()
    assert await outcome(incoming, outgoing) == HUNG_UP_BY_THE_SECOND
    await circle.carol.has_received("m.call.hangup", outgoing)
    assert circle.carol.rang == []
    await eventually(circle.all_sent)


@pytest.mark.long
async def test_media_that_ended_ends_the_call_where_no_hangup_comes(gathering: Gathering) -> None:
    circle = await gathering.circle(media=HASTY)
    alice, bob, carol = circle.alice, circle.bob, circle.carol
    outgoing, incoming = await circle.call()
    await alice.server.away()
    incoming.hang_up()
    ends = await outcome(outgoing, incoming)
    assert ends == [(EndReason.MEDIA_LOST, By.FAULT), (EndReason.HANGUP, By.US)]
    await alice.server.back()
    await alice.has_received("m.call.hangup", outgoing)
    await bob.has_received("m.call.hangup", outgoing)
    assert (
        alice.ignored("m.call.hangup") == bob.ignored("m.call.hangup") == [IgnoreReason.CALL_ENDED]
    )
    assert (len(alice.rang), len(bob.rang), len(carol.rang)) == (0, 1, 0)
    await eventually(circle.all_sent)


@pytest.mark.long
async def test_without_an_invitee_the_third_hears_that_another_answered(
    gathering: Gathering,
) -> None:
    circle = await gathering.circle()
    alice, carol = circle.alice, circle.carol
    outgoing, incoming = await circle.call(invitee=False)
    thirds = await carol.ringing()
    assert await outcome(thirds) == [(EndReason.ANSWERED_ELSEWHERE, By.OTHER_DEVICE)]
    await alice.server.away()
    await alice.server.back()
    incoming.hang_up()
    assert await outcome(outgoing, incoming) == HUNG_UP_BY_THE_SECOND
    await carol.has_received("m.call.hangup", outgoing)
    assert carol.rang == [thirds]
    await eventually(circle.all_sent)


@pytest.mark.long
async def test_without_an_invitee_one_who_declines_ends_it_for_all(gathering: Gathering) -> None:
    circle = await gathering.circle(encrypted=False)
    outgoing = await circle.place(invitee=False)
    seconds, thirds = await circle.bob.ringing(), await circle.carol.ringing()
    seconds.reject()
    assert await outcome(outgoing, seconds, thirds) == [
        (EndReason.REJECTED, By.PEER),
        (EndReason.REJECTED, By.US),
        (EndReason.ANSWERED_ELSEWHERE, By.OTHER_DEVICE),
    ]
    await eventually(circle.all_sent)


@pytest.mark.long
@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])
async def test_what_another_answered_meanwhile_does_not_ring_on_a_homeserver_that_was_away(
    gathering: Gathering, encrypted: bool
) -> None:
    circle = await gathering.circle(encrypted=encrypted)
    carol = circle.carol
    await warm_up(circle)
    await carol.server.away()
    outgoing, incoming = await circle.call(invitee=False)
    await carol.server.back()
    await carol.has_received("m.call.select_answer", outgoing)
    assert carol.rang == []
    incoming.hang_up()
    assert await outcome(outgoing, incoming) == HUNG_UP_BY_THE_SECOND
    await carol.has_received("m.call.hangup", outgoing)
    assert carol.rang == []
    await eventually(circle.all_sent)


@pytest.mark.long
@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])
async def test_a_callee_whose_homeserver_returns_in_time_is_rung(
    gathering: Gathering, encrypted: bool
) -> None:
    circle = await gathering.circle(encrypted=encrypted)
    alice, bob = circle.alice, circle.bob
    await warm_up(circle)
    await bob.server.away()
    outgoing = await circle.place()
    await alice.calling(outgoing)
    taken = time.monotonic()
    await bob.server.back()
    away = time.monotonic() - taken
    incoming = await bob.ringing()
    invite = await bob.has_received("m.call.invite", outgoing)
    waited = time.monotonic() - taken
    # From when the caller's homeserver took it. A second for it to say so, on a busy machine.
    assert away < invite.age < waited + 1
    await incoming.answer()
    await outgoing.established()
    outgoing.hang_up()
    assert await outcome(incoming, outgoing) == HUNG_UP_BY_THE_SECOND
    assert circle.carol.rang == []
    await eventually(circle.all_sent)


@pytest.mark.long
@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])
async def test_a_callee_whose_homeserver_returns_too_late_is_not_rung(
    gathering: Gathering, encrypted: bool
) -> None:
    circle = await gathering.circle(encrypted=encrypted, calls=BRIEF)
    bob = circle.bob
    await warm_up(circle)
    await bob.server.away()
    outgoing = await circle.place()
    assert await outcome(outgoing) == [(EndReason.NOT_ANSWERED, By.TIME)]
    await bob.server.back()
    await bob.has_received("m.call.hangup", outgoing)
    assert bob.ignored("m.call.invite") == [IgnoreReason.EXPIRED]
    assert bob.rang == circle.carol.rang == []
    await eventually(circle.all_sent)


@pytest.mark.long
async def test_an_answer_that_reaches_the_caller_too_late_ends_on_both_sides(
    gathering: Gathering,
) -> None:
    circle = await gathering.circle(calls=BRIEF)
    alice, bob = circle.alice, circle.bob
    outgoing = await circle.place()
    incoming = await bob.ringing()
    await alice.server.away()
    answering = asyncio.ensure_future(incoming.answer())
    try:
        assert await outcome(outgoing) == [(EndReason.NOT_ANSWERED, By.TIME)]
        await alice.server.back()
        assert await outcome(incoming) == [(EndReason.NOT_ANSWERED, By.PEER)]
    finally:
        await asyncio.gather(answering, return_exceptions=True)
    await alice.has_received("m.call.answer", outgoing)
    assert alice.ignored("m.call.answer") == [IgnoreReason.CALL_ENDED]
    assert circle.carol.rang == []
    await eventually(circle.all_sent)


@pytest.mark.long
async def test_a_room_whose_first_call_found_a_homeserver_away_can_be_called_afterwards(
    gathering: Gathering,
) -> None:
    circle = await gathering.circle(calls=BRIEF)
    bob = circle.bob
    await bob.server.away()  # none of its one-time keys can be had
    unheard = await circle.place()
    assert await outcome(unheard) == [(EndReason.NOT_ANSWERED, By.TIME)]
    await bob.server.back()
    await eventually(lambda: reached(circle))
    assert bob.rang


async def reached(circle: Circle) -> bool:
    """Alice calls once; whether Bob's phone rang."""
    outgoing = await circle.place()
    await outcome(outgoing)
    return bool(circle.bob.rang)


async def warm_up(circle: Circle) -> None:
    """A short call, after which everyone has the room's keys."""
    outgoing, incoming = await circle.call()
    outgoing.hang_up()
    await outcome(outgoing, incoming)
    await circle.carol.has_received("m.call.hangup", outgoing)
    for phone in (circle.alice, circle.bob, circle.carol):
        for seen in (phone.rang, phone.received, phone.notices):
            seen.clear()
