"""Media that change in the middle of a call, between two of ours and with others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path as File

import pytest

from tests.media.calls import KEY, Heard, call, damage, engine, sample, until
from tests.media.clients import bare_client
from tests.media.test_private import Ear
from voip.media import private
from voip.media.description import parse
from voip.media.engine import MediaEngine
from voip.media.errors import (
    BadDescription,
    NoCommonCodec,
    NotAnswered,
    PeerMediaError,
    UnknownCall,
)
from voip.media.events import Connected, Failed, FirstAudio, Interrupted, MediaFailure, Resumed
from voip.media.path import Path
from voip.media.renegotiation import Renegotiation
from voip.media.settings import MediaSettings
from voip.media.sounds import Tone
from voip.signalling.events import Change
from voip.signalling.ice import IceServer


def inside(one: MediaEngine) -> Renegotiation:
    renegotiation = one._calls[KEY].peer._renegotiation
    assert renegotiation is not None
    return renegotiation


def path_of(one: MediaEngine) -> Path:
    return inside(one)._network.path


async def agree(one: MediaEngine, other: MediaEngine, change: Change) -> tuple[str, str]:
    offer = await one.create_reoffer(KEY, change)
    answer = await other.create_reanswer(KEY, offer)
    await one.apply_answer(KEY, answer)
    return offer, answer


async def flow(one: MediaEngine, other: MediaEngine, seconds: float = 0.3) -> tuple[int, int]:
    """What arrives at each while both play."""
    before = [(await each.stats(KEY)).packets_received for each in (one, other)]
    await asyncio.gather(*(each.play(KEY, Tone(seconds=seconds)) for each in (one, other)))
    after = [(await each.stats(KEY)).packets_received for each in (one, other)]
    return after[0] - before[0], after[1] - before[1]


async def test_hold_and_back_from_either_side() -> None:
    async with call() as (one, _, other, _):
        _, answer = await agree(one, other, Change(hold=True))
        assert "a=recvonly" in answer
        hears, heard = await flow(one, other)
        assert (hears, heard > 10) == (0, True)
        _, answer = await agree(other, one, Change(hold=True))  # both hold each other
        assert "a=inactive" in answer
        assert await flow(one, other) == (0, 0)
        await agree(one, other, Change(hold=False))
        hears, heard = await flow(one, other)
        assert (hears > 10, heard) == (True, 0)
        _, answer = await agree(other, one, Change(hold=False))
        assert "a=sendrecv" in answer
        assert min(await flow(one, other)) > 10


async def test_each_description_is_one_version_later() -> None:
    """RFC 3264 §8: the same session, one version more, the same m-lines."""
    async with call() as (one, _, other, _):
        origins = []
        for change in (Change(hold=True), Change(hold=False)):
            offer, _ = await agree(one, other, change)
            origins.append(next(line for line in parse(offer).lines if line.startswith("o=")))
        first, second = (origin.split(" ") for origin in origins)
        assert int(second[2]) == int(first[2]) + 1
        assert first[:2] + first[3:] == second[:2] + second[3:]


async def test_nothing_changes_before_the_answer_and_a_rollback_leaves_nothing() -> None:
    async with call() as (one, _, other, _):
        before = path_of(one).connection
        for change in (Change(hold=True, video=True), Change(restart_ice=True)):
            offer = await one.create_reoffer(KEY, change)
            assert min(await flow(one, other)) > 10
            await one.rollback(KEY)
            await one.rollback(KEY)
            answer = await other.create_reanswer(KEY, offer)
            with pytest.raises(BadDescription):
                await one.apply_answer(KEY, answer)
            # The other side believed it: our next offer puts that right.
            await agree(one, other, Change(restart_ice=True))
            assert min(await flow(one, other)) > 10
        assert path_of(one).connection is not before
        assert len(path_of(one).connections) == 1
        assert len(one._calls[KEY].peer._pc.getTransceivers()) == 1


async def test_an_offer_that_crosses_ours_takes_ours_back() -> None:
    async with call() as (one, _, other, _):
        ours = await one.create_reoffer(KEY, Change(restart_ice=True))
        theirs = await other.create_reoffer(KEY, Change(hold=True))
        answer = await one.create_reanswer(KEY, theirs)
        await other.apply_answer(KEY, answer)
        assert (await flow(one, other))[1] == 0
        with pytest.raises(BadDescription):
            await one.apply_answer(KEY, ours)
        await agree(one, other, Change(restart_ice=True))
        await agree(other, one, Change(hold=False))
        assert min(await flow(one, other)) > 10


def another_certificate(text: str) -> str:
    digits = "0123456789ABCDEF"
    return re.sub(
        r"(a=fingerprint:sha-256 )(.)",
        lambda found: found[1] + digits[15 - digits.index(found[2].upper())],
        text,
    )


def without_audio(text: str) -> str:
    return text.replace("opus/48000", "AMR-WB/16000")


def other_mid(text: str) -> str:
    return text.replace("a=mid:0", "a=mid:9").replace("BUNDLE 0", "BUNDLE 9")


def rejected(text: str) -> str:
    return re.sub(r"m=audio \d+", "m=audio 0", text)


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (another_certificate, BadDescription),
        (without_audio, NoCommonCodec),
        (other_mid, BadDescription),
        (rejected, BadDescription),
        (lambda text: text[: text.index("m=audio")], BadDescription),
        (lambda text: text.replace("a=ice-ufrag", "a=x"), BadDescription),
        (lambda text: text.replace("m=audio", "m=video"), PeerMediaError),
        (lambda _: "", BadDescription),
    ],
)
async def test_an_unusable_offer_or_answer_changes_nothing(
    spoil: Callable[[str], str], error: type[PeerMediaError]
) -> None:
    async with call() as (one, _, other, _):
        before = inside(other).agreed
        offer = await one.create_reoffer(KEY, Change(restart_ice=True))
        with pytest.raises(error):
            await other.create_reanswer(KEY, spoil(offer))
        assert inside(other).agreed is before
        answer = await other.create_reanswer(KEY, offer)
        with pytest.raises(PeerMediaError):
            await one.apply_answer(KEY, spoil(answer))
        await one.apply_answer(KEY, answer)  # ours is still open
        assert min(await flow(one, other)) > 10


async def test_damaged_offers_and_answers_end_in_the_peers_error_or_a_call_that_lives() -> None:
    """Chromium's own session, so that there is something to damage; the media are not up."""
    offered = sample("chromium-video")
    refused = answered = 0
    async with engine() as (one, _):
        await one.create_answer(KEY, offered, ice_servers=[])
        for text in damage(offered, 100):
            try:
                await one.create_reanswer(KEY, text)
                answered += 1
            except PeerMediaError:
                refused += 1
        assert (await one.stats(KEY)).connected is False
        assert len(path_of(one).connections) < 8
        assert len(one._calls[KEY].peer._pc.getTransceivers()) < 8
    assert refused > 10
    assert answered > 10


async def test_only_an_answer_to_a_restart_may_restart() -> None:
    async with call() as (one, _, other, _):
        offer = await one.create_reoffer(KEY, Change())
        answer = await other.create_reanswer(KEY, offer)
        with pytest.raises(BadDescription):
            await one.apply_answer(KEY, re.sub(r"ice-ufrag:\S+", "ice-ufrag:other", answer))
        await one.apply_answer(KEY, answer)
        # A client that knows no restart answers with what it had (RFC 8839 §4.4.2 forbids it).
        before = path_of(one).connection
        old = parse(answer).sections[0]
        offer = await one.create_reoffer(KEY, Change(restart_ice=True))
        await other.create_reoffer(KEY, Change())  # so that `other` stays on its side of it
        answer = re.sub(r"a=ice-ufrag:\S+", f"a=ice-ufrag:{old.value('ice-ufrag')}", answer)
        await one.apply_answer(KEY, answer)
        assert path_of(one).connection is before
        assert min(await flow(one, other)) > 10


async def test_a_dead_path_is_told_and_a_restart_brings_the_call_back() -> None:
    settings = MediaSettings(interrupted_after=0.4)
    async with call(settings=settings) as (one, hears, other, _):
        await hears.wait(FirstAudio)
        for each in (one, other):
            for protocol in private.protocols_of(path_of(each).connection):
                protocol.datagram_received = lambda data, addr: None  # type: ignore[method-assign]
        await hears.wait(Interrupted)
        assert await flow(one, other) == (0, 0)
        await agree(one, other, Change(restart_ice=True))
        await hears.wait(Resumed)
        assert min(await flow(one, other)) > 10
        assert not hears.of(Failed)
        assert len(hears.of(Connected)) == len(hears.of(FirstAudio)) == 1


async def test_a_restart_before_the_call_is_connected() -> None:
    """Two that never reached each other, until new addresses are known."""

    def unreachable(text: str) -> str:
        return re.sub(r"a=candidate.*\r\n", "", text).replace("a=end-of-candidates\r\n", "")

    async with engine() as (one, hears), engine() as (other, other_hears):
        offer = await one.create_offer(KEY, video=False, ice_servers=[])
        answer = await other.create_answer(KEY, unreachable(offer), ice_servers=[])
        await one.apply_answer(KEY, unreachable(answer))
        await asyncio.sleep(0.1)
        await agree(one, other, Change(restart_ice=True))
        await hears.wait(Connected)
        await other_hears.wait(FirstAudio)


async def test_a_restart_asks_the_servers_that_are_given_with_it() -> None:
    """The credentials that the call began with may have expired."""
    fresh = IceServer(("turn:127.0.0.1:9",), "fresh", "password")
    async with call() as (one, _, other, _):
        assert path_of(one).connection.turn_username is None
        offer = await one.create_reoffer(KEY, Change(restart_ice=True), ice_servers=[fresh])
        answer = await other.create_reanswer(KEY, offer, ice_servers=[fresh])
        await one.apply_answer(KEY, answer)
        for each in (one, other):
            assert path_of(each).connection.turn_username == "fresh"
        assert min(await flow(one, other)) > 10


async def test_a_peer_that_is_gone_is_still_noticed_after_a_restart() -> None:
    settings = MediaSettings(gone_grace=0.2)
    async with call(settings=settings) as (one, _, other, hears):
        await agree(one, other, Change(restart_ice=True))
        await flow(one, other)
        await one.close(KEY)
        assert (await hears.wait(Failed)).failure is MediaFailure.PEER_GONE


async def test_a_restart_under_way_does_not_outlive_the_call() -> None:
    async with call() as (one, _, other, _):
        offer = await one.create_reoffer(KEY, Change(restart_ice=True))
        await other.create_reanswer(KEY, offer)  # and the answer never comes
        await other.close(KEY)
        await one.close(KEY)
        with pytest.raises(UnknownCall):
            await one.create_reoffer(KEY, Change())


@pytest.mark.parametrize("steps", range(6))
async def test_a_restart_that_is_given_up_at_any_moment_leaves_no_sockets(steps: int) -> None:
    async with call() as (one, _, _, _):
        before = _sockets()
        asking = asyncio.create_task(one.create_reoffer(KEY, Change(restart_ice=True)))
        for _ in range(steps):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await one.rollback(KEY)  # where it was faster
        await until(lambda: _sockets() == before)


def _sockets() -> int:
    """How many this process has open."""
    links = (one for one in File("/proc/self/fd").iterdir() if one.is_symlink())
    return sum(one.readlink().name.startswith("socket:") for one in links)


async def test_a_call_that_is_not_answered_cannot_change() -> None:
    async with engine() as (one, _):
        await one.create_offer(KEY, video=False, ice_servers=[])
        with pytest.raises(NotAnswered):
            await one.create_reoffer(KEY, Change(hold=True))
        with pytest.raises(NotAnswered):
            await one.create_reanswer(KEY, sample("chromium-audio"))
        await one.rollback(KEY)


async def test_a_peer_that_renegotiates_in_a_loop_costs_bounded_memory() -> None:
    async with call() as (one, _, other, _):
        await flow(one, other)
        for number in range(60):
            change = Change(video=number % 2 == 0, restart_ice=number % 3 == 0)
            offer = await one.create_reoffer(KEY, change)
            # A new section of video each time, as far as the other side can tell.
            offer = offer.replace("a=mid:1\r\n", f"a=mid:n{number}\r\n")
            offer = re.sub(r"BUNDLE 0 1\b", f"BUNDLE 0 n{number}", offer)
            try:
                await other.create_reanswer(KEY, offer)
            except BadDescription:
                await other.create_reanswer(KEY, await one.create_reoffer(KEY, Change()))
        await one.rollback(KEY)
        await agree(one, other, Change(restart_ice=True))
        assert min(await flow(one, other)) > 10
        assert len(path_of(other).connections) <= 2
        assert len(other._calls[KEY].peer._pc.getTransceivers()) <= 6


async def test_a_new_stream_in_the_same_section_is_heard() -> None:
    """A client that changes its microphone may come with another SSRC."""
    async with engine() as (one, heard), bare_client() as client:
        text = await client.offer()
        await client.answered(await one.create_answer(KEY, text, ice_servers=[]))
        await heard.wait(FirstAudio)
        ssrc = client.pc.getSenders()[0]._ssrc
        text = text.replace(f"a=ssrc:{ssrc}", f"a=ssrc:{ssrc ^ 1}")
        await one.create_reanswer(KEY, text)
        ear = Ear()
        one._calls[KEY].peer.tap.add_audio(ear)
        client.pc.getSenders()[0]._ssrc = ssrc ^ 1
        async with asyncio.timeout(5):
            while not any(packet.ssrc == ssrc ^ 1 for packet in ear.packets):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_video_is_asked_for_where_the_other_side_has_none() -> None:
    async with call() as (one, _, other, hears):
        offer, answer = await agree(one, other, Change(video=True))
        assert [section.kind for section in parse(offer).sections] == ["audio", "video"]
        assert parse(answer).sections[1].has("inactive")
        # Asked for once more, it is the same section.
        offer, _ = await agree(one, other, Change(video=True))
        assert len(parse(offer).sections) == 2
        assert min(await flow(one, other)) > 10
        assert isinstance(hears, Heard)
