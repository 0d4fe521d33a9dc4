"""What well-known files say, for how long, and where redirects lead."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from turn.askers.well_known import (
    MAX_LIFETIME,
    failure_lifetime,
    lifetime,
    read_object,
    read_well_known,
    redirected,
)

HOUR = 3600.0
FILE = URL("https://example.org/.well-known/matrix/server")


def test_a_file_delegates() -> None:
    body = b'{"m.server": "m.example.net:443", "unknown": {}}'
    assert str(read_well_known(body)) == "m.example.net:443"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"m.example.net"',
        b"{}",
        b'{"m.server": null}',
        b'{"m.server": 5}',
        b'{"m.server": ["m.example.net"]}',
        b'{"m.server": ""}',
        b'{"m.server": "https://m.example.net"}',
        b'{"m.server": "m.example.net/path"}',
        b'{"m.server": "127.1"}',
        b'{"m.server": "m.example.net\\r\\nHost: x"}',
        b"\xff\xfe{}",
        b'\xef\xbb\xbf{"m.server": "x.org"}',
        b"<html>",
        b"[" * 50_000,
        b'{"a":' * 9_000,
        b"1" * 50_000,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_no_file(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - ValueError is what it promises
        read_well_known(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_value_error(body: bytes) -> None:
    try:
        value = read_object(body)
    except ValueError:
        return
    assert value == json.loads(body)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 24 * HOUR),
        ({"Cache-Control": "max-age=3600"}, HOUR),
        ({"Cache-Control": "public, MAX-AGE=3600"}, HOUR),
        ({"Cache-Control": "max-age=3600", "Age": "600"}, HOUR - 600),
        ({"Cache-Control": "max-age=60", "Age": "600"}, 0),
        ({"Cache-Control": "max-age=0"}, 0),
        ({"Cache-Control": "no-store"}, 0),
        ({"Cache-Control": "no-cache, max-age=3600"}, 0),
        ({"Cache-Control": "max-age=999999999"}, 48 * HOUR),
        ({"Cache-Control": "max-age=" + "9" * 5000}, 48 * HOUR),
        ({"Cache-Control": "max-age=soon"}, 24 * HOUR),
        ({"Cache-Control": "max-age=-5"}, 24 * HOUR),
        ({"Age": "\u0664"}, 24 * HOUR - 4),
        # A server whose clock is years off is as right about the difference as any other.
        (
            {
                "Date": "Thu, 01 Jan 1970 00:00:00 GMT",
                "Expires": "Thu, 01 Jan 1970 02:00:00 GMT",
            },
            2 * HOUR,
        ),
        (
            {
                "Date": "Thu, 01 Jan 1970 00:00:00 -0000",
                "Expires": "Thu, 01 Jan 1970 02:00:00 GMT",
            },
            2 * HOUR,
        ),
        ({"Expires": "Thu, 01 Jan 1970 02:00:00 GMT"}, 24 * HOUR),
        (
            {"Date": "Sat, 01 Jan 2000 00:00:00 GMT", "Expires": "Thu, 01 Jan 1970 00:00:00 GMT"},
            0,
        ),
        ({"Date": "Sat, 01 Jan 2000 00:00:00 GMT", "Expires": "0"}, 24 * HOUR),
    ],
)
def test_lifetimes(headers: dict[str, str], seconds: float) -> None:
    assert lifetime(headers) == seconds


@given(
    st.dictionaries(
        st.sampled_from(["Cache-Control", "Age", "Expires", "Date"]),
        st.text(max_size=30) | st.from_regex(r"max-age=\"?[0-9]{0,400}"),
    )
)
def test_no_headers_keep_a_file_for_longer_than_two_days(headers: dict[str, str]) -> None:
    assert 0 <= lifetime(headers) <= MAX_LIFETIME


def test_failures_are_asked_again_after_a_minute_and_then_less_often() -> None:
    assert [failure_lifetime(n) for n in (1, 2, 3, 6, 7, 10**9)] == [60, 120, 240, 1920, 3600, 3600]


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://www.example.org/x?y=z", "https://www.example.org/x?y=z"),
        ("//www.example.org/x", "https://www.example.org/x"),
        ("/elsewhere", "https://example.org/elsewhere"),
        ("https://www.example.org:444/#part", "https://www.example.org:444/"),
        ("https://[2a00::1]/", "https://[2a00::1]/"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
    ],
)
def test_redirects(location: str, target: str) -> None:
    assert redirected(FILE, location) == URL(target)


@pytest.mark.parametrize(
    "location",
    [
        None,
        "",
        "http://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "ftp://example.org/",
        "javascript:alert(1)",
        "https://user:password@example.org/",
        "https://user@example.org/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://exam_ple.org/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://[::1]@/",
        "https://example.org:99999/",
        "https://example.org/" + "x" * 3000,
    ],
)
def test_redirects_that_are_not_followed(location: str | None) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - ValueError is what it promises
        redirected(FILE, location)


@given(st.text(max_size=100) | st.from_regex(r"(https|http)?:?//[^\n]{0,50}"))
def test_a_redirect_leads_to_https_or_nowhere(location: str) -> None:
    try:
        target = redirected(FILE, location)
    except ValueError:
        return
    assert target.scheme == "https"
    assert target.raw_host
    assert target.user is None
