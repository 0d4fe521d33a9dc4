"""Which ports and addresses, decided before anything starts."""

from __future__ import annotations

import socket

import pytest

from voip.service.demo.coturn import own_address
from voip.service.demo.errors import PortBusyError
from voip.service.demo.plan import DemoOptions, Plan


def test_everybody_has_an_origin_of_their_own() -> None:
    plan = Plan.of(DemoOptions(port=None))
    urls = {plan.page_url("alice"), plan.page_url("bob"), plan.homeserver_url}
    assert len(urls) == 3
    assert all(url.startswith("http://127.0.0.1:") for url in urls)


def test_on_the_lan_the_pages_are_served_with_tls_and_the_homeserver_is_not() -> None:
    plan = Plan.of(DemoOptions(port=None, lan=True))
    assert plan.page_url("alice").startswith(f"https://{own_address()}:")
    assert plan.homeserver_url.startswith("http://127.0.0.1:")


def test_ports_follow_the_one_that_was_chosen() -> None:
    plan = Plan.of(DemoOptions(port=18470))
    assert (plan.homeserver_port, plan.relay_port) == (18470, 18473)
    assert plan.page_ports == {"alice": 18471, "bob": 18472}


@pytest.mark.parametrize("offset", [0, 2])
def test_a_port_in_use_is_named_with_what_to_do(offset: int) -> None:
    with (
        socket.create_server(("127.0.0.1", 18480 + offset)),
        pytest.raises(PortBusyError, match=rf"Port {18480 + offset} .*--port"),
    ):
        Plan.of(DemoOptions(port=18480))
