"""From the settings to what a bot is told of keeping recordings."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from voip.bot.keeping import ConsentBy, KeepingSettings, Policy, Rule
from voip.delivery.storage.s3 import S3Settings
from voip.delivery.storage.sealing import read_key
from voip.delivery.webhooks import WebhookSettings
from voip.service.settings import Settings
from voip.service.settings_keeping import PolicyTable

DAY = 24 * 3600.0


def keeping_settings(settings: Settings) -> KeepingSettings:
    policy = Policy(
        consent=ConsentBy(settings.consent.value),
        notice=settings.recording_notice,
        post=settings.post_recordings,
        retention=_seconds(settings.retention_days),
    )
    key = settings.store_key
    return KeepingSettings(
        policy=policy,
        rules=tuple(_rule(table) for table in settings.policy),
        folder=settings.store_dir,
        s3=_s3(settings),
        key=None if key is None else read_key(key.get_secret_value()),
        webhook=_webhook(settings),
    )


def _rule(table: PolicyTable) -> Rule:
    changes: dict[str, Any] = {
        name: value
        for name in ("notice", "post", "store")
        if (value := getattr(table, name)) is not None
    }
    if table.consent is not None:
        changes["consent"] = ConsentBy(table.consent.value)
    if table.retention_days is not None:
        changes["retention"] = _seconds(table.retention_days)
    return Rule(changes, table.room, table.user)


def _s3(settings: Settings) -> S3Settings | None:
    if settings.s3_url is None or settings.s3_access_key is None or settings.s3_secret_key is None:
        return None
    parts = urlsplit(settings.s3_url)
    bucket, _, prefix = parts.path.strip("/").partition("/")
    return S3Settings(
        endpoint=f"{parts.scheme}://{parts.netloc}",
        bucket=bucket,
        prefix=f"{prefix}/" if prefix else "",
        region=settings.s3_region,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key.get_secret_value(),
    )


def _webhook(settings: Settings) -> WebhookSettings | None:
    if settings.webhook_url is None or settings.webhook_secret is None:
        return None
    return WebhookSettings(settings.webhook_url, settings.webhook_secret.get_secret_value())


def _seconds(days: float) -> float | None:
    return days * DAY if days else None
