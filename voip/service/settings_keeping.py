"""The settings of what is kept of calls: consent, retention, storage, webhooks.

A part of `Settings`, and read as the others are; see `settings.py`.
"""

from __future__ import annotations

import difflib
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode

from voip.delivery.storage.sealing import read_key
from voip.media.sound_paths import text_or_file

ROOM_PATTERN = re.compile(r"\*|!\S+")
WHO_PATTERN = re.compile(r"\*|@\S+")
S3_PARTS = ("s3_url", "s3_access_key", "s3_secret_key")
POLICY_FILE_ONLY = "policies are tables of the settings file ([[policy]]), not of the environment"


class Consent(StrEnum):
    STAYING = "staying"
    DIGIT = "digit"


class PolicyTable(BaseModel):
    """One `[[policy]]` of the file. What it does not name stays as the settings say."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, strict=True)

    room: str | None = None
    user: str | None = None
    consent: Annotated[Consent, Field(strict=False)] | None = None
    notice: bool | None = None
    post: bool | None = None
    store: bool | None = None
    retention_days: float | None = Field(default=None, ge=0, le=36500, allow_inf_nan=False)
    """0: kept for ever, whatever the settings say."""

    @field_validator("room")
    @classmethod
    def _is_a_room(cls, value: str | None) -> str | None:
        if value is not None and not ROOM_PATTERN.fullmatch(value):
            raise ValueError("must be a room id (!…), where * stands for anything")
        return value

    @field_validator("user")
    @classmethod
    def _is_a_user(cls, value: str | None) -> str | None:
        if value is not None and not WHO_PATTERN.fullmatch(value):
            raise ValueError("must be a Matrix id (@…), where * stands for anything")
        return value

    @model_validator(mode="after")
    def _is_for_somebody(self) -> Self:
        if self.room is None and self.user is None:
            raise ValueError("names neither a room nor a user: say whom it is for")
        return self


class KeepingFields(BaseSettings):
    """Mixed into `Settings`."""

    consent: Consent = Field(
        default=Consent.STAYING,
        description="How callers agree to being recorded: `staying` (they hear the announcement and"
        " the tone) or `digit` (they press 1, or nothing is recorded).",
        examples=["digit"],
    )
    consent_question: Annotated[str, AfterValidator(text_or_file)] = Field(
        default="If you agree to being recorded, press 1.",
        min_length=1,
        max_length=2000,
        description="What is asked where consent is given by a digit: a text (spoken with the"
        " `speech` extra), or the path of a sound file.",
        examples=["./question.ogg"],
    )
    recording_notice: bool = Field(
        default=True,
        description="Tell the room that a call is recorded, and who joins it meanwhile. A reaction"
        " to that notice deletes the recording.",
        examples=["false"],
    )
    post_recordings: bool = Field(
        default=True, description="Post recordings into the room of their call.", examples=["false"]
    )
    retention_days: float = Field(
        default=0,
        ge=0,
        le=36500,
        allow_inf_nan=False,
        description="Days after which a recording is deleted: here, in its room, and in the storage"
        " targets. 0: never.",
        examples=["30"],
    )
    policy: Annotated[tuple[PolicyTable, ...], NoDecode] = Field(
        default=(),
        description="What is different for some rooms or people: tables of the file, see"
        " [recordings](docs/recordings.md). Later ones win.",
        examples=["[[policy]]"],
    )
    store_dir: Path | None = Field(
        default=None,
        description="A folder that gets a copy of every recording, on another disk for example. It"
        " must exist.",
        examples=["/mnt/recordings"],
    )
    s3_url: str | None = Field(
        default=None,
        description="A bucket of an S3-compatible store that gets a copy of every recording: its"
        " address, the bucket, and what is to be before each name. Needs the `s3` extra.",
        examples=["https://s3.example.org/bucket/calls"],
    )
    s3_region: str = Field(
        default="us-east-1",
        min_length=1,
        max_length=60,
        description="The store's region, as it is signed.",
        examples=["eu-central-1"],
    )
    s3_access_key: str | None = Field(
        default=None,
        min_length=1,
        description="The id of the access key for S3.",
        examples=["AKIA..."],
    )
    s3_secret_key: SecretStr | None = Field(
        default=None, description="The secret of the access key for S3.", examples=["..."]
    )
    s3_secret_key_file: Path | None = Field(
        default=None,
        description="A file that holds that secret.",
        examples=["/run/secrets/voip_s3_secret_key"],
    )
    store_key: SecretStr | None = Field(
        default=None,
        description="Encrypts the copies in `store_dir` and in S3: 32 bytes in base64, from"
        " `openssl rand -base64 32`. `voip recordings decrypt` opens them.",
        examples=["..."],
    )
    store_key_file: Path | None = Field(
        default=None,
        description="A file that holds that key.",
        examples=["/run/secrets/voip_store_key"],
    )
    webhook_url: str | None = Field(
        default=None,
        description="Where a program of yours is told what happens to calls, by HTTP POST.",
        examples=["https://hooks.example.org/voip"],
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="With which webhooks are signed: 16 characters at least.",
        examples=["..."],
    )
    webhook_secret_file: Path | None = Field(
        default=None,
        description="A file that holds that secret.",
        examples=["/run/secrets/voip_webhook_secret"],
    )

    @field_validator("policy", mode="before")
    @classmethod
    def _are_tables(cls, value: Any) -> Any:
        """In words, with the number of the table: what pydantic says names no table."""
        if isinstance(value, str):
            raise ValueError(POLICY_FILE_ONLY)  # noqa: TRY004  # pydantic turns this one into words
        if not isinstance(value, list):
            return value
        return tuple(_table(each, number) for number, each in enumerate(value, start=1))

    @field_validator("s3_url")
    @classmethod
    def _names_a_bucket(cls, value: str | None) -> str | None:
        if value is not None and not urlsplit(_address(value)).path.strip("/"):
            raise ValueError("must name a bucket after the address")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _is_an_address_of_the_web(cls, value: str | None) -> str | None:
        return None if value is None else _address(value)

    @field_validator("store_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            read_key(value.get_secret_value())
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:
            raise ValueError("must have 16 characters at least")
        return value

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        given = [name for name in S3_PARTS if getattr(self, name) is not None]
        if given and len(given) < len(S3_PARTS):
            missing = ", ".join(f"VOIP_{n.upper()}" for n in S3_PARTS if n not in given)
            raise ValueError(f"copies in S3 need {missing} too")
        if (self.webhook_url is None) != (self.webhook_secret is None):
            raise ValueError(
                "VOIP_WEBHOOK_URL and VOIP_WEBHOOK_SECRET (or VOIP_WEBHOOK_SECRET_FILE) need each"
                " other: a receiver must be able to tell our requests from others"
            )
        return self


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address that starts with https://")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("must be an address without a user, a password and a fragment")
    return value


def _table(value: Any, number: int) -> PolicyTable:
    if not isinstance(value, dict):
        raise ValueError(f"policy {number} must be a table")  # noqa: TRY004  # as above
    try:
        return PolicyTable(**value)
    except ValidationError as error:
        problems = [_sentence(each["loc"], each["msg"]) for each in error.errors()]
    raise ValueError(f"of table {number}: {'; '.join(problems)}")


def _sentence(where: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    if not where:
        return message
    name = str(where[0])
    if name not in PolicyTable.model_fields:
        near = difflib.get_close_matches(name, list(PolicyTable.model_fields), 1)
        return f"{name} is no setting of a policy" + (f", is {near[0]} meant?" if near else "")
    return f"{name} {message[:1].lower()}{message[1:]}"
