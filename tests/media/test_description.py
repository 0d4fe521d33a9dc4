from __future__ import annotations

import pytest

from tests.media.calls import SAMPLES, sample
from voip.media.description import MAX_LENGTH, parse
from voip.media.errors import BadDescription

HEAD = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_real_description_is_written_as_it_was_read(name: str) -> None:
    assert parse(sample(name)).text() == sample(name)


def test_bare_newlines_are_read() -> None:
    text = sample("chromium-video")
    assert parse(text.replace("\r\n", "\n")).text() == text


def test_attributes() -> None:
    section = parse(HEAD + AUDIO + "a=sendrecv\r\na=candidate:1 x\r\na=candidate:2 y\r\n").sections[
        0
    ]
    assert section.value("candidate") == "1 x"
    assert section.values("candidate") == ["1 x", "2 y"]
    assert section.value("sendrecv") == ""
    assert section.value("send") is None
    assert section.mid == "0"


def test_bundle_groups() -> None:
    text = HEAD + "a=group:LS 0\r\na=group:BUNDLE 0 1\r\na=group:BUNDLE\r\n" + AUDIO
    assert parse(text).bundles == [["0", "1"], []]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n\r\n",
        "hello",
        "{}",
        HEAD,
        AUDIO,
        HEAD + "m=audio\r\n",
        HEAD + "m=audio x UDP/TLS/RTP/SAVPF 111\r\n",
        HEAD + "m=audio 99999 UDP/TLS/RTP/SAVPF 111\r\n",
        HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF\r\n",
        HEAD + AUDIO + AUDIO,
        HEAD + AUDIO.replace("a=mid:0\r\n", "") * 65,
        HEAD + AUDIO + "a=x:" + "y" * MAX_LENGTH,
        "\0" * 100,
    ],
)
def test_what_is_no_description_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(BadDescription) as caught:
        parse(text)
    assert "UDP" not in str(caught.value)
    assert "IP4" not in str(caught.value)
