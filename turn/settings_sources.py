"""Reads the settings: TOML file, then environment, then one list of everything that is wrong.

No message ever quotes a value: people paste passwords into the wrong line.
"""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource

from turn.settings import Settings

DEFAULT_FILE = Path("matrix-turn.toml")
SHARED = ("secret", "secrets")
SECRETS = (*SHARED, "id_key", "redis_url")
OTHER_VARIABLES = {"TURN_CONFIG", "TURN_STATSDB"}
"""Ours, but no settings."""


class SettingsError(Exception):
    """The settings cannot be used. `problems` has a sentence for each thing to put right."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_settings(file: Path | None = None) -> Settings:
    """Read `file`, or `matrix-turn.toml` of the working folder where there is one, and the
    environment.

    Raises SettingsError, which names every problem at once.
    """
    if file is None and DEFAULT_FILE.is_file():
        file = DEFAULT_FILE
    from_environment = _read_secrets(EnvSettingsSource(Settings)(), "the environment")
    from_file = {} if file is None else _read_toml(file)
    if any(name in from_environment for name in SHARED):
        # The environment's secret replaces the file's, also when it is kept in another way.
        for name in SHARED:
            from_file.pop(name, None)
            from_file.pop(f"{name}_file", None)
    if any(name in from_environment for name in ("uris", "relays")):
        from_file.pop("uris", None)
        from_file.pop("relays", None)
    from_file = _read_secrets(from_file, str(file))
    try:
        return Settings(**{**from_file, **from_environment})
    except ValidationError as error:
        found = [_sentence(each) for each in error.errors(include_input=False)]
    raise SettingsError([problem for each in found for problem in each.splitlines()])


def keys_file(file: Path | None = None) -> Path | None:
    """The file of API keys alone, for what needs nothing else. Raises SettingsError."""
    if file is None and DEFAULT_FILE.is_file():
        file = DEFAULT_FILE
    values = {} if file is None else _read_toml(file)
    values |= EnvSettingsSource(Settings)()
    path = values.get("keys_file")
    return None if path is None else Path(str(path))


def warnings(file: Path | None = None) -> list[str]:
    """What is not wrong, but surely not meant: unknown variables, a file that all may read."""
    found = [_unknown(name) for name in sorted(os.environ) if _is_unknown(name)]
    file = file or DEFAULT_FILE
    if file.is_file() and file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        named = set(_read_toml(file)) & set(SECRETS)
        if named:
            found.append(
                f"{file} holds a {' and a '.join(sorted(named))} and may be read by other users of"
                f" this machine: chmod 600 {file}"
            )
    return found


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"TURN_{name.upper()}"


def _is_unknown(name: str) -> bool:
    known = {variable(field) for field in Settings.model_fields} | OTHER_VARIABLES
    return name.startswith("TURN_") and name not in known


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, [variable(field) for field in Settings.model_fields], 1)
    hint = f"; is {near[0]} meant?" if near else ""
    return f"{name} is set in the environment and is no setting{hint}"


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError([f"there is no settings file {file}"]) from None
    except OSError as error:
        raise SettingsError([f"{file} cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{file} is not a text file in UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        where = str(error).rpartition("(at ")[2].rstrip(")") or "an unknown place"
        raise SettingsError(
            [f'{file} is not TOML, at {where}: write lines such as server_name = "example.org"']
        ) from None


def _read_secrets(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Put the contents of `secret_file` and its like into the settings they stand for, within
    one source, so that the environment's file beats the TOML file's secret."""
    values = dict(values)
    for name in SECRETS:
        path = values.get(f"{name}_file")
        if path is None:
            continue
        if name in values:
            raise SettingsError([f"{source} sets both {name} and {name}_file: keep one of them"])
        values[name] = _secret(Path(str(path)), variable(f"{name}_file"))
    return values


def _secret(path: Path, setting: str) -> SecretStr:
    try:
        text = path.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a text in UTF-8"
        raise SettingsError([f"{setting} names {path}, which cannot be read: {why}"]) from None
    if not text:
        raise SettingsError([f"{setting} names {path}, which is empty"])
    return SecretStr(text)


def _sentence(error: ErrorDetails) -> str:
    """One problem, in words: which setting, what is wrong, what to write."""
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0])
    field = Settings.model_fields.get(name)
    if field is None:
        near = difflib.get_close_matches(name, list(Settings.model_fields), 1)
        hint = f"; is {near[0]} meant?" if near else ": remove it"
        return f"{name} is no setting{hint}"
    where = f"{variable(name)} ({name} in the file)"
    example = f"for example {variable(name)}={(field.examples or ['...'])[0]}"
    if error["type"] == "missing":
        return f"{where} is missing: set it, {example}. {field.description}"
    return f"{where} {message[:1].lower()}{message[1:]}; {example}. {field.description}"
