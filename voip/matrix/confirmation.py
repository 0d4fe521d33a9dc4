"""Requests that a homeserver lets through only after the account's password ("User-Interactive
Authentication API"). It answers 401 with the ways that it would accept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from voip.matrix.errors import IdentityError, RequestRefusedError
from voip.matrix.http import Json
from voip.matrix.session import Session

PASSWORD = "m.login.password"  # noqa: S105 - the name of a stage


async def confirmed(session: Session, where: str, body: Json, password: str | None) -> Json:
    """POST, with the password if the homeserver wants it.

    :raises IdentityError: it wants something else, or does not accept the password.
    """
    try:
        return await session.request("POST", where, body=body)
    except RequestRefusedError as error:
        asked = error.answer
        if error.status != 401 or not isinstance(asked.get("flows"), list):
            raise IdentityError(
                f"The homeserver does not take our signing keys: {error}"
            ) from error
    if password is None or not _password_is_enough(asked):
        raise IdentityError(_what_to_do(asked, has_password=password is not None))
    auth = {
        "type": PASSWORD,
        "identifier": {"type": "m.id.user", "user": session.user_id},
        "password": password,
        "session": asked.get("session"),
    }
    try:
        return await session.request("POST", where, body={**body, "auth": auth})
    except RequestRefusedError as error:
        raise IdentityError(
            "The homeserver does not accept the password for publishing our signing keys "
            f"({error.errcode or error.status}): check it, then start again."
        ) from error


def _password_is_enough(asked: Mapping[str, Any]) -> bool:
    flows = (flow.get("stages") for flow in asked["flows"] if isinstance(flow, dict))
    return any(stages == [PASSWORD] for stages in flows)


def _what_to_do(asked: Mapping[str, Any], *, has_password: bool) -> str:
    wants = "The homeserver wants a confirmation before it takes our signing keys"
    if _password_is_enough(asked) and not has_password:
        return f"{wants}: give the account's password beside the access token, then start again."
    page = _page(asked)
    if page is not None:
        return f"{wants}: log in at {page}, allow it there, then start again."
    return (
        f"{wants} that this program cannot give: verify the account in a client such as Element, "
        "and give the recovery key that it shows."
    )


def _page(asked: Mapping[str, Any]) -> str | None:
    """Where a person can allow it (MSC4312), without what the address may carry besides."""
    params: Any = asked.get("params")
    for stage in params.values() if isinstance(params, dict) else ():
        url = stage.get("url") if isinstance(stage, dict) else None
        if isinstance(url, str) and urlsplit(url).scheme == "https":
            return url.partition("?")[0]
    return None
