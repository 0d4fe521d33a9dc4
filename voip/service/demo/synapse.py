"""Synapse from PyPI, as a process of ours on loopback, with SQLite in a data folder."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import importlib.util
import json
import secrets
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from voip.service.demo.errors import HomeserverError, MissingProgramError
from voip.service.demo.processes import ChildProcess, require_free_port
from voip.service.demo.synapse_config import SynapseOptions, prepare, registration_secret

READY_WITHIN = 90.0
REQUEST_WITHIN = 30.0
LIMITS_LIFTED: dict[str, Any] = {
    name: {"per_second": 1000, "burst_count": 10_000}
    for name in ("rc_message", "rc_registration", "rc_joins_per_room", "rc_room_creation")
} | {
    "rc_login": {
        kind: {"per_second": 1000, "burst_count": 10_000}
        for kind in ("address", "account", "failed_attempts")
    },
    "rc_joins": {kind: {"per_second": 1000, "burst_count": 10_000} for kind in ("local", "remote")},
    "rc_invites": {
        kind: {"per_second": 1000, "burst_count": 10_000}
        for kind in ("per_room", "per_user", "per_issuer")
    },
    "rc_key_requests": {"per_second": 1000, "burst_count": 10_000},
    "rc_presence": {"per_user": {"per_second": 1000, "burst_count": 10_000}},
    "rc_delayed_event_mgmt": {"per_second": 1000, "burst_count": 10_000},
}
"""For ``extra_config``: a homeserver that never answers 429."""


class SynapseProcess:
    """The blocking half, for fixtures and threads; every method names what it waits for."""

    def __init__(self, options: SynapseOptions) -> None:
        self.options = options
        log = options.data_dir.resolve() / "synapse.log"
        config = options.data_dir.resolve() / "homeserver.yaml"
        command = [sys.executable, "-m", "synapse.app.homeserver", "-c", str(config)]
        self.process = ChildProcess("Synapse", command, log)

    @property
    def url(self) -> str:
        return self.options.url

    @property
    def server_name(self) -> str:
        return self.options.server_name

    def start(self) -> None:
        """Block until it answers, about three seconds.

        :raises DemoError: not installed, port in use, or it did not start.
        """
        self.prepare()
        self.launch()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def prepare(self) -> None:
        """Write the data folder; blocks on the disk only."""
        if importlib.util.find_spec("synapse") is None:
            raise MissingProgramError(
                "Synapse is not installed: pip install 'matrix-voip[demo]', or make install."
            )
        require_free_port(self.options.host, self.options.port)
        prepare(self.options)

    def launch(self) -> None:
        """Start the process from the calling thread (see :class:`ChildProcess`); no waiting."""
        self.process.start()

    def wait_until_ready(self) -> None:
        hint = "A data folder of another version or server name cannot be used: try a new one."
        self.process.wait_until(self._answers, READY_WITHIN, hint)

    def stop(self) -> None:
        self.process.stop()

    def restart(self) -> None:
        """Stop and start on the same port and data; the access tokens stay valid."""
        self.stop()
        self.start()

    def register(self, localpart: str, password: str, *, admin: bool = False) -> str:
        """Make an account by the registration secret and return an access token of it.

        :raises HomeserverError: ``M_USER_IN_USE`` where it exists.
        """
        path = "/_synapse/admin/v1/register"
        nonce = str(self.request("GET", path)["nonce"])
        kind = "admin" if admin else "notadmin"
        secret = registration_secret(self.options.data_dir).encode()
        signed = "\0".join([nonce, localpart, password, kind]).encode()
        body = {
            "nonce": nonce,
            "username": localpart,
            "password": password,
            "admin": admin,
            "mac": hmac.new(secret, signed, hashlib.sha1).hexdigest(),
        }
        return str(self.request("POST", path, body)["access_token"])

    def lift_rate_limits(self, user_id: str) -> None:
        """Let one user send as fast as they like; 0 is Synapse's word for no limit."""
        path = f"/_synapse/admin/v1/users/{quote(user_id, safe='')}/override_ratelimit"
        no_limit = {"messages_per_second": 0, "burst_count": 0}
        self.request("POST", path, no_limit, token=self._admin_token())

    def ensure_user(self, localpart: str, password: str, display_name: str) -> str:
        """Make the account, or give the one that is there this password; returns the user id."""
        user_id = f"@{localpart}:{self.server_name}"
        body = {"password": password, "displayname": display_name, "logout_devices": False}
        path = f"/_synapse/admin/v2/users/{quote(user_id, safe='')}"
        self.request("PUT", path, body, token=self._admin_token())
        return user_id

    def token_for(self, user_id: str, seconds: float = 300) -> str:
        """An access token that acts as the user for a while, without being a device of theirs."""
        path = f"/_synapse/admin/v1/users/{quote(user_id, safe='')}/login"
        until = round((time.time() + seconds) * 1000)
        body = {"valid_until_ms": until}
        return str(self.request("POST", path, body, token=self._admin_token())["access_token"])

    def request(
        self, method: str, path: str, body: object = None, *, token: str | None = None
    ) -> dict[str, Any]:
        """One request to the homeserver; the decoded JSON object.

        :raises HomeserverError: any status but 2xx.
        :raises OSError: nobody answers.
        """
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection(
            self.options.host, self.options.port, timeout=REQUEST_WITHIN
        )
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            answer = json.loads(response.read() or b"{}")
        except (http.client.HTTPException, ValueError) as error:
            raise HomeserverError(f"{self.url} gave no Matrix answer to {method} {path}") from error
        finally:
            connection.close()
        if response.status // 100 != 2:
            code = str(answer.get("errcode", ""))
            what = f"{response.status} {code} {answer.get('error', '')}".strip()
            raise HomeserverError(f"Synapse refused {method} {path}: {what}", code)
        return dict(answer)

    def _answers(self) -> bool:
        try:
            return "versions" in self.request("GET", "/_matrix/client/versions")
        except (OSError, HomeserverError):
            return False

    def _admin_token(self) -> str:
        kept = self.options.data_dir / "admin.token"
        if not kept.exists():
            # A name of its own each time: an account whose token was lost is of no use to us.
            name = f"admin-{secrets.token_hex(4)}"
            token = self.register(name, secrets.token_urlsafe(24), admin=True)
            kept.touch(mode=0o600)
            kept.write_text(token)
        return kept.read_text()


class Synapse:
    """The same for coroutines::

    async with Synapse(SynapseOptions(folder, port)) as synapse:
        await synapse.register("alice", password)
    """

    def __init__(self, options: SynapseOptions) -> None:
        self.blocking = SynapseProcess(options)

    @property
    def url(self) -> str:
        return self.blocking.url

    @property
    def server_name(self) -> str:
        return self.blocking.server_name

    @property
    def log(self) -> Path:
        return self.blocking.process.log

    async def start(self) -> None:
        """:raises DemoError: not installed, port in use, or it did not start."""
        await asyncio.to_thread(self.blocking.prepare)
        self.blocking.launch()  # in the loop's thread, which outlives it; takes a millisecond
        try:
            await asyncio.to_thread(self.blocking.wait_until_ready)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        await asyncio.to_thread(self.blocking.stop)

    async def restart(self) -> None:
        """Stop and start on the same port and data; access tokens stay valid."""
        await self.stop()
        await self.start()

    async def register(self, localpart: str, password: str, *, admin: bool = False) -> None:
        """:raises HomeserverError: ``M_USER_IN_USE`` where the account exists."""
        await asyncio.to_thread(self.blocking.register, localpart, password, admin=admin)

    async def lift_rate_limits(self, user_id: str) -> None:
        await asyncio.to_thread(self.blocking.lift_rate_limits, user_id)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
