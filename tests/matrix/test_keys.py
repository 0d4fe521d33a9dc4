"""Key management through a homeserver that fails: nothing is lost, nothing is asked in a loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.matrix.faults import FaultyHomeserver
from tests.matrix.two_devices import ANN, ROOM, Device, encryption, member, timeline
from voip.matrix.decryption import Opened
from voip.matrix.errors import SendRefusedError, TransientError
from voip.matrix.folder import Folder
from voip.matrix.http import Json
from voip.matrix.keys import Keys
from voip.matrix.machine import Machine
from voip.matrix.session import Session
from voip.matrix.trust import DeviceTrust, KnownIdentities, NewDevice

BOT = "@bot:x"
INVITE = {"call_id": "c"}
UPLOADED = {"one_time_key_counts": {"signed_curve25519": 100}}


@dataclass
class Rig:
    faulty: FaultyHomeserver
    machine: Machine
    keys: Keys
    ann: Device

    async def sync(self, raw: Json) -> None:
        await self.machine.run(self.machine.state.take_sync, raw)

    def shared(self) -> list[Json]:
        """The to-device messages that left."""
        return [asked.body for asked in self.faulty.requests if "/sendToDevice/" in asked.path]

    def answer_for_ann(self) -> None:
        """The homeserver knows Ann's device, her keys, and who is in the room."""
        name, key = self.ann.one_time_keys.popitem()
        self.faulty.on("/joined_members", {"joined": {BOT: {}, ANN: {}}})
        self.faulty.on("/keys/query", {"device_keys": {ANN: {"ANNS": self.ann.device_keys}}})
        self.faulty.on("/keys/claim", {"one_time_keys": {ANN: {"ANNS": {name: key}}}})


@pytest.fixture
async def rig(faulty: FaultyHomeserver, session: Session, memory: Path) -> AsyncIterator[Rig]:
    folder = Folder(memory / "bot")
    folder.prepare()
    machine = await Machine.open(BOT, "BOTS", folder)
    keys = Keys(session, machine, KnownIdentities(folder.known_file))
    ann = Device(ANN, "ANNS", memory)
    ann.join(ANN, BOT)
    made = Rig(faulty, machine, keys, ann)
    await made.sync(timeline(encryption(), member(ANN), member(BOT)))
    yield made
    await keys.aclose()
    await machine.close()
    ann.nio.close()


async def test_what_is_encrypted_can_be_read_by_those_in_the_room(rig: Rig) -> None:
    rig.answer_for_ann()
    rig.faulty.on("", {})
    type_, content = await rig.keys.encrypt(ROOM, "m.call.invite", INVITE)
    olm = rig.shared()[-1]["messages"][ANN]["ANNS"]
    rig.ann.nio.take_sync(
        {"to_device": {"events": [{"type": "m.room.encrypted", "sender": BOT, "content": olm}]}}
    )
    upload = await rig.machine.run(rig.machine.state.keys_to_upload)
    assert upload is not None
    rig.ann.nio.queried({"device_keys": {BOT: {"BOTS": upload["device_keys"]}}})
    event = {
        "type": type_,
        "sender": BOT,
        "event_id": "$1",
        "origin_server_ts": 1,
        "content": content,
    }
    opened = rig.ann.nio.decrypt(ROOM, event)
    assert isinstance(opened, Opened)
    assert opened.content == INVITE


@pytest.mark.parametrize("broken", ["/joined_members", "/keys/claim"])
async def test_a_request_that_fails_is_made_again_at_the_next_try(rig: Rig, broken: str) -> None:
    rig.answer_for_ann()
    good = rig.faulty.script(broken)
    rig.faulty.on("", {})
    rig.faulty.on(broken, (502, {}), *good)
    with pytest.raises(TransientError):
        await rig.keys.encrypt(ROOM, "m.call.invite", INVITE)
    type_, _ = await rig.keys.encrypt(ROOM, "m.call.invite", INVITE)
    assert type_ == "m.room.encrypted"


async def test_a_device_that_was_left_out_gets_the_key_once_its_homeserver_is_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.answer_for_ann()
    there = rig.faulty.script("/keys/claim")
    rig.faulty.on("", {})
    rig.faulty.on("/keys/claim", {"one_time_keys": {}, "failures": {"x": {}}}, *there)
    monkeypatch.setattr("voip.matrix.keys.LEFT_OUT_PAUSE", 60.0)
    for _ in range(2):  # not asked for again with every event
        await rig.keys.encrypt(ROOM, "m.call.invite", INVITE)
    assert len(rig.faulty.asked("/keys/claim")) == 1
    assert not rig.shared()
    rig.keys._left_out[ROOM] = 0.0  # the pause is over
    for _ in range(2):
        await rig.keys.encrypt(ROOM, "m.call.invite", INVITE)
    assert len(rig.faulty.asked("/keys/claim")) == 2
    (shared,) = rig.shared()
    assert list(shared["messages"]) == [ANN]


async def test_devices_that_cannot_be_asked_for_hold_up_nothing(rig: Rig) -> None:
    rig.answer_for_ann()
    rig.faulty.on("", {})
    await rig.keys.prepare(ROOM)
    await rig.sync({"device_lists": {"changed": [ANN]}})
    rig.faulty.on("/keys/query", (502, {}))
    type_, _ = await rig.keys.encrypt(ROOM, "m.call.invite", INVITE)
    assert type_ == "m.room.encrypted"


async def test_a_homeserver_that_is_down_is_not_asked_for_its_users_each_time(rig: Rig) -> None:
    rig.faulty.on("/keys/query", {"device_keys": {}, "failures": {"x": {}}})
    for _ in range(3):
        await rig.keys.query()
    assert len(rig.faulty.asked("/keys/query")) == 1


async def test_a_room_that_we_are_not_in(rig: Rig) -> None:
    rig.faulty.on("/joined_members", (403, {"errcode": "M_FORBIDDEN"}))
    with pytest.raises(SendRefusedError, match="invite the bot again"):
        await rig.keys.encrypt(ROOM, "m.call.invite", INVITE)


async def test_upkeep_goes_on_after_a_step_that_fails(rig: Rig) -> None:
    rig.faulty.on("/keys/upload", (502, {}), UPLOADED)
    rig.faulty.on("/keys/query", {"device_keys": {}})
    await rig.keys.upkeep()
    assert len(rig.faulty.asked("/keys/query")) == 1
    await rig.keys.upkeep()
    first, second = rig.faulty.asked("/keys/upload")
    assert first.body["device_keys"] == second.body["device_keys"]
    assert set(first.body["one_time_keys"]) <= set(second.body["one_time_keys"])


async def test_keys_that_are_refused_are_not_offered_again_at_once(rig: Rig) -> None:
    rig.faulty.on("/keys/upload", (400, {"errcode": "M_UNKNOWN"}))
    rig.faulty.on("/keys/query", {"device_keys": {}})
    for _ in range(3):
        await rig.keys.upkeep()
    assert len(rig.faulty.asked("/keys/upload")) == 1


async def test_a_device_is_judged_by_what_the_homeserver_says_now(rig: Rig) -> None:
    rig.answer_for_ann()
    key = rig.ann.identity_key
    assert await rig.keys.device_trust(ANN, key) is DeviceTrust.UNSIGNED
    rig.faulty.on("/keys/query", (502, {}))
    assert await rig.keys.device_trust(ANN, key) is DeviceTrust.UNKNOWN
    rig.faulty.on("/keys/query", {"device_keys": {ANN: {}}})
    assert await rig.keys.device_trust(ANN, key) is DeviceTrust.UNKNOWN


async def test_a_new_device_is_told_once(rig: Rig, memory: Path) -> None:
    rig.answer_for_ann()
    rig.faulty.on("", {})
    told: list[NewDevice] = []
    rig.keys.on_new_device = told.append
    await rig.keys.prepare(ROOM)
    second = Device(ANN, "MORE", memory)
    both = {"ANNS": rig.ann.device_keys, "MORE": second.device_keys}
    rig.faulty.on("/keys/query", {"device_keys": {ANN: both}})
    assert told == []
    for _ in range(2):
        await rig.sync({"device_lists": {"changed": [ANN]}})
        await rig.keys.query()
    assert told == [NewDevice(ANN, second.identity_key, DeviceTrust.UNSIGNED)]
    second.nio.close()
