"""What aiortc is told of an m-line that was agreed on."""

from __future__ import annotations

from collections.abc import Sequence

from aiortc import RTCRtpCodecParameters
from aiortc.rtcrtpparameters import (
    RTCRtcpParameters,
    RTCRtpDecodingParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpReceiveParameters,
    RTCRtpRtxParameters,
    RTCRtpSendParameters,
)

from voip.media.agreed import Line
from voip.media.sections import codecs_of, extensions_of, streams_of


def receiving(line: Line) -> RTCRtpReceiveParameters:
    """We get what our description says (RFC 3264 §6.1), in the streams that theirs names."""
    codecs = codecs_of(line.local)
    streams = streams_of(line.remote)
    rtx = RTCRtpRtxParameters(ssrc=streams[1]) if len(streams) > 1 else None
    parameters = RTCRtpReceiveParameters(
        codecs=codecs, headerExtensions=_extensions(line), muxId=line.mid
    )
    if streams:
        parameters.encodings = [
            RTCRtpDecodingParameters(ssrc=streams[0], payloadType=codec.payloadType or 0, rtx=rtx)
            for codec in codecs
            if codec.name.lower() != "rtx"
        ]
    return parameters


def sending(
    line: Line, codecs: Sequence[RTCRtpCodecParameters] | None = None
) -> RTCRtpSendParameters:
    """We send what the other side's description takes; or those `codecs` of it, the first one
    with the others for its retransmissions."""
    cname = (line.local.value("ssrc") or "").partition("cname:")[2]
    ours = streams_of(line.local)
    return RTCRtpSendParameters(
        codecs=codecs_of(line.remote) if codecs is None else list(codecs),
        headerExtensions=_extensions(line),
        muxId=line.mid,
        rtcp=RTCRtcpParameters(cname=cname or None, ssrc=ours[0] if ours else None, mux=True),
    )


def _extensions(line: Line) -> list[RTCRtpHeaderExtensionParameters]:
    return [
        RTCRtpHeaderExtensionParameters(id=number, uri=uri)
        for number, uri in extensions_of(line.local).items()
    ]
