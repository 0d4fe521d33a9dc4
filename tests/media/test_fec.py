"""In-band FEC (RFC 7587 §6.1): asked for in every description of ours, and sent where packets are
lost."""

from __future__ import annotations

import re

import pytest

from tests.media.calls import KEY, SAMPLES, call, engine, sample
from tests.media.test_renegotiation import agree
from voip.media import sdp
from voip.media.description import Section, parse
from voip.media.sections import ask_for_fec
from voip.signalling.events import Change

CHANGES = [
    Change(hold=True),
    Change(hold=False),
    Change(video=True),
    Change(restart_ice=True),
    Change(video=False),
]


def opus_parameters(text: str) -> list[list[str]]:
    """What each Opus format of a description is given, all its `fmtp` lines."""
    return [
        [
            line.partition(" ")[2]
            for line in section.values("fmtp")
            if line.split(" ")[0] == value.split(" ")[0]
        ]
        for section in parse(text).sections
        if section.kind == "audio" and section.port
        for value in section.values("rtpmap")
        if "opus" in value.lower()
    ]


def asks(text: str) -> bool:
    found = opus_parameters(text)
    return bool(found) and all(
        len(lines) == 1 and "useinbandfec=1" in lines[0].split(";") for lines in found
    )


def refusing(text: str) -> str:
    """As a side would write it that wants no FEC itself: that is for what we send alone."""
    return text.replace("useinbandfec=1", "useinbandfec=0")


def silent(text: str) -> str:
    """As a side that says nothing about Opus."""
    return re.sub(r"a=fmtp:\d+ minptime=10;useinbandfec=1\r\n", "", text)


@pytest.mark.parametrize("edit", [str, refusing, silent], ids=["wants", "refuses", "says nothing"])
@pytest.mark.parametrize("name", SAMPLES)
async def test_every_answer_asks_for_it(name: str, edit: type[str]) -> None:
    offer = re.sub(r"a=candidate:.*\.local .*\r\n", "", edit(sample(name)))
    async with engine() as (one, _):
        assert asks(await one.create_answer(KEY, offer, ice_servers=[]))


@pytest.mark.parametrize("edit", [str, refusing, silent], ids=["wants", "refuses", "says nothing"])
async def test_every_description_in_the_middle_of_a_call_asks_for_it(edit: type[str]) -> None:
    seen: list[str] = []

    def look(text: str) -> str:
        seen.append(text)
        return edit(text)

    async with call(edit_offer=look, edit_answer=look) as (caller, _, callee, _):
        for change in CHANGES:
            for one, other in ((caller, callee), (callee, caller)):
                seen += await agree(one, other, change)
    assert len(seen) == 2 + 4 * len(CHANGES)
    assert [text for text in seen if not asks(text)] == []


async def test_every_opus_format_is_asked_for_it() -> None:
    """A side may offer Opus under two numbers."""
    offer = sample("chromium-audio").replace(
        "a=rtpmap:111 opus/48000/2\r\n",
        "a=rtpmap:111 opus/48000/2\r\na=rtpmap:112 opus/48000/2\r\n",
    )
    offer = re.sub(r"(m=audio .*) 111 ", r"\1 111 112 ", offer)
    async with engine() as (one, _):
        answer = await one.create_answer(KEY, offer, ice_servers=[])
    assert opus_parameters(answer) == [["minptime=10;useinbandfec=1"]] * 2


def test_what_a_newer_aiortc_may_say_itself_is_replaced() -> None:
    lines = ["a=rtpmap:96 opus/48000/2", "a=fmtp:96 minptime=20", "a=fmtp:97 0-15"]
    section = Section("audio", 9, "UDP/TLS/RTP/SAVPF", ["96", "97"], lines)
    ask_for_fec(section)
    assert section.values("fmtp") == ["96 minptime=10;useinbandfec=1", "97 0-15"]


def test_a_description_that_is_finished_twice_asks_once() -> None:
    text = sample("chromium-audio")
    once = sdp.finish_offer(text, complete=True)
    assert asks(once)
    assert asks(sdp.finish_offer(once, complete=True))
