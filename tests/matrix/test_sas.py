"""The protocol of an emoji verification: the other side is played here, honest and not."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import vodozemac

from voip.matrix.emoji import EMOJI
from voip.matrix.http import Json
from voip.matrix.sas import (
    FIVE_MINUTES_MS,
    TEN_MINUTES_MS,
    Send,
    Stage,
    Us,
    Verification,
    is_fresh,
    transaction_of,
)
from voip.matrix.signatures import canonical_json, encode_base64

US = Us("@bot:x", "BOT", {"ed25519:BOT": "botkey", "ed25519:master": "master"})
THEIRS = {"ed25519:ANN": "annkey", "ed25519:annmaster": "annmaster"}
START: Json = {
    "from_device": "ANN",
    "transaction_id": "txn",
    "method": "m.sas.v1",
    "key_agreement_protocols": ["curve25519-hkdf-sha256"],
    "hashes": ["sha256"],
    "message_authentication_codes": ["hkdf-hmac-sha256.v2"],
    "short_authentication_string": ["decimal", "emoji"],
}


class Ann:
    """The side that asks and starts."""

    def __init__(self) -> None:
        self.pair = vodozemac.Sas()
        self.public = self.pair.public_key.to_base64()
        self.sas: Any = None

    def agree(self, key: str) -> None:
        self.sas = self.pair.diffie_hellman(vodozemac.Curve25519PublicKey.from_base64(key))

    def indices(self, bots_key: str) -> bytes:
        info = f"MATRIX_KEY_VERIFICATION_SAS|@ann:x|ANN|{self.public}|@bot:x|BOT|{bots_key}|txn"
        return bytes(self.sas.bytes(info).emoji_indices)

    def macs(self, keys: dict[str, str]) -> Json:
        info = "MATRIX_KEY_VERIFICATION_MAC@ann:xANN@bot:xBOTtxn"
        mac = {name: self.sas.calculate_mac(key, info + name) for name, key in keys.items()}
        return {"mac": mac, "keys": self.sas.calculate_mac(",".join(sorted(mac)), info + "KEY_IDS")}


class Room:
    """Both, up to a point."""

    def __init__(self) -> None:
        self.ann = Ann()
        request = {"from_device": "ANN", "transaction_id": "txn"}
        self.bot = Verification(US, "@ann:x", request, lambda device: THEIRS)

    def take(self, kind: str, content: Json) -> Send:
        (sent,) = self.bot.receive(kind, content)
        return sent

    def to_keys(self) -> str:
        """Our key, once both are there."""
        self.bot.ready()
        _, accept = self.take("start", START)
        kind, content = self.take("key", {"key": self.ann.public})
        assert kind == "key"
        key = str(content["key"])
        hashed = hashlib.sha256(key.encode() + canonical_json(START)).digest()
        assert accept["commitment"] == encode_base64(hashed), "we were bound to our key before"
        self.ann.agree(key)
        return key


@pytest.fixture
def room() -> Room:
    return Room()


def cancelled(room: Room, sent: list[Send], code: str) -> None:
    ((kind, content),) = sent[-1:]
    assert (kind, content["code"]) == ("cancel", code)
    assert room.bot.stage is Stage.CANCELLED
    assert room.bot.problem
    assert room.bot.receive("start", START) == [], "no second try"


@pytest.mark.parametrize("they_first", [False, True])
def test_both_see_the_same_and_show_their_keys(room: Room, they_first: bool) -> None:
    (ready,) = room.bot.ready()
    assert ready == (
        "ready",
        {"transaction_id": "txn", "from_device": "BOT", "methods": ["m.sas.v1"]},
    )
    key = room.to_keys()
    assert room.bot.stage is Stage.COMPARING
    assert room.bot.emoji == tuple(EMOJI[index] for index in room.ann.indices(key))
    theirs = room.ann.macs(THEIRS)
    if they_first:
        assert room.bot.receive("mac", theirs) == []
        mac, done = room.bot.confirm()
    else:
        (mac,) = room.bot.confirm()
        (done,) = room.bot.receive("mac", theirs)
    assert done[0] == "done"
    assert room.bot.stage.name == "DONE"
    info = "MATRIX_KEY_VERIFICATION_MAC@bot:xBOT@ann:xANNtxn"
    for name, value in US.keys.items():
        room.ann.sas.verify_mac(value, info + name, mac[1]["mac"][name])
    room.ann.sas.verify_mac("ed25519:BOT,ed25519:master", info + "KEY_IDS", mac[1]["keys"])


@pytest.mark.parametrize(
    "keys",
    [
        {"ed25519:ANN": "another"},
        {"ed25519:ANN": "annkey", "ed25519:annmaster": "another"},
        {"ed25519:annmaster": "annmaster"},
        {"ed25519:EVE": "evekey"},
        {},
    ],
)
def test_keys_that_are_not_those_shown_end_it(room: Room, keys: dict[str, str]) -> None:
    room.to_keys()
    room.bot.confirm()
    cancelled(room, room.bot.receive("mac", room.ann.macs(keys)), "m.key_mismatch")


def test_a_list_of_keys_that_was_changed_on_the_way_ends_it(room: Room) -> None:
    room.to_keys()
    room.bot.confirm()
    macs = room.ann.macs(THEIRS)
    del macs["mac"]["ed25519:annmaster"]
    cancelled(room, room.bot.receive("mac", macs), "m.key_mismatch")


def test_who_says_no_ends_it(room: Room) -> None:
    room.to_keys()
    cancelled(room, room.bot.refuse(), "m.mismatched_sas")


def test_the_other_side_says_no(room: Room) -> None:
    room.to_keys()
    assert room.bot.receive("cancel", {"code": "m.mismatched_sas"}) == []
    assert room.bot.stage is Stage.CANCELLED
    assert room.bot.confirm() == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"method": "m.qr"}, "m.unknown_method"),
        ({"hashes": ["md5"]}, "m.unknown_method"),
        ({"message_authentication_codes": ["hkdf-hmac-sha256"]}, "m.unknown_method"),
        ({"short_authentication_string": "emoji"}, "m.unknown_method"),
        ({"from_device": "EVE"}, "m.user_error"),
    ],
)
def test_a_start_that_we_cannot_follow(room: Room, change: Json, code: str) -> None:
    room.bot.ready()
    cancelled(room, room.bot.receive("start", START | change), code)


@pytest.mark.parametrize("kind", ["key", "mac", "accept", "nonsense"])
def test_what_comes_out_of_order_ends_it(room: Room, kind: str) -> None:
    room.bot.ready()
    cancelled(room, room.bot.receive(kind, {"key": "x"}), "m.unexpected_message")


@pytest.mark.parametrize("key", ["", "short", 7, None])
def test_a_key_that_is_none_ends_it(room: Room, key: object) -> None:
    room.bot.ready()
    room.take("start", START)
    cancelled(room, room.bot.receive("key", {"key": key}), "m.invalid_message")


def test_nobody_confirms_before_there_is_something_to_compare(room: Room) -> None:
    room.bot.ready()
    assert room.bot.emoji == ()
    assert room.bot.confirm() == []
    assert room.bot.stage is Stage.READY


@pytest.mark.parametrize(
    ("sent", "fresh"),
    [
        (0, True),
        (-TEN_MINUTES_MS, True),
        (-TEN_MINUTES_MS - 1, False),
        (FIVE_MINUTES_MS, True),
        (FIVE_MINUTES_MS + 1, False),
    ],
)
def test_requests_that_are_too_old_are_left_alone(sent: int, fresh: bool) -> None:
    now = 10**12
    assert is_fresh({"timestamp": now + sent, "methods": ["m.sas.v1"]}, now) is fresh
    assert not is_fresh({"timestamp": now, "methods": ["m.qr"]}, now)
    assert not is_fresh({"timestamp": "now", "methods": ["m.sas.v1"]}, now)


def test_in_a_room_everything_refers_to_the_request() -> None:
    request = {"from_device": "ANN", "to": "@bot:x"}
    bot = Verification(US, "@ann:x", request, lambda _device: THEIRS, "$request")
    ((_, content),) = bot.ready()
    assert content["m.relates_to"] == {"rel_type": "m.reference", "event_id": "$request"}
    assert "transaction_id" not in content
    assert transaction_of(content) == "$request"
    assert transaction_of(START) == "txn"


def test_the_signs_are_those_of_another_implementation() -> None:
    """Some names differ there: ours are the specification's, which other clients show."""
    from nio.crypto import Sas as NioSas  # type: ignore[import-untyped]  # its table alone

    def bare(sign: str) -> str:
        return sign.rstrip("\N{VARIATION SELECTOR-16}")

    assert [bare(sign) for sign, _ in EMOJI] == [bare(sign) for sign, _ in NioSas.emoji]
    assert len({name for _, name in EMOJI}) == 64
