"""The repairs, one by one, on offers of real clients and on damaged ones."""

from __future__ import annotations

import re

import pytest
from aiortc.sdp import SessionDescription

from tests.media.calls import SAMPLES, damage, sample
from voip.media import sdp
from voip.media.description import parse
from voip.media.errors import BadDescription, NoCommonCodec, PeerMediaError
from voip.media.sections import takes_fec
from voip.signalling.ice import Candidate

VIDEO = ("chromium-video", "chromium-balanced", "firefox-video", "gstreamer-video")


def without(text: str, *starts: str, after: str = "v=0") -> str:
    """`text` without the lines that begin like that, from the line that begins with `after` on."""
    kept, begun = [], False
    for line in text.split("\r\n"):
        begun = begun or line.startswith(after)
        if not (begun and line.startswith(starts)):
            kept.append(line)
    return "\r\n".join(kept)


def kinds(prepared: sdp.Prepared) -> list[str]:
    return [section.kind for section in parse(prepared.sdp).sections]


@pytest.mark.parametrize("name", SAMPLES)
def test_offers_of_real_clients_are_taken(name: str) -> None:
    prepared = sdp.prepare_offer(sample(name))
    assert kinds(prepared) == (["audio", "video"] if name in VIDEO else ["audio"])
    assert prepared.candidates
    assert "candidate" not in prepared.sdp
    # aiortc reads it, and every section has what it asks for.
    for media in SessionDescription.parse(prepared.sdp).media:
        assert media.ice is not None
        assert media.ice.usernameFragment
        assert media.ice.password
        assert media.dtls is not None
        assert media.dtls.role == "auto"
        assert media.rtcp_mux
        assert media.direction == "sendrecv"


def test_only_formats_that_both_speak_are_handed_on_in_their_order() -> None:
    audio, video = parse(sdp.prepare_offer(sample("chromium-video")).sdp).sections
    assert audio.formats == ["111"]
    names = [value.split()[1] for value in video.values("rtpmap")]
    assert names[:2] == ["VP8/90000", "rtx/90000"]
    assert {name.split("/")[0] for name in names} == {"VP8", "H264", "rtx"}


def test_without_a_common_video_codec_the_call_is_an_audio_call() -> None:
    offer = re.sub(
        r"a=rtpmap:(\d+) (VP8|H264)/90000", r"a=rtpmap:\1 VP9/90000", sample("chromium-video")
    )
    prepared = sdp.prepare_offer(offer)
    assert kinds(prepared) == ["audio"]
    assert [slot.accepted for slot in prepared.slots] == [True, False]


@pytest.mark.parametrize("name", ["chromium-audio", "chromium-video"])
def test_without_a_common_audio_codec_there_is_no_call(name: str) -> None:
    with pytest.raises(NoCommonCodec):
        sdp.prepare_offer(sample(name).replace("opus/48000", "AMR-WB/16000"))


def test_an_offer_of_data_alone_is_no_call() -> None:
    text = sample("chromium-balanced")
    head, data = text[: text.index("m=audio")], text[text.index("m=application") :]
    with pytest.raises(NoCommonCodec):
        sdp.prepare_offer(head + data)


def test_a_data_channel_and_too_many_videos_are_refused_in_place() -> None:
    text = sample("chromium-balanced")
    video = text[text.index("m=video") : text.index("m=application")]
    more = "".join(video.replace("a=mid:1", f"a=mid:{mid}") for mid in range(3, 7))
    prepared = sdp.prepare_offer(text.replace("BUNDLE 0 1 2", "BUNDLE 0 1 2 3 4 5 6") + more)
    accepted = [slot.accepted for slot in prepared.slots]
    assert accepted == [True, True, False, True, True, True, False]
    assert "BUNDLE 0 1 3 4 5\r\n" in prepared.sdp


@pytest.mark.parametrize("name", VIDEO)
def test_a_bundled_section_needs_no_ice_attributes_of_its_own(name: str) -> None:
    lines = ("a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup")
    prepared = sdp.prepare_offer(without(sample(name), *lines, after="m=video"))
    audio, video = parse(prepared.sdp).sections
    for attribute in ("ice-ufrag", "ice-pwd", "fingerprint", "setup"):
        assert video.value(attribute) == audio.value(attribute) is not None


def test_a_rejected_section_without_ice_attributes_stays_rejected() -> None:
    """Firefox, once its camera was taken out of a call."""
    text = without(sample("firefox-video"), "a=ice-", "a=setup", "a=bundle-only", after="m=video")
    prepared = sdp.prepare_offer(text.replace("BUNDLE 0 1", "BUNDLE 0"))
    assert [slot.accepted for slot in prepared.slots] == [True, False]


def test_a_rejected_section_stays_rejected_though_it_has_ice_attributes() -> None:
    text = re.sub(r"m=video \d+", "m=video 0", sample("chromium-video"))
    assert kinds(sdp.prepare_offer(text)) == ["audio"]


def test_without_bundle_only_the_audio_is_taken() -> None:
    prepared = sdp.prepare_offer(without(sample("chromium-video"), "a=group"))
    assert kinds(prepared) == ["audio"]
    assert "BUNDLE" not in prepared.sdp
    # The candidates of the video's own transport are not ours.
    assert {candidate.sdp_mid for candidate in prepared.candidates} == {"0"}
    assert not prepared.takes(Candidate("candidate:x", "1", 1))
    assert prepared.takes(Candidate("candidate:x", "0", 0))


def test_sections_without_mids_get_some_that_the_answer_does_not_show() -> None:
    text = without(sample("chromium-video"), "a=mid", "a=group")
    prepared = sdp.prepare_offer(text)
    assert "a=mid:voip-0" in prepared.sdp
    answer = prepared.sdp  # our own side of it is much the same
    assert "a=mid" not in sdp.finish_answer(answer, prepared, complete=True)
    assert prepared.place == (None, 0)


def test_video_before_audio_keeps_its_place() -> None:
    text = sample("firefox-video")
    head, audio, video = re.split(r"(?=m=)", text)
    swapped = (
        head.replace("BUNDLE 0 1", "BUNDLE 1 0")
        + video.replace("m=video 0", "m=video 9").replace("a=bundle-only\r\n", "")
        + audio
    )
    prepared = sdp.prepare_offer(swapped)
    assert kinds(prepared) == ["video", "audio"]
    assert prepared.place == ("1", 0)


def test_a_missing_direction_means_sendrecv_and_the_sessions_counts() -> None:
    text = without(sample("firefox-audio"), "a=sendrecv")
    assert "a=sendrecv" in sdp.prepare_offer(text).sdp
    text = text.replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n")
    assert "a=sendonly" in sdp.prepare_offer(text).sdp


@pytest.mark.parametrize(
    "line",
    [
        "a=candidate:garbage",
        "a=ssrc:x cname:y",
        "a=ssrc:1",
        "a=extmap:999 urn:x",
        "a=extmap:1",
        "a=fmtp:63",
        "a=fmtp:77 apt=12",
        "a=rtcp-fb:111",
        "a=rtpmap:200 opus/48000/2",
        "a=rtpmap:x",
        "a=fingerprint:md5 00",
        "a=fingerprint:sha-256",
        "a=rtcp:9 IN IP4 no.address.local",
        "a=rtcp:x",
        "a=msid",
        "a=ssrc-group:FID 1",
        "a=sctp-port:x",
        "a=max-message-size:x",
        "c=IN IP9 x",
        "b=AS:x",
        "nonsense",
        "=",
    ],
)
def test_lines_that_nobody_needs_or_can_read_harm_nothing(line: str) -> None:
    text = sample("chromium-video").replace("a=rtcp-mux\r\n", f"a=rtcp-mux\r\n{line}\r\n")
    prepared = sdp.prepare_offer(text)
    assert len(SessionDescription.parse(prepared.sdp).media) == 2


@pytest.mark.parametrize("gone", ["a=ice-ufrag", "a=ice-pwd", "a=fingerprint"])
def test_without_credentials_or_fingerprint_there_is_no_connection(gone: str) -> None:
    with pytest.raises(BadDescription):
        sdp.prepare_offer(without(sample("chromium-video"), gone))


def test_a_strange_setup_is_refused_and_none_is_actpass() -> None:
    with pytest.raises(BadDescription):
        sdp.prepare_offer(sample("chromium-audio").replace("actpass", "holdconn"))
    prepared = sdp.prepare_offer(without(sample("chromium-audio"), "a=setup"))
    assert "a=setup:actpass" in prepared.sdp


def test_blanks_in_format_parameters_do_not_hide_the_profile() -> None:
    text = sample("chromium-video").replace(";packetization-mode", "; packetization-mode")
    assert (
        "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1" in sdp.prepare_offer(text).sdp
    )


def test_streams_are_named_main_first_then_rtx() -> None:
    text = sample("firefox-video")
    main, rtx = re.findall(r"a=ssrc-group:FID (\d+) (\d+)", text)[0]
    lines = [line for line in text.split("\r\n") if line.startswith(f"a=ssrc:{main}")]
    moved = without(text, f"a=ssrc:{main}") + "".join(f"{line}\r\n" for line in lines)
    video = SessionDescription.parse(sdp.prepare_offer(moved).sdp).media[1]
    assert [one.ssrc for one in video.ssrc] == [int(main), int(rtx)]


def test_every_candidate_and_the_end_of_them_are_taken_out_of_the_offer() -> None:
    prepared = sdp.prepare_offer(sample("firefox-video"))
    assert len(prepared.candidates) == 9
    assert prepared.candidates[-1].is_end
    assert prepared.candidates[0].sdp_mid == "0"


def test_the_answer_has_every_section_in_its_place() -> None:
    offer = sample("chromium-balanced")
    offer = offer.replace("RTP/SAVPF 111", "RTP/SAVP 111", 1)
    prepared = sdp.prepare_offer(offer)
    # aiortc's answer has the sections that it was given; here they stand for it.
    answer = parse(sdp.finish_answer(prepared.sdp, prepared, complete=True))
    assert [section.kind for section in answer.sections] == ["audio", "video", "application"]
    assert [section.mid for section in answer.sections] == ["0", "1", "2"]
    assert [section.port for section in answer.sections] == [9, 9, 0]
    assert answer.sections[0].protocol == "UDP/TLS/RTP/SAVP"
    assert answer.sections[2].formats == ["webrtc-datachannel"]
    assert answer.sections[2].has("inactive")
    assert answer.bundles == [["0", "1"]]


def test_the_other_side_is_asked_for_fec() -> None:
    prepared = sdp.prepare_offer(sample("gstreamer-audio"))
    answer = sdp.finish_answer(
        "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 97\r\na=mid:audio0\r\na=rtpmap:97 opus/48000/2\r\n",
        prepared,
        complete=True,
    )
    assert "a=rtpmap:97 opus/48000/2\r\na=fmtp:97 minptime=10;useinbandfec=1\r\n" in answer


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("chromium-audio", True), ("firefox-audio", True), ("gstreamer-audio", False)],
)
def test_whether_the_other_side_wants_fec_is_read(name: str, wanted: bool) -> None:
    audio = parse(sample(name)).sections[0]
    assert takes_fec(audio) is wanted
    audio.lines = [line.replace("useinbandfec=1", "useinbandfec=0") for line in audio.lines]
    assert not takes_fec(audio)


def test_a_description_is_complete_or_says_that_candidates_follow() -> None:
    text = sample("firefox-audio")
    assert sdp.is_complete(sdp.finish_offer(text, complete=True))
    unfinished = sdp.finish_offer(text, complete=False)
    assert not sdp.is_complete(unfinished)
    assert "a=ice-options:trickle" in parse(unfinished).sections[0].lines


class TestAnswers:
    """Answers to an offer of ours; Chromium's video offer stands for both."""

    OFFER = sample("chromium-video")
    ANSWER = OFFER.replace("actpass", "active")

    def test_a_plain_one(self) -> None:
        prepared = sdp.prepare_answer(self.ANSWER, self.OFFER)
        assert kinds(prepared) == ["audio", "video"]
        assert "a=setup:active" in prepared.sdp

    def test_rejected_video_is_handed_on_as_inactive(self) -> None:
        answer = without(self.ANSWER, "a=", after="m=video") + "a=inactive\r\na=mid:1\r\n"
        answer = re.sub(r"m=video \d+", "m=video 0", answer).replace("BUNDLE 0 1", "BUNDLE 0")
        audio, video = parse(sdp.prepare_answer(answer, self.OFFER).sdp).sections
        assert video.has("inactive")
        assert video.value("ice-pwd") == audio.value("ice-pwd")
        assert audio.has("sendrecv")

    def test_rejected_audio_is_no_call(self) -> None:
        with pytest.raises(NoCommonCodec):
            sdp.prepare_answer(re.sub(r"m=audio \d+", "m=audio 0", self.ANSWER), self.OFFER)

    def test_video_without_bundle_is_not_used(self) -> None:
        prepared = sdp.prepare_answer(without(self.ANSWER, "a=group"), self.OFFER)
        assert parse(prepared.sdp).sections[1].has("inactive")

    def test_mids_may_be_left_out(self) -> None:
        prepared = sdp.prepare_answer(without(self.ANSWER, "a=mid"), self.OFFER)
        assert [section.mid for section in parse(prepared.sdp).sections] == ["0", "1"]

    @pytest.mark.parametrize(("said", "meant"), [("actpass", "active"), ("passive", "passive")])
    def test_the_dtls_role(self, said: str, meant: str) -> None:
        prepared = sdp.prepare_answer(self.OFFER.replace("actpass", said), self.OFFER)
        assert f"a=setup:{meant}" in prepared.sdp

    @pytest.mark.parametrize(
        "answer",
        [
            sample("chromium-audio"),
            ANSWER.replace("a=mid:1", "a=mid:7"),
            without(ANSWER, "a=ice-pwd"),
            "nonsense",
        ],
    )
    def test_ones_that_do_not_fit_the_offer(self, answer: str) -> None:
        with pytest.raises(BadDescription):
            sdp.prepare_answer(answer, self.OFFER)


def test_damaged_offers_are_taken_or_refused_and_never_anything_else() -> None:
    refused = 0
    damaged = [text for name in SAMPLES for text in damage(sample(name), 60)]
    for text in damaged:
        try:
            prepared = sdp.prepare_offer(text)
        except PeerMediaError:
            refused += 1
        else:
            assert SessionDescription.parse(prepared.sdp).media
    assert 0 < refused < len(damaged)
