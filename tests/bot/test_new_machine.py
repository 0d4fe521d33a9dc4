"""The bot's machine is lost: a new one gets the same identity with the recovery key alone."""

from __future__ import annotations

from dataclasses import replace

from tests.bot.conftest import Exchange, eventually
from voip.bot.phone import Phone, PhoneSettings
from voip.matrix.cross_signing import PublicIdentity
from voip.matrix.http import Json, path
from voip.matrix.identity import IdentityState


async def ready(phone: Phone, *, backup: bool = True) -> None:
    async def done() -> bool:
        signed = phone.matrix.identity.state is IdentityState.SIGNED
        return signed and (phone.matrix.backup.active or not backup)

    await eventually(done)


async def keys_of(phone: Phone, user_id: str) -> Json:
    body: Json = {"device_keys": {user_id: []}}
    return await phone.matrix.session.request("POST", path("keys", "query"), body=body)


async def test_a_new_machine_becomes_the_same_bot_and_reads_what_came_before(
    exchange: Exchange,
) -> None:
    old_settings = exchange.settings("bot")
    alice = await exchange.phone()
    async with Phone(old_settings) as old:
        await ready(old)
        room = await alice.matrix.direct_room(old.user_id)
        sent = await alice.matrix.post_text(room, "before the fire", "txn1")

        async def read_and_kept() -> bool:
            answer = await old.matrix.session.request("GET", path("room_keys", "version"))
            there = any(each.event_id == sent for each in await old.matrix.recent_messages(room))
            return there and answer["count"] >= 1

        await eventually(read_and_kept)
        before = PublicIdentity.of(await keys_of(alice, old.user_id), old.user_id)
        first = old.matrix.device_id
        key = (old_settings.matrix.data_dir / "recovery-key.txt").read_text()

    async with Phone(moved(old_settings, key)) as new:
        await ready(new)
        assert new.matrix.device_id != first
        answer = await keys_of(alice, new.user_id)
        after = PublicIdentity.of(answer, new.user_id)
        assert after is not None
        assert after == before, "the same identity: nobody has to verify the bot again"
        device = answer["device_keys"][new.user_id][new.matrix.device_id]
        assert after.has_signed(device, new.matrix.device_id)
        (message,) = [
            each for each in await new.matrix.recent_messages(room) if each.event_id == sent
        ]
        assert message.content["body"] == "before the fire"
        assert message.from_backup, "nothing proves who sent it"


async def test_without_the_recovery_key_nothing_is_replaced(exchange: Exchange) -> None:
    old_settings = exchange.settings("bot")
    async with Phone(old_settings) as old:
        await ready(old)
        version = await old.matrix.session.request("GET", path("room_keys", "version"))
        before = PublicIdentity.of(await keys_of(old, old.user_id), old.user_id)
    async with Phone(moved(old_settings, None)) as new:

        async def looked() -> bool:
            return new.matrix.identity.state is IdentityState.UNSIGNED

        await eventually(looked)
        assert "VOIP_RECOVERY_KEY" in str(new.matrix.identity.problem)
        assert not new.matrix.backup.active
        assert PublicIdentity.of(await keys_of(new, new.user_id), new.user_id) == before
        after = await new.matrix.session.request("GET", path("room_keys", "version"))
        assert after["version"] == version["version"]


def moved(settings: PhoneSettings, key: str | None) -> PhoneSettings:
    """The same account on a machine where nothing is."""
    folder = settings.data_dir.with_name("new-machine")
    matrix = replace(settings.matrix, data_dir=folder / "matrix", recovery_key=key)
    return replace(settings, data_dir=folder, matrix=matrix)
