"""Media sections rebuilt from what we understand of them.

aiortc 1.16 fails a whole description over one line that it cannot read. So nothing of the other
side's text is handed on as it came: each section is written anew from the attributes that matter
here, each checked for its form, and everything else is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from aiortc import RTCRtpCodecParameters
from aiortc.codecs import CODECS, HEADER_EXTENSIONS
from aiortc.rtcpeerconnection import find_common_codecs
from aiortc.rtcrtpparameters import RTCRtcpFeedback
from aiortc.sdp import parameters_from_sdp, parameters_to_sdp

from voip.media.description import Description, Section
from voip.media.errors import BadDescription

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
# RFC 9429 §5.1.2: all of these mean the same and have to be accepted.
PROTOCOLS = frozenset({"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP"})
OPUS_FMTP = "minptime=10;useinbandfec=1"
"""We want in-band FEC from the other side (RFC 7587 §6.1): it is what survives a lost packet."""

VideoFormat: TypeAlias = tuple[str, str]
"""`VP8` or `H264`, and of the latter the profile."""

_RTPMAP = re.compile(r"(\d{1,3}) ([\w.-]+)/(\d{1,7})(?:/(\d{1,2}))?")
_EXTMAP = re.compile(r"(\d{1,3})(?:/\w+)? (\S+)(?: .*)?")
_FINGERPRINT = re.compile(
    r"(sha-256|sha-384|sha-512) ([0-9A-F]{2}(?::[0-9A-F]{2})+)", re.IGNORECASE
)
_SSRC = re.compile(r"(\d{1,10}) (cname|msid):(\S.*)")
_EVENT = re.compile(r"(\d{1,3}) telephone-event/(8000|48000)", re.IGNORECASE)
# Recordings and announcements are Opus as it is on the wire: nothing is transcoded.
_OPUS = next(codec for codec in CODECS["audio"] if codec.mimeType == "audio/opus")
_FID = re.compile(r"FID (\d{1,10}) (\d{1,10})")


@dataclass(frozen=True, slots=True)
class Transport:
    """What a section says about ICE and DTLS."""

    ufrag: str
    password: str
    fingerprints: tuple[str, ...]
    setup: str | None


def transport_of(section: Section, session: Description) -> Transport | None:
    """None where credentials or a usable fingerprint are missing.

    The session's values stand for sections without their own (RFC 8839 §4.4.1, RFC 8122 §5).
    """
    ufrag = section.value("ice-ufrag") or session.value("ice-ufrag")
    password = section.value("ice-pwd") or session.value("ice-pwd")
    lines = section.values("fingerprint") or session.values("fingerprint")
    fingerprints = tuple(line for line in lines if _FINGERPRINT.fullmatch(line))
    if not (ufrag and password and fingerprints) or len(ufrag) > 256 or len(password) > 256:
        return None
    setup = section.value("setup") or session.value("setup")
    return Transport(ufrag, password, fingerprints, setup)


def transport_in(description: Description, order: Iterable[int]) -> Transport:
    """ICE and DTLS of the first section that has them: bundled ones need none of their own
    (RFC 8843 §7.1.3), and Firefox leaves them out. Raises BadDescription."""
    for index in order:
        found = transport_of(description.sections[index], description)
        if found is not None:
            return found
    raise BadDescription("the session description has no ICE credentials or DTLS fingerprint")


def direction_of(section: Section, session: Description) -> str:
    """RFC 8866 §6.7: sendrecv where neither says anything."""
    for place in (section, session):
        for direction in DIRECTIONS:
            if place.has(direction):
                return direction
    return "sendrecv"


def shared_formats(section: Section) -> list[str]:
    """The payload types of `section` that both sides speak, in its order, with their RTX."""
    return [str(codec.payloadType) for codec in codecs_of(section)]


def codecs_of(section: Section) -> list[RTCRtpCodecParameters]:
    """The codecs of `section` that both sides speak, in its order, as aiortc takes them."""
    ours = {"audio": [_OPUS], "video": CODECS["video"]}.get(section.kind, [])
    return find_common_codecs(ours, list(_codecs(section)))


def format_of(codec: RTCRtpCodecParameters) -> VideoFormat:
    """What has to be the same for a picture to be passed on as it is. Of `codecs_of`, where the
    profile is written as ours and the packetization mode is 1 (RFC 6184 §8.1)."""
    return codec.name.upper(), str(codec.parameters.get("profile-level-id", ""))


def extensions_of(section: Section) -> dict[int, str]:
    """The header extensions that aiortc knows: id to URI."""
    pairs = (line.removeprefix("a=extmap:").split(" ") for line in _extension_lines(section))
    return {int(number): uri for number, uri in pairs}


def streams_of(section: Section) -> list[int]:
    """The SSRC of the stream and, where it has one, of its retransmissions (RFC 4588)."""
    ssrcs = (int(line.removeprefix("a=ssrc:").split(" ")[0]) for line in _ssrc_lines(section))
    return list(dict.fromkeys(ssrcs))


def events_of(section: Section) -> dict[int, int]:
    """The payload types of telephone events (RFC 4733 §2.4.1), with their clock rates."""
    found = {}
    for value in section.values("rtpmap"):
        match = _EVENT.fullmatch(value)
        if match is not None and match[1] in section.formats and int(match[1]) <= 127:
            found[int(match[1])] = int(match[2])
    return found


def add_events(section: Section, events: dict[int, int]) -> None:
    """Take telephone events, the sixteen keys (RFC 4733 §2.4.1), in a section of ours."""
    section.formats += [str(payload_type) for payload_type in events]
    for payload_type, clock_rate in events.items():
        section.lines.append(f"a=rtpmap:{payload_type} telephone-event/{clock_rate}")
        section.lines.append(f"a=fmtp:{payload_type} 0-15")


def shared_lines(section: Section) -> tuple[list[str], list[str]]:
    """Our answer to the formats and header extensions of `section`: formats, lines."""
    codecs = codecs_of(section)
    maps = {value.split(" ")[0]: value for value in section.values("rtpmap")}
    lines = list(_extension_lines(section))
    for codec in codecs:
        number = codec.payloadType
        lines.append(f"a=rtpmap:{maps[str(number)]}")
        lines += [
            f"a=rtcp-fb:{number} {' '.join(filter(None, (one.type, one.parameter)))}"
            for one in codec.rtcpFeedback
        ]
        if text := parameters_to_sdp(codec.parameters):
            lines.append(f"a=fmtp:{number} {text}")
    return [str(codec.payloadType) for codec in codecs], lines


def rebuild(
    section: Section, *, mid: str, direction: str, transport: Transport, setup: str
) -> Section:
    """A section that aiortc understands. It must have at least one shared format."""
    formats = shared_formats(section)
    lines = ["c=IN IP4 0.0.0.0", f"a={direction}", f"a=mid:{mid}", "a=rtcp-mux"]
    lines += [f"a=ice-ufrag:{transport.ufrag}", f"a=ice-pwd:{transport.password}"]
    lines += [f"a=fingerprint:{fingerprint}" for fingerprint in transport.fingerprints]
    lines.append(f"a=setup:{setup}")
    lines += _codec_lines(section, formats)
    lines += _extension_lines(section)
    if msid := section.value("msid"):
        lines.append(f"a=msid:{msid}")
    lines += _ssrc_lines(section)
    return Section(section.kind, 9, "UDP/TLS/RTP/SAVPF", formats, lines)


def rejected(section: Section) -> Section:
    """The answer to a section that is not taken: port 0, the rest as offered (RFC 3264 §6)."""
    lines = ["c=IN IP4 0.0.0.0", "a=inactive"]
    if section.mid:
        lines.append(f"a=mid:{section.mid}")
    return Section(section.kind, 0, section.protocol, section.formats, lines)


def ask_for_fec(section: Section) -> None:
    """Give every Opus format the parameters that aiortc leaves out, in place of others."""
    maps = (_RTPMAP.fullmatch(value) for value in section.values("rtpmap"))
    opus = [match[1] for match in maps if match is not None and match[2].lower() == "opus"]
    others = tuple(f"a=fmtp:{number} " for number in opus)
    lines = [line for line in section.lines if not line.startswith(others)]
    section.lines = []
    for line in lines:
        section.lines.append(line)
        match = _RTPMAP.fullmatch(line.removeprefix("a=rtpmap:"))
        if match is not None and match[1] in opus:
            section.lines.append(f"a=fmtp:{match[1]} {OPUS_FMTP}")


def takes_fec(section: Section) -> bool:
    """Whether the other side wants in-band FEC of us (RFC 7587 §6.1: not where it says nothing)."""
    wanted = (one.parameters.get("useinbandfec") for one in _codecs(section) if _is_opus(one))
    return next(wanted, None) == 1


def _is_opus(codec: RTCRtpCodecParameters) -> bool:
    return codec.mimeType.lower() == "audio/opus"


def _codecs(section: Section) -> Iterator[RTCRtpCodecParameters]:
    parameters = dict(_parameters(section))
    maps = (_RTPMAP.fullmatch(value) for value in section.values("rtpmap"))
    known = {match[1]: match for match in maps if match is not None}
    feedback = [value.split(" ") for value in section.values("rtcp-fb")]
    for payload_type in section.formats:
        match = known.get(payload_type)
        if match is None or int(payload_type) > 127:
            continue
        codec = RTCRtpCodecParameters(
            mimeType=f"{section.kind}/{match[2]}",
            clockRate=int(match[3]),
            channels=int(match[4] or 1) if section.kind == "audio" else None,
            payloadType=int(payload_type),
            rtcpFeedback=[
                RTCRtcpFeedback(words[1], " ".join(words[2:]) or None)
                for words in feedback
                if words[0] in (payload_type, "*") and len(words) > 1
            ],
        )
        try:
            codec.parameters = parameters_from_sdp(parameters.get(payload_type, ""))
        except ValueError:
            continue  # a number that is none: this format cannot be used
        yield codec


def _parameters(section: Section) -> Iterator[tuple[str, str]]:
    for value in section.values("fmtp"):
        payload_type, _, rest = value.partition(" ")
        # RFC 6838 §4.3 lets blanks stand around the semicolons; aiortc takes them into the names.
        yield payload_type, ";".join(part.strip() for part in rest.split(";") if part.strip())


def _codec_lines(section: Section, formats: list[str]) -> Iterator[str]:
    parameters = dict(_parameters(section))
    maps = {value.split(" ")[0]: value for value in section.values("rtpmap")}
    feedback = [value.split(" ") for value in section.values("rtcp-fb")]
    for payload_type in formats:
        yield f"a=rtpmap:{maps[payload_type]}"
        if text := parameters.get(payload_type):
            yield f"a=fmtp:{payload_type} {text}"
        for words in feedback:
            if words[0] in (payload_type, "*") and len(words) > 1:
                yield f"a=rtcp-fb:{payload_type} {' '.join(words[1:])}"


def _extension_lines(section: Section) -> Iterator[str]:
    known = {extension.uri for extension in HEADER_EXTENSIONS[section.kind]}
    for value in section.values("extmap"):
        match = _EXTMAP.fullmatch(value)
        # RFC 8285 §4.2: 1 to 14 in the one-byte form.
        if match is not None and match[2] in known and 1 <= int(match[1]) <= 14:
            yield f"a=extmap:{match[1]} {match[2]}"


def _ssrc_lines(section: Section) -> Iterator[str]:
    """The first stream and, where it has one, its RTX stream: aiortc goes by their order."""
    matches = [_SSRC.fullmatch(value) for value in section.values("ssrc")]
    found = [match for match in matches if match is not None and int(match[1]) < 1 << 32]
    if not found:
        return
    pairs = [_FID.fullmatch(value) for value in section.values("ssrc-group")]
    wanted = next(([pair[1], pair[2]] for pair in pairs if pair), [found[0][1]])
    for ssrc in wanted:
        yield from (f"a=ssrc:{ssrc} {one[2]}:{one[3]}" for one in found if one[1] == ssrc)
