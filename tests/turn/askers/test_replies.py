"""What homeservers' answers prove."""

from __future__ import annotations

import json

import pytest

from turn.askers.fetch import Reply
from turn.askers.model import AskerError, BadToken, HomeserverUnreachable, MatrixUser
from turn.askers.replies import read_userinfo, read_whoami

NAME = "example.org"


def reply(content: object, status: int = 200) -> Reply:
    return Reply(status, {}, json.dumps(content).encode())


def test_a_server_vouches_for_its_own_user() -> None:
    user = read_userinfo(reply({"sub": "@a:example.org", "more": 1}), NAME, None)
    assert user == MatrixUser("@a:example.org", NAME, guest=False, local=False)
    assert read_userinfo(reply({"sub": "@a:example.org"}), NAME, NAME).local


@pytest.mark.parametrize(
    ("asked", "sub"),
    [
        (NAME, "@a:matrix.org"),
        (NAME, "@a:example.org:8448"),
        ("example.org:8448", "@a:example.org"),
        (NAME, "@a:EXAMPLE.org"),
        (NAME, "@a:sub.example.org"),
    ],
)
def test_a_server_cannot_vouch_for_others(asked: str, sub: str) -> None:
    with pytest.raises(BadToken, match="vouched"):
        read_userinfo(reply({"sub": sub}), asked, None)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply({}, 401), BadToken),
        (reply({}, 403), BadToken),
        (Reply(401, {}, b"<html>"), BadToken),
        (reply({}, 404), HomeserverUnreachable),
        (reply({}, 429), HomeserverUnreachable),
        (reply({}, 500), HomeserverUnreachable),
        (reply({"sub": "@a:example.org"}, 302), HomeserverUnreachable),
        (reply({"sub": "@a:example.org"}, 201), HomeserverUnreachable),
        (reply({}), HomeserverUnreachable),
        (reply({"sub": None}), HomeserverUnreachable),
        (reply({"sub": ["@a:example.org"]}), HomeserverUnreachable),
        (reply({"sub": "a:example.org"}), HomeserverUnreachable),
        (reply({"sub": "@a\n:example.org"}), HomeserverUnreachable),
        (reply({"sub": "@a:evil.net:example.org"}), HomeserverUnreachable),
        (reply([]), HomeserverUnreachable),
        (Reply(200, {}, b"<html>"), HomeserverUnreachable),
        (Reply(200, {}, b"[" * 60_000), HomeserverUnreachable),
    ],
)
def test_other_answers(answer: Reply, error: type[AskerError]) -> None:
    with pytest.raises(error):
        read_userinfo(answer, NAME, None)


def test_whoami_tells_guests_apart() -> None:
    content = {"user_id": "@1:example.org", "device_id": "D"}
    assert not read_whoami(reply(content), NAME).guest
    assert not read_whoami(reply({**content, "is_guest": False}), None).guest
    assert read_whoami(reply({**content, "is_guest": True}), NAME).guest


def test_a_homeserver_of_another_name_is_a_wrong_setting() -> None:
    with pytest.raises(HomeserverUnreachable, match="settings"):
        read_whoami(reply({"user_id": "@a:example.org"}), "example.net")
