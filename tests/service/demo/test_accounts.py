"""The demo's people and bots on a real homeserver; setting up twice changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from voip.service.demo.accounts import BOTS, OWN, PEOPLE, Account, set_up
from voip.service.demo.synapse import SynapseProcess


def ask(synapse: SynapseProcess, account: Account, path: str) -> dict[str, Any]:
    token = synapse.token_for(account.user_id)
    return synapse.request("GET", f"/_matrix/client/v3/{path}", token=token)


def direct_rooms(synapse: SynapseProcess, account: Account) -> dict[str, list[str]]:
    return ask(synapse, account, f"user/{quote(account.user_id)}/account_data/m.direct")


def test_everybody_knows_everybody_in_encrypted_rooms(
    synapse: SynapseProcess, tmp_path: Path
) -> None:
    accounts = set_up(synapse, tmp_path)
    assert accounts.keys() == PEOPLE.keys() | BOTS.keys() | OWN.keys()
    alice = accounts["alice"]
    assert ask(synapse, alice, f"profile/{quote(alice.user_id)}")["displayname"] == "Alice"
    for person in PEOPLE:
        direct = direct_rooms(synapse, accounts[person])
        others = set(accounts) - {person}
        assert direct.keys() == {accounts[other].user_id for other in others}
        for other in others:
            (room_id,) = direct[accounts[other].user_id]
            assert direct_rooms(synapse, accounts[other])[accounts[person].user_id] == [room_id]
            room = f"rooms/{quote(room_id, safe='')}"
            members = ask(synapse, accounts[person], f"{room}/joined_members")["joined"]
            assert members.keys() == {accounts[person].user_id, accounts[other].user_id}
            state = ask(synapse, accounts[person], f"{room}/state/m.room.encryption")
            assert state["algorithm"] == "m.megolm.v1.aes-sha2"
    before = {name: direct_rooms(synapse, account) for name, account in accounts.items()}

    assert set_up(synapse, tmp_path) == accounts
    assert {name: direct_rooms(synapse, account) for name, account in accounts.items()} == before


def test_passwords_are_kept_from_others_and_out_of_logs(
    synapse: SynapseProcess, tmp_path: Path
) -> None:
    accounts = set_up(synapse, tmp_path)
    file = tmp_path / "accounts.json"
    assert file.stat().st_mode & 0o077 == 0
    assert json.loads(file.read_text())["bob"] == accounts["bob"].password
    assert accounts["bob"].password not in repr(accounts)


def test_a_password_that_was_lost_is_replaced(synapse: SynapseProcess, tmp_path: Path) -> None:
    before = set_up(synapse, tmp_path)
    (tmp_path / "accounts.json").unlink()
    after = set_up(synapse, tmp_path)
    assert after["alice"].password != before["alice"].password
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": "alice"},
        "password": after["alice"].password,
    }
    assert synapse.request("POST", "/_matrix/client/v3/login", body)["user_id"] == (
        after["alice"].user_id
    )
