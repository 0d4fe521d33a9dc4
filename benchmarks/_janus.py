"""Janus (Debian's), whose videoroom records what its publishers send: another way to record calls.

It runs with a configuration of its own in a temporary folder, on loopback but for media: Janus
takes no loopback candidates, so those go over this machine's own address.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

ROOM: Final = 1
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PLUGINS: Final = "/usr/lib/*/janus"
_GENERAL: Final = """
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{plugins}/plugins"
  transports_folder = "{plugins}/transports"
  events_folder = "{folder}"
  loggers_folder = "{folder}"
  admin_secret = "{secret}"
  session_timeout = 0
  debug_level = 3
}}
media: {{ rtp_port_range = "20000-40000" }}
nat: {{ nice_debug = false, ice_tcp = false, ignore_mdns = true }}
transports: {{ disable = "{others}" }}
plugins: {{ disable = "{unused}" }}
"""
_HTTP: Final = """
general: {{
  json = "compact"
  base_path = "/janus"
  http = true
  port = {port}
  ip = "127.0.0.1"
  https = false
}}
admin: {{ admin_http = false }}
"""
_ROOMS: Final = """
room-{room}: {{
  description = "recorded"
  publishers = 1000
  audiocodec = "opus"
  record = true
  rec_dir = "{recordings}"
}}
"""


def install() -> None:
    """Janus itself, where it is missing. Raises CalledProcessError where that cannot be done."""
    tool = Path(__file__).parent.parent / "tools" / "debian.py"
    subprocess.run([sys.executable, str(tool), "janus=janus"], check=True, stdout=sys.stderr)


class Janus:
    """A Janus that records into `folder`; use it with `with`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._recordings = folder / "recordings"
        self._port = _free_port()
        self._log = (folder / "janus.log").open("wb")
        self._process: subprocess.Popen[bytes] | None = None

    def answer(self, offers: list[str]) -> list[str]:
        """Join the room once for each offer, publish and be recorded; gives the answers."""
        return [self._publish(number, offer) for number, offer in enumerate(offers)]

    def cpu(self) -> float:
        """Processor seconds of all its threads so far."""
        assert self._process
        stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    def recorded(self) -> list[int]:
        """The sizes of its recordings in bytes."""
        return [path.stat().st_size for path in self._recordings.glob("*.mjr")]

    def __enter__(self) -> Self:
        self._configure()
        self._process = subprocess.Popen(
            ["janus", "-F", str(self._folder)], stdout=self._log, stderr=self._log
        )
        self._wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

    def _configure(self) -> None:
        self._recordings.mkdir(parents=True)
        (plugins,) = Path("/").glob(_PLUGINS[1:])
        files = {
            "janus.jcfg": _GENERAL.format(
                folder=self._folder,
                plugins=plugins,
                secret=secrets.token_hex(),
                others=_all_but(plugins / "transports", "http"),
                unused=_all_but(plugins / "plugins", "videoroom"),
            ),
            "janus.transport.http.jcfg": _HTTP.format(port=self._port),
            "janus.plugin.videoroom.jcfg": _ROOMS.format(room=ROOM, recordings=self._recordings),
        }
        for name, text in files.items():
            (self._folder / name).write_text(text, encoding="utf-8")

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                self._ask("", "info", get="/info")
            except OSError:
                if time.monotonic() > deadline or (self._process and self._process.poll()):
                    raise
                time.sleep(0.1)
            else:
                return

    def _publish(self, number: int, offer: str) -> str:
        session = f"/{self._ask('', 'create')['data']['id']}"
        plugin = self._ask(session, "attach", plugin="janus.plugin.videoroom")["data"]["id"]
        self._ask(
            f"{session}/{plugin}",
            "message",
            body={
                "request": "joinandconfigure",
                "ptype": "publisher",
                "room": ROOM,
                "display": str(number),
                "record": True,
                "filename": str(number),  # within the room's folder
            },
            jsep={"type": "offer", "sdp": offer},
        )
        for _ in range(10):
            event = self._ask(session, "event", get=f"{session}?maxev=1")
            if "jsep" in event:
                return str(event["jsep"]["sdp"])
        raise RuntimeError("Janus gave no answer")

    def _ask(self, path: str, what: str, *, get: str | None = None, **more: Any) -> Any:
        url = f"http://127.0.0.1:{self._port}/janus"
        if get is not None:
            request = urllib.request.Request(url + get)  # noqa: S310 - our own process
        else:
            body = json.dumps({"janus": what, "transaction": secrets.token_hex(8), **more})
            request = urllib.request.Request(url + path, body.encode())  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer = json.load(response)
        if answer.get("janus") == "error":
            raise RuntimeError(f"Janus refused to {what}: {answer['error']['reason']}")
        return answer


def _all_but(folder: Path, wanted: str) -> str:
    names = (path.name for path in folder.glob("*.so"))
    return ",".join(name for name in names if wanted not in name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
