"""Those of the settings that are about running a bot for many: whose calls are taken, how many, how
it ends, and what it tells its operator. Part of `settings.Settings`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import NoDecode

from voip.bot.access import parse


class DeniedCalls(StrEnum):
    SILENT = "silent"
    NOTICE = "notice"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class OperationSettings(BaseModel):
    allow_calls: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        default=None,
        description="Whose calls are taken: users (`@ann:example.org`), servers (`example.org`) and"
        " rooms (`!id:example.org`), where `*` stands for anything and `?` for one character; a"
        " list in the file, commas in the environment. An empty list: nobody's. Without it:"
        " everybody's in the bot's rooms.",
        examples=["example.org,@boss:example.com"],
    )
    deny_calls: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Whose calls are declined, in the same form; it wins over `allow_calls`.",
        examples=["*.example.net,@noisy:example.org"],
    )
    denied_calls: DeniedCalls = Field(
        default=DeniedCalls.SILENT,
        description="How: `silent`, or `notice` (declined, and the room is told, once in ten"
        " minutes at most).",
        examples=["notice"],
    )
    caller_calls: int = Field(
        default=5,
        ge=1,
        le=1000,
        description="Calls of one person at the same time; beyond that they hear busy.",
        examples=["2"],
    )
    caller_calls_per_minute: int = Field(
        default=20,
        ge=1,
        le=6000,
        description="Calls of one person that are taken within a minute; beyond that they hear"
        " busy.",
        examples=["6"],
    )
    busy_cpu: float = Field(
        default=0.85,
        gt=0,
        le=1,
        allow_inf_nan=False,
        description="The share of a core, of the event loop that carries the media, above which"
        " callers hear busy rather than stutter; 1: never for that reason.",
        examples=["0.7"],
    )
    busy_lag: float = Field(
        default=0.3,
        gt=0,
        le=10,
        allow_inf_nan=False,
        description="Seconds by which the event loop may come too late before callers hear busy.",
        examples=["0.1"],
    )
    drain_seconds: float = Field(
        default=20,
        ge=0,
        le=24 * 3600,
        allow_inf_nan=False,
        description="Seconds that live calls may go on after SIGTERM or Ctrl-C, while who calls"
        " hears busy; a second signal ends at once. Whoever starts the bot must wait that long and"
        " a minute before it kills.",
        examples=["120"],
    )
    drain_message: str | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="What those hear (with the `speech` extra) and read in the room whose calls"
        " are still there when that time is over.",
        examples=["The service restarts now. Please call again in a minute."],
    )
    admin_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="The address of `/metrics` and `/health`, which are not for everybody.",
        examples=["10.0.0.5"],
    )
    admin_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="The port of `/metrics` and `/health`; 0: one that is free. Without it there"
        " are none.",
        examples=["9791"],
    )
    log_format: LogFormat = Field(
        default=LogFormat.TEXT,
        description="`text`, or `json`: an object a line, for programs, without Matrix ids.",
        examples=["json"],
    )
    otlp_endpoint: str | None = Field(
        default=None,
        description="Where spans of calls are sent (OpenTelemetry's OTLP over HTTP); needs the"
        " `otel` extra.",
        examples=["http://127.0.0.1:4318/v1/traces"],
    )

    @field_validator("allow_calls", "deny_calls", mode="before")
    @classmethod
    def _split_patterns(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allow_calls", "deny_calls")
    @classmethod
    def _are_call_patterns(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for pattern in value or ():
            parse(pattern)  # its ValueError says which and why
        return value

    @field_validator("otlp_endpoint")
    @classmethod
    def _is_an_http_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an address that starts with http:// or https://")
        return value
