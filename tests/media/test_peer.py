"""One peer against others that behave as real clients do, well or badly."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from pathlib import Path
from typing import Any

import pytest
from aiortc import RTCCertificate, RTCPeerConnection

from tests.media.calls import KEY, SAMPLES, call, damage, engine, own_address, sample
from tests.media.clients import RsaCertificate, bare_client
from voip.media import consent, private
from voip.media.description import parse
from voip.media.errors import BadDescription, NoRelay, PeerMediaError
from voip.media.events import (
    Connected,
    Failed,
    FirstAudio,
    MediaClosed,
    MediaFailure,
    RecordingEnded,
)
from voip.media.settings import MediaSettings
from voip.signalling.ice import Candidate


@pytest.mark.parametrize("name", SAMPLES)
async def test_offers_of_real_clients_are_answered(name: str) -> None:
    offer = parse(sample(name))
    async with engine() as (one, _):
        answer = parse(await one.create_answer(KEY, sample(name), ice_servers=[]))
    assert [section.kind for section in answer.sections] == [s.kind for s in offer.sections]
    assert [section.mid for section in answer.sections] == [s.mid for s in offer.sections]
    assert [section.protocol for section in answer.sections] == [
        section.protocol for section in offer.sections
    ]
    audio = answer.sections[0]
    assert audio.has("sendrecv")
    assert audio.value("setup") == "active"
    assert (audio.value("rtpmap") or "").lower().endswith("opus/48000/2")
    assert "useinbandfec=1" in (audio.value("fmtp") or "")
    assert any("ssrc-audio-level" in value for value in audio.values("extmap")) is (
        "gstreamer" not in name
    )
    for section in answer.sections:
        if section.kind == "video":
            assert section.port != 0
            assert section.has("recvonly")
            assert "VP8" in (section.value("rtpmap") or "")
        if section.kind == "application":
            assert section.port == 0


async def test_an_offer_without_bundle_is_answered_without_it() -> None:
    text = sample("chromium-audio").replace("a=group:BUNDLE 0\r\n", "")
    async with engine() as (one, _):
        answer = parse(await one.create_answer(KEY, text, ice_servers=[]))
    assert answer.bundles == []


async def test_names_that_nobody_resolves_do_not_delay_the_answer() -> None:
    async with engine() as (one, _):
        began = time.monotonic()
        await one.create_answer(KEY, sample("firefox-video"), ice_servers=[])
        assert time.monotonic() - began < 0.8  # aiortc waits a second for each


async def test_an_offer_of_video_alone_is_answered() -> None:
    text = sample("chromium-video")
    offer = text[: text.index("m=audio")] + text[text.index("m=video") :]
    async with engine() as (one, _):
        answer = parse(
            await one.create_answer(KEY, offer.replace("BUNDLE 0 1", "BUNDLE 1"), ice_servers=[])
        )
    assert [section.kind for section in answer.sections] == ["video"]
    assert answer.sections[0].has("recvonly")


async def test_damaged_offers_end_in_an_answer_or_in_the_peers_error() -> None:
    answered = refused = 0
    async with engine() as (one, _):
        for name in ("chromium-video", "firefox-video", "gstreamer-audio"):
            for text in damage(sample(name), 25):
                try:
                    await one.create_answer(KEY, text, ice_servers=[])
                except PeerMediaError:
                    refused += 1
                else:
                    answered += 1
                await one.close(KEY)
    assert answered
    assert refused


async def test_an_answer_to_nothing_is_refused_and_so_is_a_second_one() -> None:
    async with engine() as (one, _), engine() as (other, _):
        offer = await one.create_offer(KEY, video=False, ice_servers=[])
        answer = await other.create_answer(KEY, offer, ice_servers=[])
        with pytest.raises(BadDescription):
            await other.apply_answer(KEY, answer)
        await one.apply_answer(KEY, answer)
        with pytest.raises(BadDescription):
            await one.apply_answer(KEY, answer)


@pytest.mark.parametrize("we_are", ["caller", "callee"])
async def test_a_peer_with_an_rsa_certificate_connects(we_are: str) -> None:
    async with engine() as (one, heard), bare_client(RsaCertificate()) as client:
        if we_are == "callee":  # we answer active: the RSA side is the DTLS server
            answer = await one.create_answer(KEY, await client.offer(), ice_servers=[])
            assert "a=setup:active" in answer
            await client.answered(answer)
        else:
            offer = await one.create_offer(KEY, video=False, ice_servers=[])
            await one.apply_answer(KEY, await client.answer(offer))
        await heard.wait(FirstAudio)


async def test_an_rsa_peer_that_insists_on_being_the_server_connects() -> None:
    async with engine() as (one, heard), bare_client(RsaCertificate()) as client:
        offer = await one.create_offer(KEY, video=False, ice_servers=[])
        answer = await client.answer(offer)
        client.pc.getTransceivers()[0].receiver.transport._set_role("server")
        await one.apply_answer(KEY, answer.replace("a=setup:active", "a=setup:passive"))
        await heard.wait(FirstAudio)


async def test_without_the_rsa_suites_that_peer_would_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the suites are for: the proof that the test above can fail."""
    monkeypatch.setattr(private, "accept_rsa", lambda dtls: None)
    async with engine() as (one, heard), bare_client(RsaCertificate()) as client:
        answer = await one.create_answer(KEY, await client.offer(), ice_servers=[])
        await client.answered(answer)
        assert (await heard.wait(Failed)).failure is MediaFailure.DTLS_FAILED
        assert one.live == 0


async def test_a_wrong_fingerprint_fails_the_call() -> None:
    async with engine() as (one, heard), bare_client() as client:
        wrong = RTCCertificate.generateCertificate().getFingerprints()[0].value
        text = await client.offer()
        right = parse(text).sections[0].value("fingerprint") or ""
        answer = await one.create_answer(KEY, text.replace(right.split()[1], wrong), ice_servers=[])
        await client.answered(answer)
        assert (await heard.wait(Failed)).failure is MediaFailure.DTLS_FAILED
    assert not heard.of(Connected)


async def test_a_call_that_cannot_connect_ends_by_our_own_timer() -> None:
    settings = MediaSettings(connect_timeout=0.3)
    async with engine(settings) as (one, heard):
        # The addresses in the recorded offer answer nobody any more.
        await one.create_answer(KEY, sample("chromium-audio"), ice_servers=[])
        assert (await heard.wait(Failed)).failure is MediaFailure.CONNECT_TIMEOUT
        assert one.live == 0
    assert len(heard.of(Failed)) == 1


async def test_a_peer_that_closes_its_media_gets_time_for_its_hangup() -> None:
    settings = MediaSettings(gone_grace=0.2)
    async with call(settings=settings) as (caller, _, callee, hears):
        await caller.close(KEY)
        assert (await hears.wait(Failed)).failure is MediaFailure.PEER_GONE
        assert callee.live == 0


async def test_a_failure_is_said_after_the_end_of_the_recording(tmp_path: Path) -> None:
    settings = MediaSettings(gone_grace=0.1)
    async with call(settings=settings) as (caller, _, callee, hears):
        await hears.wait(FirstAudio)
        await callee.start_recording(KEY, tmp_path)
        await caller.close(KEY)
        await hears.wait(Failed)
    last = [type(event) for event in hears.events[-3:]]
    assert set(last[:2]) == {MediaClosed, RecordingEnded}
    assert last[2] is Failed


async def test_candidates_before_the_answer_are_bounded() -> None:
    async with engine() as (one, _):
        await one.create_offer(KEY, video=False, ice_servers=[])
        candidate = Candidate("candidate:1 1 udp 1 192.0.2.9 40000 typ host", "0", 0)
        await one.add_candidates(KEY, [candidate] * 1000)
        assert (await one.stats(KEY)).candidates_ignored == 900


async def test_the_hangup_of_a_peer_that_closed_its_media_is_no_failure() -> None:
    async with call(settings=MediaSettings(gone_grace=0.2)) as (caller, _, callee, hears):
        await caller.close(KEY)
        await asyncio.sleep(0.1)
        await callee.close(KEY)
        await asyncio.sleep(0.2)
        assert not hears.of(Failed)


async def test_a_peer_that_vanishes_is_noticed_by_its_missing_consent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever our own patience is: RFC 7675 §5.1."""
    monkeypatch.setattr(consent, "INTERVAL", 0.05)
    monkeypatch.setattr(consent, "EXPIRES", 0.5)
    async with engine(MediaSettings(gone_after=60)) as (one, heard), bare_client() as client:
        await client.answered(await one.create_answer(KEY, await client.offer(), ice_servers=[]))
        await heard.wait(FirstAudio)
        # Gone without a word: its sockets are closed under it.
        ice = client.pc.getTransceivers()[0].receiver.transport.transport
        for protocol in private.protocols_of(private.connection_of(ice)):
            protocol.transport.abort()
        assert (await heard.wait(Failed)).failure is MediaFailure.PEER_GONE


async def test_relays_only_without_a_relay_is_said_at_once() -> None:
    async with engine(MediaSettings(relay_only=True)) as (one, _):
        with pytest.raises(NoRelay, match="TURN"):
            await one.create_offer(KEY, video=False, ice_servers=[])
        with pytest.raises(NoRelay):
            await one.create_answer(KEY, sample("chromium-audio"), ice_servers=[])
        assert one.live == 0


async def test_an_empty_datagram_does_not_end_the_call() -> None:
    """Anybody can send one; aiortc 1.16 ends the transport over it."""
    async with call() as (_, _, callee, hears):
        await hears.wait(FirstAudio)
        peer = callee._calls[KEY].peer
        assert peer._network is not None
        protocol = private.protocols_of(peer._network.path.connection)[0]
        for junk in (b"", b"\x80", b"\x80\xc8", bytes(100), b"\x90" + bytes(20), b"\x16"):
            protocol.datagram_received(junk, (own_address(), 9))
        before = (await callee.stats(KEY)).packets_received
        await asyncio.sleep(1)
        stats = await callee.stats(KEY)
        assert stats.connected
        assert stats.packets_received > before
        assert stats.packets_refused > 0


async def test_the_end_of_candidates_does_not_end_a_call_with_hidden_addresses() -> None:
    """A browser that hides its addresses: its mDNS names cannot be resolved, its checks arrive."""

    def hidden(text: str) -> str:
        name = "5b0a5bfa-0a0e-4a36-b8f7-ff07d8a80b3a.local"
        return re.sub(r"(a=candidate:\S+ 1 udp \d+) \S+", rf"\1 {name}", text)

    async with call(edit_offer=hidden) as (_, _, callee, hears):
        await hears.wait(FirstAudio)
        await callee.add_candidates(KEY, [Candidate("")])
        assert (await callee.stats(KEY)).connected


async def test_candidates_after_the_end_of_candidates_count() -> None:
    async with engine() as (one, heard), bare_client() as client:
        text = await client.offer()
        lines = [line for line in text.split("\r\n") if line.startswith("a=candidate:")]
        bare = "\r\n".join(line for line in text.split("\r\n") if "candidate" not in line)
        answer = await one.create_answer(KEY, bare, ice_servers=[])
        dead = "candidate:1 1 udp 1 192.0.2.77 9 typ host"
        await one.add_candidates(KEY, [Candidate(dead, "0", 0), Candidate("")])
        await one.add_candidates(KEY, [Candidate(line[2:], "0", 0) for line in lines])
        for name in ("candidate", "end-of-candidates"):  # the client is found, it does not look
            answer = answer.replace(f"a={name}", f"a=x-{name}")
        await client.answered(answer)
        await heard.wait(Connected)


async def test_bad_candidates_are_counted_and_harm_nothing() -> None:
    good = "candidate:1 1 udp 2130706431 192.0.2.9 40000 typ host"
    bad = [
        "garbage",
        "candidate:",
        "candidate:1 1 udp x 192.0.2.9 40000 typ host",
        "candidate:1 2 udp 1 192.0.2.9 40000 typ host",
        "candidate:1 1 tcp 1 192.0.2.9 9 typ host tcptype active",
        "candidate:1 1 udp 1 192.0.2.9 0 typ host",
        "candidate:1 1 udp 1 192.0.2.9 99999 typ host",
    ]
    async with engine() as (one, _):
        await one.create_answer(KEY, sample("gstreamer-audio"), ice_servers=[])
        before = (await one.stats(KEY)).candidates_ignored
        await one.add_candidates(KEY, [Candidate(text, "audio0", 0) for text in bad])
        # Valid in form, and refused by aioice itself.
        await one.add_candidates(
            KEY, [Candidate("candidate:1 1 udp 1 not.an.address 5 typ host", "audio0")]
        )
        await one.add_candidates(KEY, [Candidate(good)])
        assert (await one.stats(KEY)).candidates_ignored == before + len(bad)
        await one.add_candidates(
            KEY,
            [Candidate(good.replace("40000", str(port)), "audio0") for port in range(1, 200)],
        )
        assert (await one.stats(KEY)).candidates_ignored > before + len(bad) + 90


async def test_a_listener_that_raises_inside_aiortc_never_reaches_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with call() as (_, _, callee, hears):
        peer = callee._calls[KEY].peer

        def broken(*_: Any) -> None:
            raise RuntimeError("no")

        for emitter in private.emitters_of(peer._pc):
            for event in ("connectionstatechange", "statechange", "ended"):
                emitter.add_listener(event, broken)
        pc: RTCPeerConnection = peer._pc
        pc.emit("connectionstatechange")
        with caplog.at_level(logging.ERROR):
            pc.getTransceivers()[0].receiver.transport.emit("statechange")
        assert "RuntimeError" in caplog.text
        await hears.wait(FirstAudio)
