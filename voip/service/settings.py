"""The settings of the bots and of the command line: their names, meanings and defaults.

One place only. Each setting is a key of the TOML file and, in capitals and with `VOIP_` before
it, an environment variable; the environment wins. README's table is made from the descriptions
here, so write them for whoever runs a bot. How they are read is in `settings_sources`.
"""

from __future__ import annotations

import ipaddress
import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from voip.matrix.recovery_key import is_recovery_key
from voip.media.sound_paths import text_or_file
from voip.service.settings_keeping import KeepingFields
from voip.service.settings_operation import OperationSettings

# Matrix appendices, "User Identifiers"; lenient in the localpart, as servers have to be.
USER_ID = re.compile(r"@[^:\s]*:[^\s/@]+")
USER_PATTERN = re.compile(r"\*|@\S+:[^\s/@]+")
SERVER_NAME = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")

NO_PORT = (
    "VOIP_PUBLIC_ADDRESS needs VOIP_MEDIA_PORT: without one port for all calls there is nothing"
    " that could be mapped"
)
NO_PORT_FOR_EACH = (
    "VOIP_MEDIA_PORT is too high for VOIP_MEDIA_WORKERS: each worker has a port, the first one"
    " this, and 65535 is the last there is"
)
NO_LOGIN = (
    "VOIP_PASSWORD and VOIP_ACCESS_TOKEN are both missing: set one of them, or name a file that"
    " holds it in VOIP_PASSWORD_FILE or VOIP_ACCESS_TOKEN_FILE"
)


def _cores() -> int:
    """How many this process may use; macOS says only how many there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class BotName(StrEnum):
    RECORDER = "recorder"
    ECHO = "echo"
    VOICEMAIL = "voicemail"
    MENU = "menu"
    BRIDGE_RECORDER = "bridge-recorder"


class UnverifiedCalls(StrEnum):
    ALLOW = "allow"
    WARN = "warn"
    REFUSE = "refuse"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class CallSettings(BaseSettings):
    """What one device of one Matrix user needs to answer or place calls."""

    model_config = SettingsConfigDict(
        env_prefix="VOIP_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    homeserver: str = Field(
        description="The homeserver: its address, or the server name to find it by.",
        examples=["https://matrix.example.org"],
    )
    user_id: str = Field(
        description="Matrix id of the account that answers or places calls.",
        examples=["@bot:example.org"],
    )
    password: SecretStr | None = Field(
        default=None,
        description="The account's password. It, or an access token, is needed.",
        examples=["..."],
    )
    password_file: Path | None = Field(
        default=None,
        description="A file that holds the password, in place of the password itself.",
        examples=["/run/secrets/voip_password"],
    )
    access_token: SecretStr | None = Field(
        default=None,
        description="An access token of the account. It is used before the password.",
        examples=["..."],
    )
    access_token_file: Path | None = Field(
        default=None,
        description="A file that holds the access token.",
        examples=["/run/secrets/voip_access_token"],
    )
    recovery_key: SecretStr | None = Field(
        default=None,
        description="The recovery key of an account that was set up in another client, so that the"
        " bot's device becomes a verified one. A new account gets one by itself.",
        examples=["EsT7 sPmE ..."],
    )
    recovery_key_file: Path | None = Field(
        default=None,
        description="A file that holds the recovery key.",
        examples=["/run/secrets/voip_recovery_key"],
    )
    device_name: str = Field(
        default="voip",
        max_length=100,
        description="Name under which the login shows in the account's list of devices.",
        examples=["voicemail"],
    )
    data_dir: Path = Field(
        default=Path("voip-data"),
        description="Folder for recordings, encryption keys and the journal. One process each.",
        examples=["/var/lib/voip"],
    )
    bot: BotName = Field(
        default=BotName.RECORDER,
        description="`recorder` takes messages and posts them to the room; `echo` plays back what"
        " it hears; `voicemail`, `menu` and `bridge-recorder` are in docs/bots.md.",
        examples=["echo"],
    )
    bot_file: Path | None = Field(
        default=None,
        description="The TOML or YAML file of the voicemail, the menu or the bridge-recorder:"
        " greetings, menus, whom to call.",
        examples=["/etc/voip/menu.toml"],
    )
    allow: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        default=None,
        description="Who may invite the bot into rooms: user ids, where `*` stands for anything;"
        " a list in the file, commas in the environment. An empty list: nobody. Without it:"
        " everybody on the bot's own server.",
        examples=["@*:example.org,@boss:example.com"],
    )
    unverified: UnverifiedCalls = Field(
        default=UnverifiedCalls.ALLOW,
        description="Calls from devices that their owner has not verified, or in rooms without"
        " encryption: `allow`, `warn` (answer, and say so in the room) or `refuse`.",
        examples=["warn"],
    )
    announcement: str = Field(
        default="Hello. Please speak after the tone. This call is recorded.",
        min_length=1,
        max_length=2000,
        description="What the recorder says first: a text (spoken with the `speech` extra), or the"
        " path of a sound file.",
        examples=["./welcome.ogg"],
    )
    max_seconds: float = Field(
        default=600,
        gt=0,
        le=24 * 3600,
        allow_inf_nan=False,
        description="The longest recording, in seconds; then the recorder hangs up.",
        examples=["120"],
    )
    silence_seconds: float = Field(
        default=5,
        gt=0,
        le=3600,
        allow_inf_nan=False,
        description="The recorder hangs up after so many seconds of silence.",
        examples=["10"],
    )
    part_seconds: float | None = Field(
        default=None,
        ge=10,
        le=24 * 3600,
        allow_inf_nan=False,
        description="A recording that gets longer than so many seconds goes on in another file.",
        examples=["3600"],
    )
    part_megabytes: float | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        allow_inf_nan=False,
        description="A recording that gets larger than so many megabytes goes on in another file:"
        " a homeserver takes files of its `max_upload_size` only.",
        examples=["45"],
    )
    connect_timeout: float = Field(
        default=30,
        ge=1,
        le=120,
        allow_inf_nan=False,
        description="Seconds from the answer until media must flow, before a call is given up.",
        examples=["20"],
    )
    max_calls: int = Field(
        default=50,
        ge=1,
        le=1000,
        description="Calls at the same time; whoever calls beyond that hears busy.",
        examples=["10"],
    )
    relay_only: bool = Field(
        default=False,
        description="Send and receive media through the homeserver's TURN relay only, so that"
        " callers never see this machine's addresses.",
        examples=["true"],
    )
    peer_gone_after: float = Field(
        default=12,
        ge=5,
        le=30,
        description="Seconds without any sign of life of the other side after which a call is given"
        " up. On hold and muted it still answers; after 3 seconds a new network path is looked for,"
        " which takes a phone that changes networks some seconds.",
        examples=["20"],
    )
    media_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The one UDP port of the media of all calls: open it in the firewall, or map it"
        " into the container. Without it each call takes ports that the system chooses.",
        examples=["40000"],
    )
    public_address: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        default=None,
        description="With a media port: the public address of this machine where a 1:1 NAT stands"
        " before it, as in a cloud or a container; an IPv4 and an IPv6 one at most, with a comma.",
        examples=["203.0.113.7"],
    )
    media_workers: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Processes that carry the media of the bot's calls: `auto` is one for each"
        " core, 0 none, so that signalling and media share one process. With a media port, worker"
        " 0 has that port, worker 1 the next one, and so on: open or map all of them.",
        examples=["auto"],
    )
    traces: int = Field(
        default=1000,
        ge=0,
        le=100_000,
        description="How many call traces are kept, the newest (see `voip trace`); 0: none.",
        examples=["200"],
    )
    trace_days: float = Field(
        default=30,
        gt=0,
        le=3650,
        allow_inf_nan=False,
        description="Days after which a call trace is removed.",
        examples=["7"],
    )
    trace_names: bool = Field(
        default=False,
        description="Write Matrix ids of callers and rooms into call traces. Addresses, session"
        " descriptions and tokens are never in them.",
        examples=["true"],
    )
    log_level: LogLevel = Field(
        default=LogLevel.INFO,
        description="The least important records that are logged: `debug`, `info`, `warning` or"
        " `error`.",
        examples=["debug"],
    )

    @field_validator("homeserver")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if SERVER_NAME.fullmatch(value):
            return value
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an address that starts with https://, or a server name")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must be an address without a user, a query or a fragment")
        return value.rstrip("/")

    @field_validator("user_id")
    @classmethod
    def _is_a_user(cls, value: str) -> str:
        if not USER_ID.fullmatch(value) or len(value) > 255:
            raise ValueError("must be a whole Matrix id: @, a name, a colon and a server")
        return value

    @field_validator("recovery_key")
    @classmethod
    def _is_a_recovery_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not is_recovery_key(value.get_secret_value()):
            raise ValueError(
                "must be a recovery key: 12 groups of four letters and digits (a passphrase is"
                " not accepted in its place)"
            )
        return value

    @field_validator("allow", "public_address", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("media_workers", mode="before")
    @classmethod
    def _one_for_each_core(cls, value: object) -> object:
        if value == "auto":
            return _cores()
        if isinstance(value, str) and not value.strip().isdecimal():
            raise ValueError("must be a number or `auto`")
        return value

    @field_validator("allow")
    @classmethod
    def _are_patterns(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if not all(USER_PATTERN.fullmatch(pattern) for pattern in value or ()):
            raise ValueError(
                "must hold Matrix ids or patterns of them: @, a name, a colon, a server"
            )
        return value

    @field_validator("public_address")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        try:
            versions = [ipaddress.ip_address(each).version for each in value or ()]
        except ValueError:
            raise ValueError("must be an IP address: names are not looked up") from None
        if len(set(versions)) < len(versions):
            raise ValueError("must hold one IPv4 and one IPv6 address at most")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_small_letters(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("announcement")
    @classmethod
    def _sound_file_exists(cls, value: str) -> str:
        return text_or_file(value)

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.password is None and self.access_token is None:
            raise ValueError(NO_LOGIN)
        if self.public_address and self.media_port is None:
            raise ValueError(NO_PORT)
        if self.media_port is not None and self.media_port + self.media_workers > 65536:
            raise ValueError(NO_PORT_FOR_EACH)
        return self

    @property
    def server_name(self) -> str:
        """The server part of the user id, port included."""
        return self.user_id.partition(":")[2]

    @property
    def allowed(self) -> tuple[str, ...]:
        """The patterns of `allow`, with its default applied."""
        return (f"@*:{self.server_name}",) if self.allow is None else self.allow

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: `settings_sources` reads the file and the environment."""
        return (init_settings,)


class Settings(OperationSettings, KeepingFields, CallSettings):
    """All of them: first those of calls, then those of what is kept of them, then those of running
    a bot for many."""
