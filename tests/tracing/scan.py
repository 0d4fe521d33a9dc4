"""Looks for what must not be in a trace."""

from __future__ import annotations

import re

FORBIDDEN = {
    "an IPv4 address": r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])",
    "an IPv6 address": r"(?i)\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b|\b[0-9a-f]{1,4}::[0-9a-f]",
    "a line of a session description": r"\ba=(?:ice|fingerprint|candidate|ssrc|rtpmap|fmtp|mid)",
    "a whole session description": r"v=0",
    "a candidate": r"candidate:\S|\btyp (?:host|srflx|relay)",
    "a key or a password of ICE": r"(?i)ufrag|ice-pwd|sha-256",
    "a token": r"\bsy[tr]_|access_token|\bmc[tr]_|password",
    "a user": r"@[\w.=-]+:[\w.-]+",
    "a room or an event": r"![\w-]{3,}|\$[\w-]{3,}",
    "an mDNS name": r"\.local\b",
}


def assert_tells_nothing(text: str, *secrets: str) -> None:
    """`secrets`: what besides must not be found, as it is."""
    for what, pattern in FORBIDDEN.items():
        found = re.search(pattern, text)
        assert found is None, f"{what}: {text[max(0, found.start() - 40) : found.end() + 20]!r}"
    for secret in secrets:
        assert secret not in text
