"""Takes out of a text what must not be in a log, as the last line of defence.

Code that logs is expected to leave these things out by itself. This catches what slips through,
above all the texts of exceptions and of libraries: tokens and passwords, session descriptions and
candidates, IP addresses, the contents of messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from re import Match

NEWLINE = r"(?:\\r\\n|\\n|\r\n|\n|\r)"
"""As it is, or as repr() and JSON write it."""
REST_OF_LINE = r"[^\r\n'\"\\]*"
QUOTED = r"""(?P<quote>['"])(?:\\.|(?!(?P=quote)).)*(?P=quote)?"""
SECRETS = (
    "access_token|refresh_token|login_token|token|password|passwd|secret|credential|authorization"
    "|macaroon|pickle_key|recovery_key"
)
CONTENTS = "body|formatted_body|sdp|candidate|ciphertext|k|iv"
SDP_LINE = (
    r"\b(?:a=(?:candidate|ice-ufrag|ice-pwd|fingerprint|crypto|ssrc|rtpmap|fmtp|msid|rtcp)"
    r"|c=IN |o=\S+ \d+ |m=(?:audio|video|application) \d+ )"
)


def _address(match: Match[str]) -> str:
    """An address goes; what only looks like one stays: a time of day, a name with two colons."""
    text = match.group()
    try:
        ip_address(text)
    except ValueError:
        return text
    return text if text == "::" else "[ip]"


_Rule = tuple[re.Pattern[str], str | Callable[[Match[str]], str]]
_RULES: tuple[_Rule, ...] = (
    # A whole session description, from its first line (RFC 8866 §5.1) to the end of the text.
    (re.compile(rf"\bv=0\s*{NEWLINE}.*", re.DOTALL), "[sdp]"),
    # Single lines of one, as parsers quote them; a candidate attribute (RFC 8839 §5.1).
    (re.compile(SDP_LINE + REST_OF_LINE), "[sdp]"),
    (re.compile(rf"\bcandidate:\S+ \d+ \w+ \d+ {REST_OF_LINE}"), "[candidate]"),
    # The content of an event as JSON or repr(): it may nest, so nothing after it is kept.
    (re.compile(r"""(['"])content\1\s*:\s*\{.*""", re.DOTALL), "'content': [content]"),
    # "name": "value", name=value, name: value
    (
        re.compile(
            rf"""(?P<name>(['"])(?:{SECRETS}|{CONTENTS})\2\s*:\s*){QUOTED}""",
            re.IGNORECASE | re.DOTALL,
        ),
        r"\g<name>[redacted]",
    ),
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{6,}", re.IGNORECASE), r"\1 [redacted]"),
    (
        re.compile(
            rf"""(?P<name>\b(?:{SECRETS})\s*[=:]\s*)(?:{QUOTED}|(?!Bearer|Basic)[^\s'"&,;)]+)""",
            re.IGNORECASE,
        ),
        r"\g<name>[redacted]",
    ),
    # Tokens in the shapes of Synapse and of the Matrix Authentication Service.
    (re.compile(r"\b(?:sy[tr]|ma[tr]|mc[tr])_[A-Za-z0-9_=-]{6,}"), "[token]"),
    # A recovery key, as it is written down: base58 in groups of four.
    (
        re.compile(r"\bEs[1-9A-HJ-NP-Za-km-z]{2}(?: ?[1-9A-HJ-NP-Za-km-z]{4}){11}\b"),
        "[recovery key]",
    ),
    # IPv6, also with IPv4 at its end; then IPv4.
    (
        re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:\.\d{1,3}){0,3}"),
        _address,
    ),
    (re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)"), _address),
)


def redact(text: str) -> str:
    """`text` without what must not be logged."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


_MATRIX_ID = re.compile(r"[@!#][^\s:@!#'\"<>()]{1,250}:(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::\d{1,5})?")
_ROOM_WITHOUT_SERVER = re.compile(r"![A-Za-z0-9_-]{40,}")
"""Of room version 12 (MSC4291): a hash and no server."""
_KINDS = {"@": "[user]", "!": "[room]", "#": "[room]"}


def without_matrix_ids(text: str) -> str:
    """`text` with `[user]` and `[room]` in place of ids of people and rooms."""
    text = _MATRIX_ID.sub(lambda match: _KINDS[match.group()[0]], text)
    return _ROOM_WITHOUT_SERVER.sub("[room]", text)
