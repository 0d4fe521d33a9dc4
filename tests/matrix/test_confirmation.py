"""The password where a homeserver wants it, and what a person is told where that is no help."""

from __future__ import annotations

from typing import Any

import pytest

from tests.matrix.faults import FaultyHomeserver
from voip.matrix.confirmation import confirmed
from voip.matrix.errors import IdentityError
from voip.matrix.session import Session

WHERE = "/_matrix/client/v3/keys/device_signing/upload"
PASSWORD = {"flows": [{"stages": ["m.login.password"]}], "session": "s1"}
SSO = {"flows": [{"stages": ["m.login.sso"]}], "session": "s1"}
OAUTH = {
    "flows": [{"stages": ["m.oauth"]}],
    "params": {"m.oauth": {"url": "https://account.x/reset?action=it&secret=1"}},
    "session": "s1",
}


async def test_where_nothing_is_asked_nothing_is_given(
    faulty: FaultyHomeserver, session: Session
) -> None:
    faulty.on(WHERE, {"done": 1})
    assert await confirmed(session, WHERE, {"a": 1}, "secret") == {"done": 1}
    (asked,) = faulty.asked(WHERE)
    assert asked.body == {"a": 1}


async def test_the_password_is_given_when_it_is_asked_for(
    faulty: FaultyHomeserver, session: Session
) -> None:
    faulty.on(WHERE, (401, PASSWORD), {})
    await confirmed(session, WHERE, {"a": 1}, "secret")
    first, second = faulty.asked(WHERE)
    assert "auth" not in first.body
    assert second.body["a"] == 1
    assert second.body["auth"] == {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": "@bot:x"},
        "password": "secret",
        "session": "s1",
    }


@pytest.mark.parametrize(
    ("asked", "password", "told"),
    [
        (PASSWORD, None, "give the account's password beside the access token"),
        (SSO, "secret", "give the recovery key"),
        (OAUTH, "secret", "log in at https://account.x/reset, allow it there"),
        ({"flows": [None, {"stages": 5}], "params": {"m.oauth": None}}, "secret", "recovery key"),
    ],
)
async def test_what_we_cannot_give(
    faulty: FaultyHomeserver,
    session: Session,
    asked: dict[str, Any],
    password: str | None,
    told: str,
) -> None:
    faulty.on(WHERE, (401, asked))
    with pytest.raises(IdentityError, match=told):
        await confirmed(session, WHERE, {}, password)
    assert len(faulty.asked(WHERE)) == 1


async def test_a_password_that_is_not_accepted(faulty: FaultyHomeserver, session: Session) -> None:
    faulty.on(WHERE, (401, PASSWORD), (401, {**PASSWORD, "errcode": "M_FORBIDDEN"}))
    with pytest.raises(IdentityError, match=r"does not accept the password .*M_FORBIDDEN"):
        await confirmed(session, WHERE, {}, "wrong")
    assert len(faulty.asked(WHERE)) == 2


async def test_a_homeserver_without_cross_signing(
    faulty: FaultyHomeserver, session: Session
) -> None:
    faulty.on(WHERE, (404, {"errcode": "M_UNRECOGNIZED"}))
    with pytest.raises(IdentityError, match="M_UNRECOGNIZED"):
        await confirmed(session, WHERE, {}, "secret")
