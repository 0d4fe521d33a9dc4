"""A rotation as one line of JSON, as it stands beside the secrets and in `--status --json`."""

from __future__ import annotations

import json
from typing import Any

from turn.secrets.model import SecretsUnavailable
from turn.secrets.rotation import Pace, Phase, Rotation

VERSION = 1


def to_fields(rotation: Rotation) -> dict[str, Any]:
    return {
        "phase": rotation.phase.value,
        "signing": rotation.signing,
        "fresh": rotation.fresh,
        "retiring": rotation.retiring,
        "since": rotation.since,
        "spread": rotation.pace.spread,
        "lifetime": rotation.pace.lifetime,
    }


def dump(rotation: Rotation) -> str:
    """The same text for the same rotation each time: places compare it before they commit."""
    return json.dumps({"version": VERSION, **to_fields(rotation)}, separators=(",", ":"))


def load(text: str, where: str) -> Rotation:
    """The opposite of :func:`dump`.

    :raises SecretsUnavailable: it cannot be understood. To guess would be to sign with a secret
        that is about to go.
    """
    try:
        fields = json.loads(text)
        if fields["version"] != VERSION:
            raise SecretsUnavailable(
                f"{where} holds a rotation that a newer version has written: update this one"
            )
        pace = Pace(_whole(fields["spread"]), _whole(fields["lifetime"]))
        return Rotation(
            Phase(fields["phase"]),
            _print(fields["signing"]),
            None if fields["fresh"] is None else _print(fields["fresh"]),
            None if fields["retiring"] is None else _print(fields["retiring"]),
            None if fields["since"] is None else _whole(fields["since"]),
            pace,
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SecretsUnavailable(
            f"{where} holds a state of rotation that is damaged: remove it, and begin again with"
            " matrix-turn rotate; no secret is lost by that"
        ) from None


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _print(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value
