"""Later offers and answers as text: what stays, what moves, what is refused."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.media.calls import SAMPLES, sample
from voip.media import sdp
from voip.media.agreed import Agreed, LocalTransport, Placed, Wishes
from voip.media.description import Description, parse
from voip.media.errors import BadDescription, NoCommonCodec
from voip.media.reanswer import read_offer, write_answer
from voip.media.reoffer import Numbers, read_answer, write_offer
from voip.media.sdp import MAX_VIDEOS

CERTIFICATE = "sha-256 " + ":".join(["AB"] * 32)
OURS = LocalTransport("ours", "o" * 22, ("1 1 udp 1 192.0.2.9 9 typ host",), True, (CERTIFICATE,))


def agreed(name: str) -> Agreed:
    """After the offer of a real client was answered, by what aiortc would have said."""
    offer = sample(name)
    prepared = sdp.prepare_offer(offer)
    answer = re.sub(r"a=ssrc.*\r\n|a=fingerprint.*\r\n", "", prepared.sdp)
    answer = answer.replace("actpass", f"active\r\na=fingerprint:{CERTIFICATE}")
    answer = re.sub("a=ice-ufrag.*", "a=ice-ufrag:ours", answer)
    answer = re.sub("a=ice-pwd.*", f"a=ice-pwd:{'o' * 22}", answer)
    answer = sdp.finish_answer(answer, prepared, complete=True)
    return Agreed.first(answer, offer, prepared, answered=True)


def offered(state: Agreed, wishes: Wishes, *, video: bool = False) -> Description:
    numbers = Numbers()
    numbers.see(state.local)
    numbers.see(state.remote)
    added = [Placed([], shows=False)] if video else []
    return write_offer(state, wishes, OURS, 7, added=added, formats=numbers.video())


def mirrored(offer: Description, state: Agreed) -> str:
    """What the other side would answer: the same, with its own transport."""
    text = re.sub(r"a=(ice-ufrag|ice-pwd|fingerprint|setup|candidate).*\r\n", "", offer.text())
    theirs = state.transport
    lines = [f"a=ice-ufrag:{theirs.ufrag}", f"a=ice-pwd:{theirs.password}", "a=setup:passive"]
    lines += [f"a=fingerprint:{fingerprint}" for fingerprint in theirs.fingerprints]
    return text.replace("a=rtcp-mux\r\n", "\r\n".join(["a=rtcp-mux", *lines, ""]))


@pytest.mark.parametrize("name", SAMPLES)
def test_an_offer_repeats_every_number_and_every_place(name: str) -> None:
    state = agreed(name)
    offer = offered(state, Wishes(hold=True))
    assert [one.kind for one in offer.sections] == [one.kind for one in state.remote.sections]
    assert [one.mid for one in offer.sections] == [one.mid for one in state.remote.sections]
    for before, now in zip(state.local.sections, offer.sections, strict=True):
        assert now.formats == before.formats
        for attribute in ("rtpmap", "fmtp", "extmap"):
            assert now.values(attribute) == before.values(attribute)
        if now.kind == "audio":
            for attribute in ("ssrc", "msid"):
                assert now.values(attribute) == before.values(attribute)
        assert now.has("sendonly" if now.kind == "audio" else "inactive")
        assert now.value("setup") == ("actpass" if now.port else None)
    assert "o=- 0 7 " in offer.text()


@pytest.mark.parametrize("name", ["chromium-audio", "firefox-audio"])
def test_new_video_takes_no_number_that_means_something_else(name: str) -> None:
    state = agreed(name)
    audio, video = offered(state, Wishes(), video=True).sections
    assert video.has("recvonly")
    taken = {value.split(" ")[0] for value in parse(sample(name)).sections[0].values("rtpmap")}
    assert not taken & {*video.formats}
    assert len({*video.formats}) == len(video.formats) == 6
    meanings = dict(
        value.split(" ", 1) for value in parse(sample(name)).sections[0].values("extmap")
    )
    for value in video.values("extmap"):
        number, uri = value.split(" ", 1)
        assert meanings.setdefault(number, uri) == uri
    assert {line.split("apt=")[1] for line in video.values("fmtp") if "apt=" in line} <= {
        *video.formats
    }
    assert audio.mid != video.mid


def test_video_has_the_numbers_that_it_had_before() -> None:
    """The section was refused by one side, and is offered by the other later."""
    numbers = Numbers()
    numbers.see(parse(sample("chromium-video")))
    formats, lines = numbers.video() or ([], [])
    assert formats[:2] == ["96", "97"]
    assert "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid" in lines


def test_where_no_number_is_left_no_video_is_offered() -> None:
    state = agreed("chromium-audio")
    full = parse(sample("chromium-audio"))
    full.sections[0].formats = [str(number) for number in range(35, 128)] + ["x", "9" * 5000]
    full.sections[0].lines += [f"a=extmap:{number} urn:x" for number in range(1, 15)]
    numbers = Numbers()
    numbers.see(full)
    assert numbers.video() is None
    assert len(write_offer(state, Wishes(), OURS, 1, added=[Placed([], shows=False)]).sections) == 1


def test_a_refused_video_section_is_used_again_under_another_mid() -> None:
    state = agreed("chromium-video")
    state.remote.sections[1] = replace(state.remote.sections[1], port=0)
    assert [line.kind for line in state.lines] == ["audio"]
    offer = offered(state, Wishes(), video=True)
    assert [one.kind for one in offer.sections] == ["audio", "video"]
    assert offer.sections[1].mid not in ("0", "1")
    assert offer.sections[1].port


def test_an_answer_is_understood() -> None:
    state = agreed("chromium-audio")
    offer = offered(state, Wishes(hold=True), video=True)
    answer = mirrored(offer, state).replace("a=sendonly", "a=recvonly")
    read = read_answer(answer, offer, state)
    lines = replace(state, local=offer, remote=read.answer).lines
    assert [(line.kind, line.direction) for line in lines] == [
        ("audio", "sendonly"),
        ("video", "inactive"),
    ]
    assert not read.restart


def test_video_that_the_answer_rejects_is_no_line_of_the_call() -> None:
    state = agreed("chromium-audio")
    offer = offered(state, Wishes(), video=True)
    answer = mirrored(offer, state).replace("m=video 9", "m=video 0")
    read = read_answer(answer, offer, state)
    assert [line.kind for line in replace(state, local=offer, remote=read.answer).lines] == [
        "audio"
    ]


def test_answers_that_do_not_fit_are_refused() -> None:
    state = agreed("chromium-audio")
    offer = offered(state, Wishes(), video=True)
    answer = mirrored(offer, state)
    for wrong in (
        answer[: answer.index("m=video")],
        answer.replace("a=mid:0", "a=mid:5"),
        answer.replace(state.transport.ufrag, "other"),
        answer.replace(state.transport.fingerprints[0], CERTIFICATE),
    ):
        with pytest.raises(BadDescription):
            read_answer(wrong, offer, state)
    with pytest.raises(NoCommonCodec):
        read_answer(
            answer.replace("m=audio 9", "m=audio 0").replace("m=video 9", "m=video 0"), offer, state
        )


def videos(text: str, count: int) -> str:
    """The offer with that many sections of video."""
    video = text[text.index("m=video") :]
    more = "".join(video.replace("a=mid:1", f"a=mid:{10 + n}") for n in range(count - 1))
    mids = " ".join(str(10 + n) for n in range(count - 1))
    return text.replace("BUNDLE 0 1", f"BUNDLE 0 1 {mids}") + more


def test_several_videos_are_taken_and_not_any_number() -> None:
    state = agreed("chromium-video")
    read = read_offer(videos(sample("chromium-video"), MAX_VIDEOS + 3), state)
    answer = write_answer(read, state, Wishes(), OURS, 2)
    ports = [bool(section.port) for section in answer.sections]
    assert ports == [True] * (1 + MAX_VIDEOS) + [False] * 3
    assert answer.bundles == [["0", "1", "10", "11", "12"]]


def test_the_answer_keeps_the_offers_numbers_and_our_role() -> None:
    state = agreed("chromium-video")
    read = read_offer(sample("chromium-video"), state)
    answer = write_answer(read, state, Wishes(video=False), OURS, 2)
    audio, video = answer.sections
    assert audio.formats == ["111", "110", "126"]
    assert audio.has("sendrecv")
    assert video.has("inactive")
    assert {audio.value("setup"), video.value("setup")} == {"active"}
    # Only what we do is promised: no transport-wide congestion control.
    assert {value.split(" ", 1)[1] for value in video.values("rtcp-fb")} == {
        "nack",
        "nack pli",
        "goog-remb",
    }
    assert not read.restart
    assert read_offer(sample("chromium-video").replace("We2d", "neww"), state).restart


@pytest.mark.parametrize(
    ("theirs", "hold", "ours"),
    [
        ("sendrecv", False, "sendrecv"),
        ("sendrecv", True, "sendonly"),
        ("sendonly", False, "recvonly"),
        ("sendonly", True, "inactive"),
        ("recvonly", False, "sendonly"),
        ("inactive", False, "inactive"),
    ],
)
def test_what_both_want_is_what_is_answered(theirs: str, hold: bool, ours: str) -> None:
    state = agreed("chromium-audio")
    read = read_offer(sample("chromium-audio").replace("a=sendrecv", f"a={theirs}"), state)
    answer = write_answer(read, state, Wishes(hold=hold), OURS, 2)
    assert answer.sections[0].has(ours)
    (line,) = replace(state, local=answer, remote=read.offer).lines
    assert line.direction == ours
