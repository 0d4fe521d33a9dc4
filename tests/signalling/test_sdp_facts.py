"""The little that signalling has to know of a session description."""

from __future__ import annotations

import pytest

from voip.signalling.sdp_facts import (
    Section,
    holds,
    offers_video,
    sections,
    stream_ids,
    ufrag_of,
)

AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
REJECTED = "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=sendrecv\r\n"
DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"


def test_a_section_is_what_its_lines_say() -> None:
    sdp = f"v=0\r\n{AUDIO}a=msid:one a\r\na=msid:two a\r\na=sendonly\r\n{REJECTED}{DATA}"
    assert sections(sdp) == (
        Section("audio", "sendonly", "one"),
        Section("application", "sendrecv", None),
    )


@pytest.mark.parametrize(
    ("sdp", "held"),
    [
        (AUDIO, False),  # sendrecv where nothing is said
        (AUDIO + "a=sendrecv\r\n", False),
        (AUDIO + "a=recvonly\r\n", False),
        (AUDIO + "a=sendonly\r\n", True),
        (AUDIO + "a=inactive\r\n", True),
        (AUDIO + "a=sendonly\r\n" + VIDEO + "a=inactive\r\n", True),
        (AUDIO + "a=sendonly\r\n" + VIDEO, False),
        (AUDIO + "a=inactive\r\n" + REJECTED, True),
        (AUDIO + "a=inactive\r\n" + DATA, True),
        ("v=0\r\na=inactive\r\n" + AUDIO + VIDEO, True),  # said for the whole session
        ("v=0\r\na=inactive\r\n" + AUDIO + "a=sendrecv\r\n", False),
        (DATA, False),
        ("", False),
        ("m=\r\n", False),
        ("no description", False),
    ],
)
def test_hold_is_when_no_section_receives(sdp: str, held: bool) -> None:
    assert holds(sdp) is held


@pytest.mark.parametrize(
    ("sdp", "video"), [(AUDIO, False), (AUDIO + VIDEO, True), (AUDIO + REJECTED, False)]
)
def test_video_is_offered_where_its_section_is_in_use(sdp: str, video: bool) -> None:
    assert offers_video(sdp) is video


def test_streams_are_those_that_are_sent_each_once() -> None:
    sdp = (
        f"{AUDIO}a=msid:one a\r\n{VIDEO}a=msid:one v\r\n{VIDEO}a=msid:two v\r\na=sendonly\r\n"
        f"{VIDEO}a=msid:three v\r\na=recvonly\r\n{VIDEO}a=msid:\r\n{REJECTED}a=msid:four v\r\n"
    )
    assert stream_ids(sdp) == ("one", "two")


def test_streams_are_bounded() -> None:
    sdp = "".join(f"{VIDEO}a=msid:{number} v\r\n" for number in range(1000))
    assert len(stream_ids(sdp)) == 16


@pytest.mark.parametrize(
    ("sdp", "ufrag"),
    [
        (AUDIO, ""),
        (f"{AUDIO}a=ice-ufrag:EsAw\r\na=ice-pwd:secret\r\n", "EsAw"),
        (f"v=0\r\na=ice-ufrag:one\n{AUDIO}a=ice-ufrag:two\r\n", "one"),
        (f"{AUDIO}a=ice-ufrag:", ""),
        (f"{AUDIO}a=ice-ufrag:\r\n", ""),
    ],
)
def test_whose_path_a_description_is_of(sdp: str, ufrag: str) -> None:
    assert ufrag_of(sdp) == ufrag
