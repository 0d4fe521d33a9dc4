"""Machines of their own on this one: network namespaces that reach each other through one alone.

`hub` has a leg to each of the others and forwards nothing between them, so two of those meet only
where something in the hub, a relay for instance, passes on what they send. All addresses look
public (inside the namespaces nobody else has them), so a hardened relay needs no exception.
"""

from __future__ import annotations

import itertools
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PUBLIC = "45.{}.{}.{}"
OURS = ("198.18.254.1", "198.18.254.2")  # RFC 2544: from this test into the hub
KNOCK = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1).close()
    said = "open"
except ConnectionRefusedError:
    said = "refused"
except OSError:
    said = "lost"
sys.stdout.write(said)
"""
_numbers = itertools.count()


class NotAllowed(Exception):
    """This machine makes no network namespaces; the text says why."""


@dataclass(frozen=True)
class Machine:
    """One namespace. `address` is what the hub, and nobody else, reaches it at."""

    name: str
    address: str

    def command(self, *words: str) -> list[str]:
        """What runs these words in here."""
        return ["ip", "netns", "exec", self.name, *words]

    def program(self, file: Path, *words: str) -> Path:
        """What runs these words in here, and what else it is given, as an executable file."""
        file.write_text(f'#!/bin/sh\nexec {shlex.join(self.command(*words))} "$@"\n')
        file.chmod(0o700)
        return file

    def reaches(self, address: str) -> bool:
        """Whether its system answers a connection that nobody there waits for."""
        return self._knock(address, 9) == "refused"

    def listens(self, address: str, port: int) -> bool:
        """Whether a server at that address takes connections from here."""
        return self._knock(address, port) == "open"

    def _knock(self, address: str, port: int) -> str:
        command = self.command(sys.executable, "-c", KNOCK, address, str(port))
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class Hub(Machine):
    """The one in the middle; `control` is how this process reaches it."""

    control: str


@dataclass(frozen=True)
class Network:
    hub: Hub
    left: Machine
    right: Machine


@contextmanager
def two_apart() -> Iterator[Network]:
    """Two machines and a hub between them. Raises NotAllowed."""
    if shutil.which("ip") is None:
        raise NotAllowed("the command ip is missing: on Debian, apt-get install iproute2")
    mark = f"voip{os.getpid() % 100_000}-{next(_numbers)}"
    with ExitStack() as stack:
        try:
            network = _made(stack, mark)
        except subprocess.CalledProcessError as error:
            raise NotAllowed(f"no networks between namespaces here: {error.stderr!r}") from error
        yield network


def _made(stack: ExitStack, mark: str) -> Network:
    names = [f"{mark}{end}" for end in "hlr"]
    for name in names:
        _namespace(stack, name)
    hub = Hub(names[0], PUBLIC.format(3, 0, 1), OURS[1])
    _ip(hub, "addr", "add", f"{hub.address}/32", "dev", "lo")
    _control(stack, mark, hub)
    left, right = (_leg(hub, name, net) for net, name in enumerate(names[1:], 1))
    return Network(hub, left, right)


def _namespace(stack: ExitStack, name: str) -> None:
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        raise NotAllowed(f"no network namespaces here: {made.stderr.strip()}")
    stack.callback(_run, ["ip", "netns", "delete", name])
    _run(["ip", "-n", name, "link", "set", "lo", "up"])


def _control(stack: ExitStack, mark: str, hub: Hub) -> None:
    here, there = f"{mark}c"[-15:], "control"
    _run(["ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", hub.name])
    stack.callback(subprocess.run, ["ip", "link", "delete", here], capture_output=True, check=False)
    _run(["ip", "addr", "add", f"{OURS[0]}/30", "dev", here])
    _run(["ip", "link", "set", here, "up"])
    _ip(hub, "addr", "add", f"{OURS[1]}/30", "dev", there)
    _ip(hub, "link", "set", there, "up")


def _leg(hub: Hub, name: str, net: int) -> Machine:
    """A machine beside the hub, whose only way anywhere is the hub, which forwards nothing."""
    machine, device = Machine(name, PUBLIC.format(net, 0, 2)), f"leg{net}"
    gateway = PUBLIC.format(net, 0, 1)
    _ip(hub, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", name)
    _ip(hub, "addr", "add", f"{gateway}/24", "dev", device)
    _ip(hub, "link", "set", device, "up")
    _ip(machine, "addr", "add", f"{machine.address}/24", "dev", "eth0")
    _ip(machine, "link", "set", "eth0", "up")
    _ip(machine, "route", "add", "default", "via", gateway)
    _run(hub.command("sysctl", "-qw", "net.ipv4.ip_forward=0"))
    return machine


def _ip(machine: Machine, *words: str) -> None:
    _run(["ip", "-n", machine.name, *words])


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
