"""Two network namespaces with public-looking addresses: for relays, and for a caller."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

CALLER, CALLER_IPV6 = "45.0.0.2", "2a0f:45::2"


@dataclass(frozen=True)
class Namespaces:
    relay: tuple[str, ...]
    """What to run a command by, so that it runs where the relays are."""
    caller: tuple[str, ...]

    def close_relay_ports(self, address: str) -> None:
        """A firewall that knows of 3478 only; a relay cannot reach itself through it either."""
        rule = [*self.relay, "ip", "rule"]
        closed = ["to", address, "ipproto", "udp", "dport", "49152-65534", "blackhole"]
        for change in (
            ["add", "table", "local", "pref", "1"],
            ["delete", "table", "local", "pref", "0"],
            ["add", *closed, "pref", "0"],
        ):
            subprocess.run([*rule, *change], check=True)


@contextmanager
def namespaces(relays: Sequence[str]) -> Iterator[Namespaces]:
    """``relays``: the addresses of theirs. Skips where the machine does not allow namespaces."""
    if shutil.which("ip") is None:
        pytest.skip("the command ip is missing: on Debian, apt-get install iproute2")
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    word = secrets.token_hex(3)
    relay, caller = f"vtr{word}", f"vtc{word}"
    try:
        _ip("netns", "add", relay)
    except subprocess.CalledProcessError:
        pytest.skip("this machine does not allow network namespaces")
    try:
        _ip("netns", "add", caller)
        _ip("-n", relay, "link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", caller)
        for name, addresses in ((relay, relays), (caller, [CALLER, CALLER_IPV6])):
            for address in addresses:
                _ip("-n", name, "address", "add", *_prefix(address), "dev", "v0")
            for device in ("lo", "v0"):
                _ip("-n", name, "link", "set", device, "up")
        yield Namespaces(("ip", "netns", "exec", relay), ("ip", "netns", "exec", caller))
    finally:
        for name in (caller, relay):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _prefix(address: str) -> list[str]:
    # nodad: IPv6 addresses wait a second to see whether another machine has them.
    return [f"{address}/64", "nodad"] if ":" in address else [f"{address}/24"]
