"""Reads the settings of a command: TOML file, then environment, then one list of what is wrong.

No message ever quotes a value: people paste passwords into the wrong line. What the settings are is
said by a pydantic model; `turn` and `voip` have one each.
"""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource

Model = TypeVar("Model", bound=BaseSettings)


class SettingsError(Exception):
    """The settings cannot be used. `problems` has a sentence for each thing to put right."""

    def __init__(self, problems: list[str], given: frozenset[str] | None = None) -> None:
        """`given`: the names that had a value; None where not even that could be read."""
        super().__init__("\n".join(problems))
        self.problems = problems
        self.given = given


@dataclass(frozen=True)
class Sources(Generic[Model]):
    """Where a model's settings come from."""

    model: type[Model]
    """Its `env_prefix` begins the variables."""
    default_file: Path
    """Read from the working folder where no other file is named."""
    line: str
    """A line of the file, as an example."""
    secrets: tuple[str, ...]
    """Settings that may be in a file of their own, which `<name>_file` names."""
    instead: tuple[tuple[str, ...], ...]
    """Settings that stand for each other: one of them in the environment replaces all of the
    file's, also where it is another one."""
    others: frozenset[str] = frozenset()
    """Variables that are ours, but no settings."""

    def load(self, file: Path | None = None) -> Model:
        """Read the file and the environment, which wins. Raises SettingsError, which names every
        problem at once."""
        file = self._file(file)
        of_environment = self._read_secrets(EnvSettingsSource(self.model)(), "the environment")
        of_file = {} if file is None else self._read_toml(file)
        for names in self.instead:
            if any(name in of_environment for name in names):
                for name in names:
                    of_file.pop(name, None)
                    of_file.pop(f"{name}_file", None)
        values = {**self._read_secrets(of_file, str(file)), **of_environment}
        try:
            return self.model(**values)
        except ValidationError as error:
            found = [self._sentence(each) for each in error.errors(include_input=False)]
        problems = [problem for each in found for problem in each.splitlines()]
        raise SettingsError(problems, frozenset(values))

    def one(self, name: str, file: Path | None = None) -> Any:
        """A setting alone as it is written, or None, for what needs no other. Raises
        SettingsError."""
        file = self._file(file)
        values = {} if file is None else self._read_toml(file)
        values |= EnvSettingsSource(self.model)()
        return values.get(name)

    def secret(self, name: str, file: Path | None = None) -> str | None:
        """One of `secrets` alone, or the contents of the file that it is in. Raises
        SettingsError."""
        file = self._file(file)
        values = {} if file is None else self._read_secrets(self._read_toml(file), str(file))
        values |= self._read_secrets(EnvSettingsSource(self.model)(), "the environment")
        value = values.get(name)
        return value.get_secret_value() if isinstance(value, SecretStr) else value

    def warnings(self, file: Path | None = None) -> list[str]:
        """What is not wrong, but surely not meant: unknown variables, a file that all may read."""
        found = [self._unknown(name) for name in sorted(os.environ) if self._is_unknown(name)]
        file = file or self.default_file
        if file.is_file() and file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            named = set(self._read_toml(file)) & set(self.secrets)
            if named:
                found.append(
                    f"{file} holds a {' and a '.join(sorted(named))} and may be read by other"
                    f" users of this machine: chmod 600 {file}"
                )
        return found

    def variable(self, name: str) -> str:
        """The environment variable of a setting."""
        return f"{self._prefix}{name.upper()}"

    @property
    def _prefix(self) -> str:
        return self.model.model_config.get("env_prefix", "")

    def _file(self, file: Path | None) -> Path | None:
        return self.default_file if file is None and self.default_file.is_file() else file

    def _is_unknown(self, name: str) -> bool:
        known = {self.variable(field) for field in self.model.model_fields} | self.others
        return name.startswith(self._prefix) and name not in known

    def _unknown(self, name: str) -> str:
        variables = [self.variable(field) for field in self.model.model_fields]
        near = difflib.get_close_matches(name, variables, 1)
        hint = f"; is {near[0]} meant?" if near else ""
        return f"{name} is set in the environment and is no setting{hint}"

    def _read_toml(self, file: Path) -> dict[str, Any]:
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
                [f"{file} is not TOML, at {where}: write lines such as {self.line}"]
            ) from None

    def _read_secrets(self, values: Mapping[str, Any], source: str) -> dict[str, Any]:
        """Put the contents of `<name>_file` into the settings that they stand for, within one
        source, so that the environment's file beats the TOML file's value."""
        values = dict(values)
        for name in self.secrets:
            path = values.get(f"{name}_file")
            if path is None:
                continue
            if name in values:
                raise SettingsError(
                    [f"{source} sets both {name} and {name}_file: keep one of them"]
                )
            values[name] = _secret(Path(str(path)), self.variable(f"{name}_file"))
        return values

    def _sentence(self, error: ErrorDetails) -> str:
        """One problem, in words: which setting, what is wrong, what to write."""
        message = error["msg"].removeprefix("Value error, ")
        if not error["loc"]:
            return message
        name = str(error["loc"][0])
        field = self.model.model_fields.get(name)
        if field is None:
            near = difflib.get_close_matches(name, list(self.model.model_fields), 1)
            hint = f"; is {near[0]} meant?" if near else ": remove it"
            return f"{name} is no setting{hint}"
        where = f"{self.variable(name)} ({name} in the file)"
        example = f"for example {self.variable(name)}={(field.examples or ['...'])[0]}"
        if error["type"] == "missing":
            return f"{where} is missing: set it, {example}. {field.description}"
        return f"{where} {message[:1].lower()}{message[1:]}; {example}. {field.description}"


def _secret(path: Path, setting: str) -> SecretStr:
    try:
        text = path.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a text in UTF-8"
        raise SettingsError([f"{setting} names {path}, which cannot be read: {why}"]) from None
    if not text:
        raise SettingsError([f"{setting} names {path}, which is empty"])
    return SecretStr(text)
