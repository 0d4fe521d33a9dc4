"""The only place that touches private names of aiortc 1.16 and aioice 0.13.

Neither has a public way to get encoded media, to bound gathering, to speak DTLS with an RSA peer,
to restart ICE or to change what a receiver receives. Every private name stands in the tables of
`names`; `moved_names` says which of them a newer version no longer has, and a test fails with that
list.
"""

from voip.media.private.audio_sender import AudioSender, Send, send_now
from voip.media.private.meters import hear_reports, note_report, receptions_of, sent_by
from voip.media.private.names import Dtls, Ice, Receiver, Sender, moved_names
from voip.media.private.reports import report_seldom
from voip.media.private.rtp import AudioTap, VideoTap, direct, receive
from voip.media.private.sending import (
    has_started,
    on_keyframe_wanted,
    on_rate_told,
    streams_of_sender,
)
from voip.media.private.transport import (
    abandon_relays,
    accept_rsa,
    adopt,
    carries,
    checks_of,
    connection_of,
    emitters_of,
    guard_input,
    nominated,
    open_sockets,
    protocols_of,
    put_path,
    release,
    rename,
    reopen_candidates,
    replace_connect,
    set_hosts,
    take_host,
    watch_rtcp,
)

__all__ = [
    "AudioSender",
    "AudioTap",
    "Dtls",
    "Ice",
    "Receiver",
    "Send",
    "Sender",
    "VideoTap",
    "abandon_relays",
    "accept_rsa",
    "adopt",
    "carries",
    "checks_of",
    "connection_of",
    "direct",
    "emitters_of",
    "guard_input",
    "has_started",
    "hear_reports",
    "moved_names",
    "nominated",
    "note_report",
    "on_keyframe_wanted",
    "on_rate_told",
    "open_sockets",
    "protocols_of",
    "put_path",
    "receive",
    "receptions_of",
    "release",
    "rename",
    "reopen_candidates",
    "replace_connect",
    "report_seldom",
    "send_now",
    "sent_by",
    "set_hosts",
    "streams_of_sender",
    "take_host",
    "watch_rtcp",
]
