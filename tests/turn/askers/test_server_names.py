"""The grammar of server names and user ids, and that of addresses hidden in them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from turn.askers.server_names import parse_server_name, server_of

LABELS = st.text("abcXYZ019-", min_size=1, max_size=63)
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: [*labels, "example"])
PORTS = st.none() | st.integers(1, 65535)


@pytest.mark.parametrize(
    ("text", "host", "port", "address"),
    [
        # The examples of the specification, appendices, "Server name".
        ("matrix.org", "matrix.org", None, None),
        ("matrix.org:8888", "matrix.org", 8888, None),
        ("1.2.3.4", "1.2.3.4", None, "1.2.3.4"),
        ("1.2.3.4:1234", "1.2.3.4", 1234, "1.2.3.4"),
        ("[1234:5678::abcd]", "[1234:5678::abcd]", None, "1234:5678::abcd"),
        ("[1234:5678::abcd]:5678", "[1234:5678::abcd]", 5678, "1234:5678::abcd"),
        ("[::ffff:10.0.0.1]", "[::ffff:10.0.0.1]", None, "::ffff:10.0.0.1"),
        ("localhost", "localhost", None, None),
        ("Example.ORG", "Example.ORG", None, None),
    ],
)
def test_server_names(text: str, host: str, port: int | None, address: str | None) -> None:
    name = parse_server_name(text)
    assert (name.host, name.port) == (host, port)
    assert name.address == (None if address is None else ipaddress.ip_address(address))
    assert str(name) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":8448",
        "example.org:",
        "example.org:0",
        "example.org:65536",
        "example.org:123456",
        "example.org:-1",
        "example.org:８４４８",  # digits, but not ASCII
        "example.org ",
        " example.org",
        "example.org\n",
        "exam ple.org",
        "exam_ple.org",
        "exämple.org",
        "example..org",
        ".example.org",
        "example.org.",
        "example.org/path",
        "example.org?query",
        "example.org#fragment",
        "user@example.org",
        "user:password@example.org",
        "https://example.org",
        "a" * 64 + ".org",
        "a." * 130 + "org",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "127.0.0.01",
        "0177.0.0.1",
        "1.2.3.4.5",
        "256.1.1.1",
        "example.123",
        "::1",
        "[::1",
        "[::1]x",
        "[fe80::1%eth0]",
        "[]",
        "[::g]",
        "[1.2.3.4]",
        "[::1]:0",
        "\x00",
        "%31%32%37.0.0.1",
    ],
)
def test_what_is_no_server_name(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, it must not be used
        parse_server_name(text)


@given(NAMES, PORTS)
def test_every_dns_name_and_port_comes_back(labels: list[str], port: int | None) -> None:
    host = ".".join(labels)
    name = parse_server_name(host if port is None else f"{host}:{port}")
    assert (name.host, name.port, name.address) == (host, port, None)
    # What is a server name here must be a host to the library that connects.
    assert URL.build(scheme="https", host=name.host, port=443).raw_host == host.lower()


@given(st.ip_addresses(), PORTS)
def test_every_address_is_known_for_one(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int | None
) -> None:
    host = str(address) if address.version == 4 else f"[{address}]"
    name = parse_server_name(host if port is None else f"{host}:{port}")
    assert (name.address, name.port) == (address, port)


@given(st.text(max_size=300) | st.from_regex(r"[0-9a-fx.:\[\]]{1,40}"))
def test_any_text_is_a_server_name_or_a_value_error(text: str) -> None:
    try:
        name = parse_server_name(text)
    except ValueError:
        return
    assert str(name) == text
    assert text.isascii()
    assert not set(text) & set("/?#@% \r\n\\")
    URL.build(scheme="https", host=name.host.strip("[]"), port=name.port)


@pytest.mark.parametrize(
    ("user_id", "server"),
    [
        ("@alice:example.org", "example.org"),
        ("@alice:example.org:8448", "example.org:8448"),
        ("@alice:[::1]:8448", "[::1]:8448"),
        ("@:example.org", "example.org"),  # historical, and there are some
        ("@Ünï/=!:example.org", "example.org"),
    ],
)
def test_the_server_of_a_user_is_all_after_the_first_colon(user_id: str, server: str) -> None:
    assert server_of(user_id) == server


@pytest.mark.parametrize(
    "user_id",
    [
        "",
        "@alice",
        "alice:example.org",
        "@alice:",
        "@alice:evil.org:example.org",
        "@al\nice:example.org",
        "@al\x1b[31mice:example.org",
        "@\ud800:example.org",
        "@alice:example.org\n",
        "@" + "a" * 250 + ":example.org",
        "@" + "ü" * 125 + ":example.org",
    ],
)
def test_what_is_no_user_id(user_id: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - as above
        server_of(user_id)
