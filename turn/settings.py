"""The settings of the credential endpoint: their names, meanings and defaults.

One place only. Each setting is a key of the TOML file and, in capitals and with `TURN_` before it,
an environment variable; the environment wins. The table in docs/turn.md is made from the
descriptions here, so write them for whoever runs a relay. How they are read is in
`settings_sources`.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from turn.askers.settings import AskerSettings
from turn.asking import DEFAULT_TTL, Terms
from turn.limits.model import Allowance
from turn.regions import Relay
from turn.settings_values import (
    REGION,
    SERVER_NAME,
    SERVER_PATTERN,
    Names,
    OneNetwork,
    Port,
    Rate,
    Ttl,
    base_url,
    check_uris,
    from_json,
    listed,
    whole,
)

DEFAULT_REGION = "default"
NOTHING_TO_SIGN_WITH = (
    "TURN_SECRET is missing: set it, name a file that holds it in TURN_SECRET_FILE, or say in"
    " TURN_SECRETS where the secrets are that change while this runs"
)
NO_RELAY = "TURN_URIS is missing: name the relay's addresses, or several relays in `relays`"
NOBODY = (
    "nobody could ask: set TURN_HOMESERVER for Matrix users, TURN_KEYS_FILE for API keys, or both"
)
NO_SERVER_NAME = (
    "TURN_SERVER_NAME is missing: with Matrix users it says whose are local; it is what stands"
    " behind the colon of their ids"
)


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class WhenAway(StrEnum):
    """What to do while Redis does not answer."""

    ALLOW = "allow"
    REFUSE = "refuse"


class RelaySettings(BaseModel):
    """One entry of `relays`."""

    model_config = {"extra": "forbid", "frozen": True, "hide_input_in_errors": True}
    region: str = Field(pattern=whole(REGION))
    uris: Annotated[tuple[str, ...], BeforeValidator(listed)]

    @field_validator("uris")
    @classmethod
    def _are_uris(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return check_uris(value)


class Settings(BaseSettings):
    """What the endpoint needs to give credentials out."""

    model_config = SettingsConfigDict(
        env_prefix="TURN_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    secret: SecretStr | None = Field(
        default=None,
        description="The secret shared with the relay (coturn's `static-auth-secret`). Several,"
        " with commas, while one replaces another: the first one signs.",
        examples=["..."],
    )
    secret_file: Path | None = Field(
        default=None,
        description="A file that holds the secret, read once at the start.",
        examples=["/run/secrets/turn_secret"],
    )
    secrets: SecretStr | None = Field(
        default=None,
        description="In place of `secret`: where the secrets are that `matrix-turn rotate`"
        " replaces, read again while this runs: `file:PATH`, `sqlite:PATH` (coturn's turndb),"
        " `postgresql://…` or `redis://…`.",
        examples=["file:/var/lib/matrix-turn/secrets"],
    )
    secrets_file: Path | None = Field(
        default=None,
        description="A file that holds the value of `secrets`, where that has a password in it.",
        examples=["/run/secrets/turn_secrets_url"],
    )
    realm: str | None = Field(
        default=None,
        max_length=127,
        description="The relay's realm: coturn's tables keep the secrets of each realm apart.",
        examples=["turn.example.org"],
    )
    id_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="What the ids that relays see are made with: any long random text, the same in"
        " every replica, and not the relay's secret. Without it each start makes a new one, and"
        " the relay's quotas for each user begin anew.",
        examples=["..."],
    )
    id_key_file: Path | None = Field(
        default=None,
        description="A file that holds the key of the ids.",
        examples=["/run/secrets/turn_id_key"],
    )
    uris: Names = Field(
        default=(),
        description="The addresses of the one relay, the best first: `turn:`, `turns:`, `stun:`;"
        " a list in the file, commas in the environment.",
        examples=["turn:turn.example.org:3478?transport=udp,turns:turn.example.org:443"],
    )
    relays: Annotated[tuple[RelaySettings, ...], NoDecode, BeforeValidator(from_json)] = Field(
        default=(),
        description="In place of `uris`: several relays, each a table `[[relays]]` with a `region`"
        " and `uris`; JSON in the environment. The first region is the one to take by default.",
        examples=['[{"region": "eu", "uris": ["turn:eu.example.org"]}]'],
    )
    relays_at_once: int = Field(
        default=1,
        ge=1,
        le=4,
        description="Relays in one answer. A browser allocates on every one of them.",
        examples=["2"],
    )
    networks: Annotated[dict[OneNetwork, str], NoDecode, BeforeValidator(from_json)] = Field(
        default_factory=dict,
        description='Regions by the client\'s network, a table such as `"10.1.0.0/16" = "eu"`;'
        " JSON in the environment.",
        examples=['{"10.1.0.0/16": "eu"}'],
    )
    trusted_proxies: Annotated[tuple[OneNetwork, ...], NoDecode, BeforeValidator(listed)] = Field(
        default=(),
        description="Networks of the reverse proxies whose `X-Forwarded-For` is believed.",
        examples=["127.0.0.1/32,10.0.0.0/8"],
    )
    homeserver: str | None = Field(
        default=None,
        description="The homeserver whose users may ask with their access tokens: its address as"
        " seen from here. Without it only API keys count.",
        examples=["http://synapse:8008"],
    )
    server_name: str | None = Field(
        default=None,
        pattern=whole(SERVER_NAME),
        description="The name of that homeserver, as in the ids of its users.",
        examples=["example.org"],
    )
    guests: bool = Field(
        default=False,
        description="Whether guests of the homeserver get credentials.",
        examples=["true"],
    )
    remote_servers: Names = Field(
        default=(),
        description="Servers whose users may ask with OpenID tokens, `*.example.org` for all below"
        " one, `*` for all there are; empty: none but the homeserver.",
        examples=["*.example.com,matrix.example.net"],
    )
    homeserver_overrides: Annotated[dict[str, str], NoDecode, BeforeValidator(from_json)] = Field(
        default_factory=dict,
        description='Where to ask certain servers, a table such as `"example.com" ='
        ' "https://10.0.0.5:8448"`, which may be private addresses; JSON in the environment.',
        examples=['{"example.com": "https://10.0.0.5:8448"}'],
    )
    local_ttl: Ttl = Field(
        default=DEFAULT_TTL,
        description="Seconds that credentials of local users last.",
        examples=["7200"],
    )
    local_rate: Rate = Field(
        default=Allowance(30, 60),
        description="How often one local user may ask, evened out: a count and a time (s, m, h, d)."
        " `none`: as often as they like.",
        examples=["30/m"],
    )
    local_quota: Rate = Field(
        default=None,
        description="How many credentials one local user gets in a longer time.",
        examples=["500/d"],
    )
    local_regions: Names = Field(
        default=(),
        description="Regions for local users, their own first; empty: all.",
        examples=["eu,us"],
    )
    remote_ttl: Ttl = Field(
        default=DEFAULT_TTL,
        description="Seconds that credentials of users of other servers last.",
        examples=["3600"],
    )
    remote_rate: Rate = Field(
        default=Allowance(10, 60),
        description="How often one user of another server may ask.",
        examples=["10/m"],
    )
    remote_quota: Rate = Field(
        default=Allowance(200, 86400),
        description="How many credentials one user of another server gets in a longer time.",
        examples=["100/d"],
    )
    remote_regions: Names = Field(
        default=(),
        description="Regions for users of other servers, the default one first; empty: all.",
        examples=["eu"],
    )
    keys_file: Path | None = Field(
        default=None,
        description="The file of API keys, which `matrix-turn key` writes. Without it there are"
        " none.",
        examples=["/var/lib/matrix-turn/keys.db"],
    )
    revoked_file: Path | None = Field(
        default=None,
        description="The file that the embedded relay follows (`matrix-turn relay"
        " --revoked-file`): what is revoked is written there. Without it nothing can be revoked,"
        " as with coturn.",
        examples=["/var/lib/matrix-turn/revoked"],
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="A Redis in which all replicas count rates and quotas. Without it each process"
        " counts by itself.",
        examples=["redis://redis:6379/0"],
    )
    redis_url_file: Path | None = Field(
        default=None,
        description="A file that holds the URL of Redis.",
        examples=["/run/secrets/turn_redis_url"],
    )
    statsdbs: Annotated[dict[str, SecretStr], NoDecode, BeforeValidator(from_json)] = Field(
        default_factory=dict,
        description="The Redis that the coturn of each region tells of its allocations"
        ' (`redis-statsdb`), a table such as `eu = "redis://…"`; JSON in the environment. They are'
        " then among the metrics.",
        examples=['{"default": "redis://redis:6379/1"}'],
    )
    failed_rate: Rate = Field(
        default=Allowance(60, 60),
        description="How often one client's address (of IPv6: its /64) may come with tokens that"
        " are not known. `none`: always. It counts public addresses, and those that a proxy of"
        " `trusted_proxies` tells.",
        examples=["60/m"],
    )
    redis_away: WhenAway = Field(
        default=WhenAway.ALLOW,
        description="While Redis does not answer: `allow` (each process counts by itself) or"
        " `refuse` (nobody gets credentials).",
        examples=["refuse"],
    )
    listen_host: str = Field(
        default="127.0.0.1",
        description="The address to serve at. TLS is the reverse proxy's part.",
        examples=["0.0.0.0"],  # noqa: S104 - an example for containers
    )
    listen_port: Port = Field(default=8790, description="The port to serve at.", examples=["8080"])
    admin_host: str = Field(
        default="127.0.0.1",
        description="The address of `/metrics` and `/health`, which are not for everybody.",
        examples=["10.0.0.5"],
    )
    admin_port: Port | None = Field(
        default=None,
        description="The port of `/metrics` and `/health`. Without it there are no metrics.",
        examples=["9790"],
    )
    probe_seconds: float = Field(
        default=30,
        ge=0,
        le=3600,
        allow_inf_nan=False,
        description="Seconds between two probes of a relay's address, each a real allocation; 0:"
        " none.",
        examples=["60"],
    )
    shutdown_seconds: float = Field(
        default=10,
        ge=0,
        le=300,
        allow_inf_nan=False,
        description="Seconds for requests under way when this is asked to end.",
        examples=["5"],
    )
    log_level: LogLevel = Field(
        default=LogLevel.INFO,
        description="The least important records that are logged: `debug`, `info`, `warning` or"
        " `error`.",
        examples=["debug"],
    )

    @field_validator("secret")
    @classmethod
    def _is_a_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all(part.strip() for part in _parts(value)):
            raise ValueError("must hold a secret before and after each comma")
        return value

    @field_validator("uris")
    @classmethod
    def _are_uris(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return check_uris(value) if value else value

    @field_validator(
        "local_rate", "local_quota", "remote_rate", "remote_quota", "failed_rate", mode="before"
    )
    @classmethod
    def _none(cls, value: object) -> object:
        return None if value == "none" else value

    @field_validator("homeserver")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        return None if value is None else base_url(value)

    @field_validator("remote_servers")
    @classmethod
    def _are_servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(SERVER_PATTERN.fullmatch(pattern) for pattern in value):
            raise ValueError("must hold server names, patterns such as *.example.org, or *")
        return value

    @field_validator("homeserver_overrides")
    @classmethod
    def _are_addresses(cls, value: dict[str, str]) -> dict[str, str]:
        if not all(SERVER_NAME.fullmatch(name) for name in value):
            raise ValueError("must have server names on the left")
        return {name: base_url(url) for name, url in value.items()}

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_small_letters(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if problems := self._problems():
            raise ValueError("\n".join(problems))
        return self

    def _problems(self) -> list[str]:
        """What is wrong between settings that are right by themselves."""
        found = []
        if self.secret is None and self.secrets is None:
            found.append(NOTHING_TO_SIGN_WITH)
        if self.secret is not None and self.secrets is not None:
            found.append("TURN_SECRET and TURN_SECRETS exclude each other: keep one of them")
        if not self.uris and not self.relays:
            found.append(NO_RELAY)
        if self.uris and self.relays:
            found.append("TURN_URIS and TURN_RELAYS exclude each other: keep one of them")
        if not self.matrix and self.keys_file is None:
            found.append(NOBODY)
        if self.matrix and self.server_name is None:
            found.append(NO_SERVER_NAME)
        elif self.matrix:
            try:
                self.askers()
            except ValueError as error:
                found += str(error).splitlines()
        regions = {relay.region for relay in self.all_relays}
        for name, used in (
            ("LOCAL_REGIONS", self.local_regions),
            ("REMOTE_REGIONS", self.remote_regions),
            ("NETWORKS", self.networks.values()),
            ("STATSDBS", self.statsdbs),
        ):
            if regions and not set(used) <= regions:
                there = ", ".join(sorted(regions))
                found.append(f"TURN_{name} names a region of no relay; there are: {there}")
        return found

    @property
    def fixed_secrets(self) -> tuple[str, ...]:
        """Those of `secret`; the first one signs."""
        return () if self.secret is None else tuple(part.strip() for part in _parts(self.secret))

    @property
    def matrix(self) -> bool:
        """Whether Matrix users may ask at all."""
        return self.homeserver is not None or bool(self.remote_servers)

    @property
    def all_relays(self) -> tuple[Relay, ...]:
        if self.uris:
            return (Relay(DEFAULT_REGION, self.uris),)
        return tuple(Relay(each.region, each.uris) for each in self.relays)

    @property
    def local(self) -> Terms:
        return Terms(
            self.local_ttl, self.local_ttl, self.local_regions, self.local_rate, self.local_quota
        )

    @property
    def remote(self) -> Terms | None:
        """None: nobody of another server."""
        if not self.remote_servers:
            return None
        return Terms(
            self.remote_ttl,
            self.remote_ttl,
            self.remote_regions,
            self.remote_rate,
            self.remote_quota,
        )

    def askers(self) -> AskerSettings:
        """For whoever asks homeservers. Raises ValueError."""
        return AskerSettings(
            server_name=self.server_name,
            homeserver_url=self.homeserver,
            allowed_servers=self.remote_servers,
            overrides=self.homeserver_overrides,
            guests=self.guests,
        )

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


def _parts(secret: SecretStr) -> list[str]:
    return secret.get_secret_value().split(",")
