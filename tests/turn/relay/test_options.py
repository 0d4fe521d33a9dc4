"""A relay that cannot work is refused before it starts, with a word on what to change."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from turn.relay.limits import Limits
from turn.relay.options import BadOptions, RelayOptions
from turn.stun.names import Family

EVERY = "0.0.0.0"  # noqa: S104 - nothing is bound


def options(**changed: Any) -> RelayOptions:
    return RelayOptions(**{"listen": (("9.9.9.9", 3478),), "realm": "example.org", **changed})


def test_the_listening_addresses_are_relayed_from() -> None:
    both = options(listen=(("9.9.9.9", 3478), ("2620:fe::9", 3478)), external=("8.8.8.8",))
    assert both.relays() == {Family.IPV4: "9.9.9.9", Family.IPV6: "2620:fe::9"}
    assert both.told() == {Family.IPV4: "8.8.8.8", Family.IPV6: "2620:fe::9"}


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"listen": ()}, "listens nowhere"),
        ({"listen": (("relay.example.org", 3478),)}, "names are not looked up"),
        ({"listen": ((EVERY, 3478),)}, "which one to relay from"),
        ({"listen": (("::", 3478),)}, "which one to relay from"),
        ({"listen_tls": (("9.9.9.9", 443),)}, "certificate"),
        ({"realm": ""}, "realm"),
        ({"realm": "x" * 100}, "realm"),
        ({"ports": range(0)}, "range within"),
        ({"ports": range(1000, 2000)}, "range within"),
        ({"ports": range(60_000, 70_000)}, "range within"),
        ({"relay_addresses": ("9.9.9.9", "9.9.9.10")}, "one relay address of each family"),
        ({"external": ("2620:fe::9",)}, "nothing of its family"),
        ({"external": ("somewhere",)}, "not an external address"),
    ],
)
def test_what_is_refused(changed: dict[str, Any], word: str) -> None:
    with pytest.raises(BadOptions, match=word):
        options(**changed)


def test_every_address_may_be_listened_at_when_one_is_relayed_from() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found = options(
        listen=((EVERY, 3478),),
        listen_tls=((EVERY, 443),),
        tls=context,
        relay_addresses=("9.9.9.9",),
    )
    assert found.told() == {Family.IPV4: "9.9.9.9"}


@pytest.mark.parametrize(
    "limits",
    [{"per_id": 0}, {"total": 0}, {"allocation_bandwidth": 1000.0}, {"total_bandwidth": 0.0}],
)
def test_limits_that_let_nothing_through(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be at least"):
        Limits(**limits)
