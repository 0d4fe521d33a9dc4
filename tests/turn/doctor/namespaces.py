"""Two network namespaces with public-looking addresses: a relay's and a caller's."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

RELAY, CALLER, INNER = "45.0.0.1", "45.0.0.2", "10.77.0.5"
"""The first two look public to everybody; the third is what a relay behind NAT calls itself."""


@dataclass(frozen=True)
class Namespaces:
    relay: tuple[str, ...]
    """What to run a command by, so that it runs where the relay is."""
    caller: tuple[str, ...]


@contextmanager
def namespaces() -> Iterator[Namespaces]:
    """Skips where the machine does not allow them."""
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
        for name, addresses in ((relay, (RELAY, INNER)), (caller, (CALLER,))):
            for address in addresses:
                _ip("-n", name, "address", "add", f"{address}/24", "dev", "v0")
            for device in ("lo", "v0"):
                _ip("-n", name, "link", "set", device, "up")
        yield Namespaces(("ip", "netns", "exec", relay), ("ip", "netns", "exec", caller))
    finally:
        subprocess.run(["ip", "netns", "delete", caller], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "delete", relay], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
