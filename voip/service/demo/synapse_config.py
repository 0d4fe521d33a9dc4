"""What Synapse is told: the least that lets people call, and no traffic to anywhere else."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Config = dict[str, Any]


@dataclass(frozen=True)
class SynapseOptions:
    """How a homeserver is set up. Rate limits stay Synapse's own unless ``extra_config`` says."""

    data_dir: Path
    port: int
    host: str = "127.0.0.1"
    server_name: str = "localhost"
    """The part of user ids after the colon; a data folder keeps the one it began with."""
    public_url: str | None = None
    """Where clients reach it, if that is not its own address (a reverse proxy)."""
    federation: bool = False
    turn_uris: tuple[str, ...] = ()
    turn_shared_secret: str | None = None
    turn_user_lifetime_ms: int = 3_600_000
    extra_config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def prepare(options: SynapseOptions) -> Path:
    """Write everything Synapse reads into the data folder and return its config's path.

    Keys and secrets that are there already are kept, so that accounts and sessions last.
    """
    folder = options.data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    _keep(folder / "signing.key", f"ed25519 a_voip {_unpadded(secrets.token_bytes(32))}\n")
    log_config = folder / "log.config"
    log_config.write_text(json.dumps(_log_config(), indent=2))
    path = folder / "homeserver.yaml"
    config = _merged(_base(options, folder), options.extra_config)
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2))  # JSON is YAML
    return path


def registration_secret(data_dir: Path) -> str:
    """The secret that lets its holder make accounts, administrators too."""
    return _secret(data_dir, "registration")


def _base(options: SynapseOptions, folder: Path) -> Config:
    names = ["client", "federation"] if options.federation else ["client"]
    config: Config = {
        "server_name": options.server_name,
        "public_baseurl": (options.public_url or options.url) + "/",
        "listeners": [
            {
                "port": options.port,
                "bind_addresses": [options.host],
                "type": "http",
                "x_forwarded": options.public_url is not None,
                "resources": [{"names": names}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "log_config": str(folder / "log.config"),
        "pid_file": str(folder / "homeserver.pid"),
        "registration_shared_secret": registration_secret(folder),
        "macaroon_secret_key": _secret(folder, "macaroon"),
        "form_secret": _secret(folder, "form"),
        "bcrypt_rounds": 4,  # demo passwords; the default costs a quarter of a second each
        "report_stats": False,
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "url_preview_enabled": False,
    }
    if not options.federation:
        config["federation_domain_whitelist"] = []
    if options.turn_uris:
        config["turn_uris"] = list(options.turn_uris)
        config["turn_shared_secret"] = options.turn_shared_secret
        config["turn_user_lifetime"] = f"{options.turn_user_lifetime_ms // 1000}s"
    return config


def _log_config() -> Config:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": "WARNING", "handlers": ["console"]},
    }


def _merged(base: Config, extra: Mapping[str, Any]) -> Config:
    merged = dict(base)
    for key, value in extra.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, Mapping):
            merged[key] = _merged(old, value)
        else:
            merged[key] = value
    return merged


def _secret(folder: Path, name: str) -> str:
    return _keep(folder / f"{name}.secret", secrets.token_urlsafe(32))


def _keep(path: Path, text: str) -> str:
    """The file's text; ``text`` becomes it when there is no file yet."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(text)
    return path.read_text()


def _unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")
