"""Names that tell neither who nor where."""

from __future__ import annotations

import pytest

from voip.signalling.ids import Party
from voip.tracing.names import Hosts, People, nature, scrubbed

US, PEER = Party("@bot:test", "BOT"), Party("@ann:test", "PHONE")


def test_people_are_named_by_their_part() -> None:
    people = People(US, PEER)
    given = [
        (US, "us"),
        (PEER, "peer"),
        (Party("@ann:test", "LAPTOP"), "peer's other device"),
        (Party("@ann:test", "TABLET"), "peer's other device 2"),
        (Party("@bot:test", "OTHER"), "our other device"),
        (Party("@ann:test", ""), "peer"),
        (Party("@bot:test", ""), "us"),
        (Party("@zoe:test", "X"), "another person"),
        (Party("@zoe:test", "Y"), "another person"),
        (Party("@yan:test", "X"), "another person 2"),
        (Party("@ann:test", "LAPTOP"), "peer's other device"),
    ]
    assert [people.name(party) for party, _ in given] == [name for _, name in given]


@pytest.mark.parametrize("peer", [Party("@ann:test", ""), None])
def test_before_a_choice_the_first_device_is_the_peer(peer: Party | None) -> None:
    people = People(US, peer)
    assert people.name(Party("@ann:test", "FIRST")) == "peer"
    assert people.name(Party("@ann:test", "SECOND")) == "peer's other device"


def test_calling_oneself_keeps_the_devices_apart() -> None:
    people = People(US, Party("@bot:test", "PHONE"))
    assert people.name(Party("@bot:test", "PHONE")) == "peer"
    assert people.name(US) == "us"


def test_an_address_keeps_its_letter() -> None:
    hosts = Hosts()
    assert hosts.name("host", "192.168.0.7", "UDP") == "host A (IPv4, private, udp)"
    assert hosts.name("srflx", "8.8.8.8", "udp") == "srflx B (IPv4, public, udp)"
    assert hosts.name("relay", "192.168.0.7", "tcp") == "relay A (IPv4, private, tcp)"
    assert hosts.name("s3cret", "x", "s3cret") == "other C (no address, udp)"


def test_addresses_without_end_have_no_letters_without_end() -> None:
    hosts = Hosts()
    names = {hosts.name("host", f"10.0.{n // 250}.{n % 250}", "udp") for n in range(5000)}
    assert len(names) == 201
    assert "host AB (IPv4, private, udp)" in names


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("10.1.2.3", "IPv4, private"),
        ("100.64.0.1", "IPv4, carrier NAT"),
        ("169.254.0.1", "IPv4, link-local"),
        ("127.0.0.1", "IPv4, loopback"),
        ("0.0.0.0", "IPv4, hidden"),  # noqa: S104  # a related address that is not told
        ("fd00::1", "IPv6, private"),
        ("fe80::1%eth0", "IPv6, link-local"),
        ("2a00:1450::1", "IPv6, public"),
        ("9b36eaac-bb2e-49bb-bb78-21c41c499900.local", "mDNS name"),
        ("example.org", "no address"),
    ],
)
def test_what_sort_of_address(address: str, said: str) -> None:
    assert nature(address) == said


def test_texts_that_are_not_ours_are_scrubbed() -> None:
    dirty = "@ann:example.org in !abc:example.org at 203.0.113.5 with syt_abcdef_ghijkl"
    clean = scrubbed(dirty)
    for secret in ("ann", "abc", "203.0", "abcdef"):
        assert secret not in clean
    assert len(scrubbed("x" * 10_000)) <= 200
