"""Our own cross-signing identity: made once, recovered, never replaced."""

from __future__ import annotations

import asyncio
import logging
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.matrix.conftest import WITHIN, MakePerson, Person
from tests.matrix.faults import LOGGED_OUT, Answer, FaultyHomeserver
from voip.matrix import identity as module
from voip.matrix import recovery_key
from voip.matrix.confirmation import confirmed
from voip.matrix.cross_signing import PrivateIdentity, PublicIdentity
from voip.matrix.folder import Folder
from voip.matrix.http import Json, path
from voip.matrix.identity import Identity, IdentityState
from voip.matrix.machine import Machine
from voip.matrix.session import Session
from voip.matrix.signatures import SigningKey, signed
from voip.matrix.trust import DeviceTrust

UPLOAD = path("keys", "device_signing", "upload")


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.02)


async def looked(person: Person) -> IdentityState:
    await until(lambda: person.edge.identity.state is not IdentityState.UNKNOWN)
    return person.edge.identity.state


async def published(person: Person, whose: Person | None = None) -> PublicIdentity | None:
    user_id = (whose or person).user.user_id
    answer = await person.ask("POST", "keys", "query", body={"device_keys": {user_id: []}})
    return PublicIdentity.of(answer, user_id)


def recovery_file(person: Person) -> Path:
    return person.settings.data_dir / "recovery-key.txt"


async def trust(person: Person, other: Person) -> DeviceTrust:
    keys = other.edge._machine.state.identity_keys()
    return await person.edge.device_trust(other.user.user_id, keys["curve25519"])


# --- at a real homeserver -------------------------------------------------------------------------


async def test_a_new_account_gets_an_identity_once(
    person: MakePerson, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bot, ann = await person(), await person()
    assert await looked(bot) is IdentityState.SIGNED
    first = await published(bot)
    assert first is not None
    assert await trust(ann, bot) is DeviceTrust.SIGNED
    text = recovery_file(bot).read_text().strip()
    folder = Folder(bot.settings.data_dir)
    for file in (recovery_file(bot), folder.identity_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert caplog.text.count(str(recovery_file(bot))) == 1
    ours = folder.identity()
    assert ours is not None
    assert not [secret for secret in [text, *ours.secrets.values()] if secret in caplog.text]

    await bot.stop()
    bot = await person(bot.user)
    assert await looked(bot) is IdentityState.SIGNED
    assert await published(bot) == first
    assert recovery_file(bot).read_text().strip() == text
    assert caplog.text.count(str(recovery_file(bot))) == 1


async def test_a_new_login_in_the_same_folder_is_signed(person: MakePerson) -> None:
    bot, ann = await person(), await person()
    assert await looked(bot) is IdentityState.SIGNED
    first, device_id = await published(bot), bot.edge.device_id
    await bot.stop()
    Folder(bot.settings.data_dir).session_file.unlink()
    bot = await person(bot.user)
    assert bot.edge.device_id != device_id
    assert await looked(bot) is IdentityState.SIGNED
    assert await published(bot) == first
    assert await trust(ann, bot) is DeviceTrust.SIGNED


async def test_a_new_machine_becomes_a_signed_device_by_the_recovery_key(
    person: MakePerson, tmp_path: Path
) -> None:
    bot, ann = await person(), await person()
    assert await looked(bot) is IdentityState.SIGNED
    text = recovery_file(bot).read_text()
    twin = await person(bot.user, data_dir=tmp_path / "twin")
    assert await looked(twin) is IdentityState.UNSIGNED
    assert "set its recovery key" in str(twin.edge.identity.problem)
    assert await trust(ann, twin) is DeviceTrust.UNSIGNED
    await twin.stop()

    wrong = recovery_key.to_text(recovery_key.new_key())
    twin = await person(bot.user, data_dir=tmp_path / "twin", recovery_key=wrong)
    assert await looked(twin) is IdentityState.UNSIGNED
    assert "does not open" in str(twin.edge.identity.problem)
    await twin.stop()

    twin = await person(bot.user, data_dir=tmp_path / "twin", recovery_key=text)
    assert await looked(twin) is IdentityState.SIGNED
    assert await trust(ann, twin) is DeviceTrust.SIGNED
    assert not recovery_file(twin).exists()
    await twin.stop()
    twin = await person(bot.user, data_dir=tmp_path / "twin")
    assert await looked(twin) is IdentityState.SIGNED  # without the key: it has what it opened


async def test_an_identity_that_was_replaced_is_told_and_left_alone(
    person: MakePerson, caplog: pytest.LogCaptureFixture
) -> None:
    bot, ann = await person(), await person()
    assert await looked(bot) is IdentityState.SIGNED
    assert await trust(ann, bot) is DeviceTrust.SIGNED
    other = PrivateIdentity.generate()
    body = other.upload(bot.user.user_id)
    await confirmed(bot.edge.session, UPLOAD, body, bot.user.password)
    await until(lambda: bot.edge.identity.state is IdentityState.UNSIGNED)
    assert "was replaced" in str(bot.edge.identity.problem)
    after = await published(bot)
    assert after is not None
    assert after.master == other.master_public
    assert await trust(ann, bot) is DeviceTrust.IDENTITY_CHANGED
    assert f"identity of {bot.user.user_id} has changed" in caplog.text

    # Whoever runs Ann's bot takes the line out, as after a change of an SSH host key.
    await ann.stop()
    known = Folder(ann.settings.data_dir).known_file
    lines = known.read_text().splitlines(keepends=True)
    known.write_text("".join(line for line in lines if not line.startswith(bot.user.user_id)))
    ann = await person(ann.user)
    assert await trust(ann, bot) is DeviceTrust.UNSIGNED


async def test_a_secret_storage_of_somebody_else_is_left_alone(
    person: MakePerson, caplog: pytest.LogCaptureFixture
) -> None:
    ann = await person()
    await looked(ann)
    data = path("user", ann.user.user_id, "account_data", "m.secret_storage.default_key")
    await ann.edge.session.request("PUT", data, body={"key": "theirs"})
    await ann.stop()
    folder = Folder(ann.settings.data_dir)
    identity = folder.identity()
    assert identity is not None
    folder.keep_identity(
        PrivateIdentity(identity.master_public, identity.self_signing, identity.master)
    )
    recovery_file(ann).unlink()
    again = await person(ann.user)
    assert await looked(again) is IdentityState.SIGNED
    await until(lambda: "in the data folder alone" in caplog.text)
    assert await again.edge.session.request("GET", data) == {"key": "theirs"}


# --- at a homeserver that fails or lies -----------------------------------------------------------


@dataclass
class Rig:
    faulty: FaultyHomeserver
    session: Session
    machine: Machine
    folder: Folder
    device: Json

    def identity(self, recovery: bytes | None = None) -> Identity:
        return Identity(self.session, self.machine, self.folder, "secret", recovery)

    def answer(self, owner: PrivateIdentity | None = None, device: Json | None = None) -> Json:
        """What /keys/query says: our device, and an identity."""
        keys: Json = {"device_keys": {"@bot:x": {"BOTS": device or self.device}}}
        if owner is not None:
            body = owner.upload("@bot:x")
            for name in ("master", "self_signing"):
                keys[f"{name}_keys"] = {"@bot:x": body[f"{name}_key"]}
        return keys

    def mine(self) -> PrivateIdentity:
        """An identity that the folder holds already."""
        made = PrivateIdentity.generate()
        kept = PrivateIdentity(
            made.master_public, made.self_signing, made.master, made.user_signing, True
        )
        self.folder.keep_identity(kept)
        return kept


@pytest.fixture
async def rig(faulty: FaultyHomeserver, session: Session, memory: Path) -> AsyncIterator[Rig]:
    folder = Folder(memory / "bot")
    folder.prepare()
    machine = await Machine.open("@bot:x", "BOTS", folder)
    keys = await machine.run(machine.state.keys_to_upload)
    assert keys is not None
    yield Rig(faulty, session, machine, folder, keys["device_keys"])
    await machine.close()


async def test_the_device_and_the_master_key_are_signed_where_they_are_not(rig: Rig) -> None:
    mine = rig.mine()
    rig.faulty.on("/keys/query", rig.answer(mine))
    rig.faulty.on("/signatures/upload", {})
    identity = rig.identity()
    await identity.upkeep()
    assert identity.state is IdentityState.SIGNED
    (upload,) = rig.faulty.asked("/signatures/upload")
    sent = upload.body["@bot:x"]
    public = PublicIdentity.of(rig.answer(mine), "@bot:x")
    assert public is not None
    assert set(sent) == {"BOTS", public.master}
    assert public.has_signed(sent["BOTS"], "BOTS")

    await identity.upkeep()
    assert len(rig.faulty.asked("/keys/query")) == 1  # it looks again only when it is due
    rig.faulty.on("/keys/query", rig.answer(mine, sent["BOTS"]))
    identity.due()
    await identity.upkeep()
    assert set(rig.faulty.asked("/signatures/upload")[-1].body["@bot:x"]) == {public.master}


async def test_no_keys_are_signed_but_our_own(rig: Rig) -> None:
    """The homeserver shows a device of its own making under our device's name."""
    mine = rig.mine()
    forged = {**rig.device, "keys": {**rig.device["keys"], "curve25519:BOTS": "A" * 43}}
    rig.faulty.on("/keys/query", rig.answer(mine, forged))
    identity = rig.identity()
    await identity.upkeep()
    assert identity.state is IdentityState.UNSIGNED
    assert "other keys for our device" in str(identity.problem)
    assert not rig.faulty.asked("/signatures/upload")


async def test_no_foreign_master_key_is_taken_for_ours(rig: Rig) -> None:
    """It signs our true self-signing key, which is public, with a master key of its own."""
    mine, eves = rig.mine(), PrivateIdentity.generate()
    answer = rig.answer(mine)
    theirs = rig.answer(eves)["master_keys"]
    eve = eves.upload("@bot:x")["master_key"]
    bare = answer["self_signing_keys"]["@bot:x"]
    key = SigningKey.from_text(eves.secrets["master"])
    (eve_public,) = eve["keys"].values()
    answer["master_keys"] = theirs
    answer["self_signing_keys"] = {"@bot:x": signed(bare, "@bot:x", eve_public, key.sign)}
    rig.faulty.on("/keys/query", answer)
    identity = rig.identity()
    await identity.upkeep()
    assert identity.state is IdentityState.UNSIGNED
    assert not rig.faulty.asked("/signatures/upload")


@pytest.mark.parametrize("trouble", [(502, {}), (403, {"errcode": "M_FORBIDDEN"}), {}])
async def test_a_homeserver_in_trouble_is_asked_again_later(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, trouble: Answer
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.0)
    rig.faulty.on("/keys/query", trouble, rig.answer(rig.mine()))
    rig.faulty.on("/signatures/upload", {})
    identity = rig.identity()
    states = []
    for _ in range(2):
        await identity.upkeep()
        states.append(identity.state)
    assert states == [IdentityState.UNKNOWN, IdentityState.SIGNED]


async def test_an_identity_that_cannot_be_read_is_not_replaced(rig: Rig) -> None:
    answer = rig.answer(PrivateIdentity.generate())
    answer["master_keys"]["@bot:x"]["usage"] = ["something new"]
    rig.faulty.on("/keys/query", answer)
    identity = rig.identity()
    await identity.upkeep()
    assert "cannot be read" in str(identity.problem)
    assert not rig.faulty.asked("/device_signing/upload")


async def test_a_session_that_is_over_and_a_full_disk_stop_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.0)

    def full(_: PrivateIdentity) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rig.folder, "keep_identity", full)
    rig.faulty.on("/keys/query", rig.answer())
    identity = rig.identity()
    await identity.upkeep()
    assert not rig.faulty.asked("/device_signing/upload")
    rig.faulty.on("/keys/query", LOGGED_OUT)
    rig.faulty.on("/refresh", (403, {}))
    await identity.upkeep()
    assert len(rig.faulty.asked("/keys/query")) == 2
    assert identity.state is IdentityState.UNKNOWN


async def test_signatures_that_are_not_taken(rig: Rig) -> None:
    rig.faulty.on("/keys/query", rig.answer(rig.mine()))
    rig.faulty.on("/signatures/upload", {"failures": {"@bot:x": {"BOTS": {"errcode": "M_X"}}}})
    identity = rig.identity()
    await identity.upkeep()
    assert "does not take our device's signature" in str(identity.problem)


async def test_keys_are_kept_before_they_leave(rig: Rig) -> None:
    """A crash, or a refusal, after which the same identity is offered again."""
    rig.faulty.on("/keys/query", rig.answer())
    rig.faulty.on("/device_signing/upload", (400, {"errcode": "M_UNKNOWN"}))
    await rig.identity().upkeep()
    await rig.identity().upkeep()
    first, second = rig.faulty.asked("/device_signing/upload")
    assert first.body == second.body
    kept = rig.folder.identity()
    assert kept is not None
    assert kept.upload("@bot:x") == first.body


@pytest.mark.parametrize("damaged", ["{", '{"master_public": "M", "self_signing": "S"}'])
async def test_a_damaged_file_is_told_and_not_replaced(rig: Rig, damaged: str) -> None:
    rig.folder.identity_file.write_text(damaged)
    rig.faulty.on("/keys/query", rig.answer())
    identity = rig.identity()
    await identity.upkeep()
    assert "cannot be read" in str(identity.problem)
    assert not rig.faulty.asked("/device_signing/upload")


@pytest.mark.parametrize("account_data", [(404, {}), {}, {"key": 5}, {"key": "k", "encrypted": 1}])
async def test_a_recovery_key_that_opens_nothing(rig: Rig, account_data: Answer) -> None:
    rig.faulty.on("/keys/query", rig.answer(PrivateIdentity.generate()))
    rig.faulty.on("", account_data)
    identity = rig.identity(recovery_key.new_key())
    await identity.upkeep()
    assert identity.state is IdentityState.UNSIGNED
    assert identity.problem is not None
