"""From the settings to what the packages below are told: they know nothing of settings."""

from __future__ import annotations

from pydantic import SecretStr

from voip.bot.access import AccessRules, parse
from voip.bot.caller_limits import CallerLimits
from voip.bot.door import Denied, DoorSettings
from voip.bot.drain import DrainSettings
from voip.bot.load import LoadLimits
from voip.bot.phone import PhoneSettings
from voip.bot.recorder import RecorderSettings
from voip.bot.runner import BotKind, BotSettings
from voip.bot.traces import TraceSettings
from voip.bot.trust import Unverified
from voip.matrix.settings import MatrixSettings
from voip.media.limits import PartLimits
from voip.media.settings import MediaSettings
from voip.media.sounds import Speech
from voip.service.announcement import announcement, question
from voip.service.keeping import keeping_settings
from voip.service.settings import Settings
from voip.signalling.config import CallConfig


def bot_settings(settings: Settings) -> BotSettings:
    return BotSettings(
        phone=phone_settings(settings, settings.bot.value, shared_port=True),
        bot=BotKind(settings.bot.value),
        file=settings.bot_file,
        recorder=RecorderSettings(
            announcement=announcement(settings),
            question=question(settings),
            until_silence=settings.silence_seconds,
            max_seconds=settings.max_seconds,
        ),
        max_calls=settings.max_calls,
        unverified=Unverified(settings.unverified.value),
        keeping=keeping_settings(settings),
        door=door_settings(settings),
        drain=drain_settings(settings),
    )


def door_settings(settings: Settings) -> DoorSettings:
    allow = settings.allow_calls
    return DoorSettings(
        rules=AccessRules(
            None if allow is None else tuple(map(parse, allow)),
            tuple(map(parse, settings.deny_calls)),
        ),
        denied=Denied(settings.denied_calls.value),
        callers=CallerLimits(settings.caller_calls, settings.caller_calls_per_minute),
        load=LoadLimits(settings.busy_cpu if settings.busy_cpu < 1 else None, settings.busy_lag),
    )


def drain_settings(settings: Settings) -> DrainSettings:
    text = settings.drain_message
    return DrainSettings(settings.drain_seconds, None if text is None else Speech(text), text)


def phone_settings(settings: Settings, name: str, *, shared_port: bool = False) -> PhoneSettings:
    """`name` says in the journal which bot or command a call belonged to. The shared port and the
    workers are the bot's: a single call beside it takes sockets of its own, in one process."""
    return PhoneSettings(
        matrix=matrix_settings(settings),
        data_dir=settings.data_dir,
        name=name,
        media=MediaSettings(
            relay_only=settings.relay_only,
            connect_timeout=settings.connect_timeout,
            gone_after=settings.peer_gone_after,
            port=settings.media_port if shared_port else None,
            workers=settings.media_workers if shared_port else 0,
            public_addresses=(settings.public_address or ()) if shared_port else (),
            part_limits=_part_limits(settings),
        ),
        calls=CallConfig(connect_timeout=settings.connect_timeout),
        traces=TraceSettings(
            keep=settings.traces, days=settings.trace_days, names=settings.trace_names
        ),
    )


def matrix_settings(settings: Settings) -> MatrixSettings:
    return MatrixSettings(
        homeserver=settings.homeserver,
        user_id=settings.user_id,
        data_dir=settings.data_dir / "matrix",
        password=_revealed(settings.password),
        access_token=_revealed(settings.access_token),
        recovery_key=_revealed(settings.recovery_key),
        device_name=settings.device_name,
        allow_invites_from=settings.allowed,
    )


def _part_limits(settings: Settings) -> PartLimits:
    megabytes = settings.part_megabytes
    return PartLimits(settings.part_seconds, None if megabytes is None else round(megabytes * 1e6))


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
