"""Logging in and staying logged in, against answers that Synapse gives only on bad days."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.matrix.faults import DROP, LOGGED_OUT, UNKNOWN_TOKEN, FaultyHomeserver, limited
from voip.matrix.errors import (
    DataFolderError,
    HomeserverUnreachableError,
    LoggedOutError,
    LoginRefusedError,
    NoAnswerError,
    TransientError,
)
from voip.matrix.folder import Folder
from voip.matrix.http import Http, path
from voip.matrix.session import Session
from voip.matrix.settings import MatrixSettings

LOGIN = {
    "user_id": "@bot:x",
    "device_id": "BOTS",
    "access_token": "first",
    "refresh_token": "refresh",
}
WHOAMI = {"user_id": "@bot:x", "device_id": "BOTS"}
THERE = "/voip/turnServer"


class Begin:
    """`begin()` is a session that has not started, in one data folder."""

    def __init__(self, url: str, client: aiohttp.ClientSession, data_dir: Path) -> None:
        self.settings = MatrixSettings(url, "@bot:x", data_dir, start_timeout=0.3)
        self.folder = Folder(data_dir)
        self.folder.prepare()
        self._client = client

    def __call__(self, **settings: Any) -> Session:
        given = replace(self.settings, **settings)
        return Session(given, self.folder, Http(given.homeserver, self._client))


@pytest.fixture
def begin(faulty: FaultyHomeserver, client: aiohttp.ClientSession, tmp_path: Path) -> Begin:
    return Begin(faulty.url, client, tmp_path / "data")


async def test_a_login_is_kept_and_taken_up_again(faulty: FaultyHomeserver, begin: Begin) -> None:
    faulty.on("/login", LOGIN)
    await begin(password="secret").start()
    (login,) = faulty.asked("/login")
    assert login.body["refresh_token"] is True
    assert "device_id" not in login.body
    again = begin(password="secret")
    await again.start()
    assert (again.user_id, again.device_id) == ("@bot:x", "BOTS")
    assert len(faulty.requests) == 1


async def test_a_busy_homeserver_is_asked_again(faulty: FaultyHomeserver, begin: Begin) -> None:
    faulty.on("/login", limited(10), (502, {}), LOGIN)
    await begin(password="secret", start_timeout=5.0).start()
    assert len(faulty.asked("/login")) == 3


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((403, {"errcode": "M_FORBIDDEN"}), "does not accept this password"),
        ((403, {"errcode": "M_USER_DEACTIVATED"}), "deactivated"),
        ((400, {"errcode": "M_UNKNOWN"}), "offers no login by password"),
        ((404, {}), "offers no login by password"),
        ({**LOGIN, "user_id": "@other:x"}, "This login is @other:x"),
    ],
)
async def test_a_refused_login_says_why(
    faulty: FaultyHomeserver, begin: Begin, answer: Any, message: str
) -> None:
    faulty.on("/login", answer)
    with pytest.raises(LoginRefusedError, match=message) as raised:
        await begin(password="hunter2").start()
    assert "hunter2" not in str(raised.value)
    assert not begin.folder.session_file.exists()


async def test_nothing_to_log_in_with(begin: Begin) -> None:
    with pytest.raises(LoginRefusedError, match="neither a password nor an access token"):
        await begin().start()


async def test_a_first_start_waits_only_so_long(faulty: FaultyHomeserver, begin: Begin) -> None:
    faulty.on("/login", DROP)
    with pytest.raises(HomeserverUnreachableError, match="Check the address and the network"):
        await begin(password="secret").start()


async def test_a_token_tells_whose_it_is(faulty: FaultyHomeserver, begin: Begin) -> None:
    faulty.on("/whoami", WHOAMI)
    session = begin(access_token="given")
    await session.start()
    assert session.device_id == "BOTS"
    assert faulty.asked("/whoami")[0].token == "given"


@pytest.mark.parametrize("answer", [UNKNOWN_TOKEN, LOGGED_OUT, {"user_id": "@bot:x"}])
async def test_a_token_that_is_no_good(faulty: FaultyHomeserver, begin: Begin, answer: Any) -> None:
    faulty.on("/whoami", answer)
    with pytest.raises(LoginRefusedError):
        await begin(access_token="given").start()


async def test_a_new_token_in_the_settings_replaces_the_stored_one(
    faulty: FaultyHomeserver, begin: Begin
) -> None:
    faulty.on("/whoami", WHOAMI, {**WHOAMI, "device_id": "NEW"})
    await begin(access_token="one").start()
    session = begin(access_token="two")
    await session.start()
    assert session.device_id == "NEW"


async def test_a_token_that_a_password_login_replaced_is_not_asked_about_again(
    faulty: FaultyHomeserver, begin: Begin
) -> None:
    faulty.on("/whoami", WHOAMI)
    faulty.on(THERE, UNKNOWN_TOKEN, {})
    faulty.on("/login", LOGIN)
    first = begin(access_token="given", password="secret")
    await first.start()
    await first.request("GET", path("voip", "turnServer"))
    await begin(access_token="given", password="secret").start()
    assert len(faulty.asked("/whoami")) == 1


async def test_a_folder_of_another_account_is_not_touched(
    faulty: FaultyHomeserver, begin: Begin
) -> None:
    faulty.on("/login", LOGIN)
    await begin(password="secret").start()
    with pytest.raises(DataFolderError, match="a data folder of its own"):
        await begin(user_id="@other:x", password="secret").start()


# --- renewal ---------------------------------------------------------------------------------


async def test_an_expired_token_is_renewed_once_for_all_who_ask(
    faulty: FaultyHomeserver, session: Session
) -> None:
    faulty.on(THERE, UNKNOWN_TOKEN, UNKNOWN_TOKEN, UNKNOWN_TOKEN, {"fine": True})
    faulty.on("/refresh", {"access_token": "second", "refresh_token": "refresh2"})
    asking = [session.request("GET", path("voip", "turnServer")) for _ in range(3)]
    assert await asyncio.gather(*asking) == [{"fine": True}] * 3
    (refresh,) = faulty.asked("/refresh")
    assert refresh.body == {"refresh_token": "refresh"}
    assert {asked.token for asked in faulty.asked(THERE)[3:]} == {"second"}


async def test_new_tokens_are_on_disk_before_they_are_used(
    faulty: FaultyHomeserver, session: Session, tmp_path: Path
) -> None:
    faulty.on(THERE, UNKNOWN_TOKEN, DROP)
    faulty.on("/refresh", {"access_token": "second", "refresh_token": "refresh2"})
    with pytest.raises(NoAnswerError):
        await session.request("GET", path("voip", "turnServer"))
    stored = Folder(tmp_path / "data").session()
    assert stored is not None
    assert (stored.access_token, stored.refresh_token) == ("second", "refresh2")


async def test_without_a_new_refresh_token_the_old_one_stays(
    faulty: FaultyHomeserver, session: Session, tmp_path: Path
) -> None:
    faulty.on(THERE, UNKNOWN_TOKEN, {})
    faulty.on("/refresh", {"access_token": "second"})
    await session.request("GET", path("voip", "turnServer"))
    stored = Folder(tmp_path / "data").session()
    assert stored is not None
    assert stored.refresh_token == "refresh"


async def test_a_dead_refresh_token_leads_to_the_password_as_the_same_device(
    faulty: FaultyHomeserver, session: Session
) -> None:
    faulty.on(THERE, UNKNOWN_TOKEN, {"fine": True})
    faulty.on("/refresh", (401, {"errcode": "M_UNKNOWN_TOKEN"}))
    faulty.on("/login", {**LOGIN, "access_token": "second"})
    assert await session.request("GET", path("voip", "turnServer")) == {"fine": True}
    assert faulty.asked("/login")[0].body["device_id"] == "BOTS"


async def test_a_password_that_changed_is_tried_once(
    faulty: FaultyHomeserver, session: Session
) -> None:
    faulty.on(THERE, UNKNOWN_TOKEN)
    faulty.on("/refresh", (401, {"errcode": "M_UNKNOWN_TOKEN"}))
    faulty.on("/login", (403, {"errcode": "M_FORBIDDEN"}))
    for _ in range(2):
        with pytest.raises(LoginRefusedError):
            await session.request("GET", path("voip", "turnServer"))
    assert len(faulty.asked("/login")) == 1


async def test_a_homeserver_in_trouble_during_renewal_is_only_trouble(
    faulty: FaultyHomeserver, session: Session
) -> None:
    faulty.on(THERE, UNKNOWN_TOKEN, UNKNOWN_TOKEN, {"fine": True})
    faulty.on("/refresh", (502, {}), {"access_token": "second"})
    with pytest.raises(TransientError):
        await session.request("GET", path("voip", "turnServer"))
    assert await session.request("GET", path("voip", "turnServer")) == {"fine": True}


async def test_a_removed_device_says_what_to_do_and_asks_no_more(
    faulty: FaultyHomeserver, session: Session
) -> None:
    faulty.on(THERE, LOGGED_OUT)
    faulty.on("/refresh", (403, {"errcode": "M_FORBIDDEN"}))
    for _ in range(2):
        with pytest.raises(LoggedOutError, match=r"Move .*session\.json away"):
            await session.request("GET", path("voip", "turnServer"))
    assert len(faulty.asked(THERE)) == 1
    assert not faulty.asked("/login")


async def test_an_expired_token_without_a_password_says_what_to_do(
    faulty: FaultyHomeserver, begin: Begin
) -> None:
    faulty.on("/whoami", WHOAMI)
    faulty.on(THERE, UNKNOWN_TOKEN)
    session = begin(access_token="given")
    await session.start()
    with pytest.raises(LoggedOutError, match="give the password or a new access token"):
        await session.request("GET", path("voip", "turnServer"))


async def test_other_refusals_renew_nothing(faulty: FaultyHomeserver, session: Session) -> None:
    faulty.on(THERE, (401, {"errcode": "M_MISSING_TOKEN"}))
    with pytest.raises(Exception, match="M_MISSING_TOKEN"):
        await session.request("GET", path("voip", "turnServer"))
    assert not faulty.asked("/refresh")
