"""The relay of this project as a process of the demo, where coturn is not installed."""

from __future__ import annotations

import ipaddress
import sys

from voip.service.demo.coturn import RelayOptions, RelayProcess
from voip.service.demo.processes import ChildProcess

PROGRAM = "from turn.cli import main; main()"
PORTS = "49152-50175"
"""Enough for every call that this machine could carry."""


class OwnRelayProcess(RelayProcess):
    """Relays to the same peers as coturn does here: to nobody but ourselves, or our network."""

    def __init__(self, options: RelayOptions) -> None:
        super().__init__(options)
        folder = options.data_dir.resolve()
        self._secret = folder / "secret"
        bits = 24 if options.whole_lan else ipaddress.ip_address(options.address).max_prefixlen
        peers = ipaddress.ip_network(f"{options.address}/{bits}", strict=False)
        host = f"[{options.address}]" if ":" in options.address else options.address
        command = [sys.executable, "-c", PROGRAM, "relay", "--listen", f"{host}:{options.port}"]
        command += ["--realm", "voip", "--secret-file", str(self._secret)]
        command += ["--allow-peer", str(peers), "--ports", PORTS]
        self.process = ChildProcess("relay", command, folder / "relay.log")

    def prepare(self) -> None:
        self.options.data_dir.mkdir(parents=True, exist_ok=True)
        self._secret.touch(mode=0o600)
        self._secret.write_text(f"{self.options.secret}\n")
