"""RFC 7064 and RFC 7065: what is a URI of a relay, and what is told of one that is none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.client.uri import RelayUri, Transport, UriError, parse_uri


@pytest.mark.parametrize(
    ("text", "host", "port", "transport", "relays"),
    [
        ("turn:example.org", "example.org", 3478, Transport.UDP, True),
        ("turns:example.org", "example.org", 5349, Transport.TLS, True),
        ("turn:example.org:8000", "example.org", 8000, Transport.UDP, True),
        ("turn:example.org?transport=udp", "example.org", 3478, Transport.UDP, True),
        ("turn:example.org?transport=tcp", "example.org", 3478, Transport.TCP, True),
        ("turns:example.org:443?transport=tcp", "example.org", 443, Transport.TLS, True),
        ("turns:example.org?transport=udp", "example.org", 5349, Transport.DTLS, True),
        ("TURN:Example.org?transport=TCP", "Example.org", 3478, Transport.TCP, True),
        ("turn:[2001:db8::1]:3479", "2001:db8::1", 3479, Transport.UDP, True),
        ("turn:192.0.2.1", "192.0.2.1", 3478, Transport.UDP, True),
        ("stun:example.org", "example.org", 3478, Transport.UDP, False),
        ("stuns:example.org", "example.org", 5349, Transport.TLS, False),
    ],
)
def test_uris(text: str, host: str, port: int, transport: Transport, relays: bool) -> None:
    assert parse_uri(text) == RelayUri(text, relays, host, port, transport)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "must begin with turn:"),
        ("http://example.org", "must begin with turn:"),
        ("example.org:3478", "must begin with turn:"),
        ("turn://example.org", "no slashes"),
        ("turn:", "form"),
        ("turn:example.org:99999", "port 99999"),
        ("turn:example.org:0", "port 0"),
        ("turn:example.org:port", "form"),
        ("turn:user@example.org", "form"),
        ("turn:example.org/path", "form"),
        ("turn:2001:db8::1", "form"),
        ("turn:[2001:db8::1", "form"),
        ("turn:[192.0.2.1.5]", "brackets"),
        ("turn:1.2.3.4.5", "neither a name nor an address"),
        ("turn:999.0.0.1", "neither a name nor an address"),
        ("turn:-a.example", "neither a name nor an address"),
        ("turn:a..example", "neither a name nor an address"),
        ("turn:example.org?transport=sctp", "udp or tcp"),
        ("turn:example.org?foo=bar", "transport="),
        ("stun:example.org?transport=udp", "nothing after the port"),
        ("turn:" + "a" * 2000, "longer"),
    ],
)
def test_what_is_no_uri(text: str, word: str) -> None:
    with pytest.raises(UriError, match=word):
        parse_uri(text)


@given(st.one_of(st.text(), st.text().map(lambda rest: f"turn:{rest}")))
def test_whatever_comes_is_a_uri_or_is_told_why_not(text: str) -> None:
    with suppress(UriError):
        uri = parse_uri(text)
        assert 0 < uri.port < 65536
        assert uri.host
