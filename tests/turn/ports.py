"""Ports for relays of the tests."""

from __future__ import annotations

import socket

from voip.service.demo.processes import free_port

RELAY_PORTS = range(49_152, 51_200)
"""What `matrix-turn config` gives coturn, where nothing else is asked for."""


def listening_port(host: str, kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A free one that is none of those that coturn relays at, as it refuses to be both."""
    while True:
        port = free_port(host, kind)
        if port not in RELAY_PORTS:
            return port
