"""`matrix-turn serve` and its `--check`."""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from turn.endpoint.logs import set_up_logging
from turn.endpoint.serving import CannotListen, run
from turn.keys.store import KeyStore, KeyStoreError
from turn.regions import is_ipv6, is_turn
from turn.secrets.places import PlaceError, open_store
from turn.settings import Settings
from turn.settings_sources import SettingsError, load_settings, warnings

DONE, FAILED, WRONG_INPUT = 0, 1, 2

logger = logging.getLogger(__name__)


def serve_command(config: Path | None) -> int:
    """Serve until asked to end. Returns the exit status."""
    settings, problems, doubts = check(config)
    if settings is None or problems:
        _complain("error", problems)
        return WRONG_INPUT
    set_up_logging(settings.log_level.value)
    for doubt in doubts:
        logger.warning("%s", doubt)
    try:
        run(settings)
    except CannotListen as error:
        _complain("error", [str(error)])
        return FAILED
    return DONE


def check_command(config: Path | None, *, as_json: bool) -> int:
    """Print the settings and what is wrong with them. Returns the exit status."""
    settings, problems, doubts = check(config)
    values = {} if settings is None else shown(settings)
    if as_json:
        found = {"ok": not problems, "problems": problems, "warnings": doubts, "settings": values}
        sys.stdout.write(json.dumps(found, default=str) + "\n")
    else:
        width = max(map(len, values), default=0)
        for name, value in values.items():
            sys.stdout.write(f"{name:<{width}}  {'-' if value in (None, '') else value}\n")
        _complain("warning", doubts)
        _complain("error", problems)
    return WRONG_INPUT if problems else DONE


def check(config: Path | None) -> tuple[Settings | None, list[str], list[str]]:
    """The settings where they can be read; what is wrong; and what is surely not meant."""
    try:
        settings = load_settings(config)
        doubts = warnings(config)
    except SettingsError as error:
        return None, error.problems, []
    return settings, _problems(settings), doubts + _doubts(settings)


def _problems(settings: Settings) -> list[str]:
    found = []
    if settings.secrets is not None:
        try:
            open_store(settings.secrets.get_secret_value(), settings.realm)
        except PlaceError as error:
            found.append(f"TURN_SECRETS: {error}")
    if importlib.util.find_spec("redis") is None:
        for name, value in (("REDIS_URL", settings.redis_url), ("STATSDBS", settings.statsdbs)):
            if value:
                found.append(f"TURN_{name} needs a library: pip install 'matrix-voip[redis]'")
    return found


def _doubts(settings: Settings) -> list[str]:
    found = []
    if settings.id_key is None:
        found.append(
            "TURN_ID_KEY is not set: relays see other ids after each start, so that their quotas"
            " begin anew"
        )
    if settings.keys_file is not None:
        try:
            KeyStore(settings.keys_file).holders()
        except KeyStoreError as error:
            found.append(f"no API key works yet: {error}")
    relays = settings.all_relays
    if any(is_ipv6(uri) for relay in relays for uri in relay.uris if is_turn(uri)):
        found.append(
            "an address of a relay is an IPv6 address: Janus would misread it, so it is left out of"
            " the shape /turn; a host name with an AAAA record serves everybody"
        )
    return found


def shown(settings: Settings) -> dict[str, Any]:
    """The settings as they may be seen: of a secret, only that it is there."""
    return {name: _shown(getattr(settings, name)) for name in Settings.model_fields}


def _shown(value: object) -> object:
    match value:
        case SecretStr():
            return "(set)"
        case tuple():
            return ", ".join(str(_shown(each)) for each in value)
        case dict():
            return ", ".join(f"{key} = {each}" for key, each in value.items())
    return value if isinstance(value, bool | int | float | None) else str(value)


def _complain(kind: str, texts: list[str]) -> None:
    for text in texts:
        sys.stderr.write(f"{kind}: {text}\n")
