"""From the settings to what the packages below are told: they know nothing of settings."""

from __future__ import annotations

from pydantic import SecretStr

from voip.matrix.settings import MatrixSettings
from voip.service.settings import Settings


def matrix_settings(settings: Settings) -> MatrixSettings:
    return MatrixSettings(
        homeserver=settings.homeserver,
        user_id=settings.user_id,
        data_dir=settings.data_dir / "matrix",
        password=_revealed(settings.password),
        access_token=_revealed(settings.access_token),
        device_name=settings.device_name,
        allow_invites_from=settings.allowed,
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
