"""Is a device signed by its owner? Answers of `/keys/query`, good, forged and malformed."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from voip.matrix import trust
from voip.matrix.cross_signing import PrivateIdentity, PublicIdentity
from voip.matrix.http import Json
from voip.matrix.signatures import SigningKey, signed
from voip.matrix.trust import DeviceTrust, KnownIdentities, trust_of

ANN, CURVE = "@ann:x", "C" * 43
OWNER = PrivateIdentity.generate()
DEVICE_KEY = SigningKey.generate()


def device(user_id: str = ANN, device_id: str = "ANNS") -> Json:
    keys = {f"curve25519:{device_id}": CURVE, f"ed25519:{device_id}": DEVICE_KEY.public}
    bare: Json = {"user_id": user_id, "device_id": device_id, "keys": keys, "algorithms": []}
    return signed(bare, user_id, device_id, DEVICE_KEY.sign)


def cross_signed(bare: Json, owner: PrivateIdentity = OWNER) -> Json:
    """With the device's own signature and its owner's."""
    both = owner.sign_device(bare, ANN)
    both["signatures"][ANN] |= bare["signatures"][ANN]
    return both


def answer(shown: Json | None = None, owner: PrivateIdentity = OWNER) -> Json:
    body = owner.upload(ANN)
    shown = shown or cross_signed(device())
    return {
        "device_keys": {ANN: {shown["device_id"]: shown}},
        "master_keys": {ANN: body["master_key"]},
        "self_signing_keys": {ANN: body["self_signing_key"]},
    }


def test_signed_by_the_owner() -> None:
    assert trust_of(answer(), ANN, CURVE, None) is DeviceTrust.SIGNED
    assert trust_of(answer(), ANN, CURVE, OWNER.master_public) is DeviceTrust.SIGNED


def test_not_signed_by_the_owner() -> None:
    assert trust_of(answer(device()), ANN, CURVE, None) is DeviceTrust.UNSIGNED
    without = {"device_keys": answer(device())["device_keys"]}
    assert trust_of(without, ANN, CURVE, None) is DeviceTrust.UNSIGNED


def test_signed_by_somebody_else() -> None:
    eve = PrivateIdentity.generate()
    shown = answer(cross_signed(device(), eve))
    assert trust_of(shown, ANN, CURVE, None) is DeviceTrust.UNSIGNED
    # Eve's self-signing key in place of Ann's, which Ann's master key has not signed.
    shown["self_signing_keys"] = answer(owner=eve)["self_signing_keys"]
    assert trust_of(shown, ANN, CURVE, None) is DeviceTrust.UNSIGNED


def test_an_owner_who_is_not_the_one_that_was_known() -> None:
    eve = PrivateIdentity.generate()
    shown = answer(cross_signed(device(), eve), eve)
    assert trust_of(shown, ANN, CURVE, None) is DeviceTrust.SIGNED
    assert trust_of(shown, ANN, CURVE, OWNER.master_public) is DeviceTrust.IDENTITY_CHANGED
    gone = {"device_keys": shown["device_keys"]}
    assert trust_of(gone, ANN, CURVE, OWNER.master_public) is DeviceTrust.IDENTITY_CHANGED


def test_a_device_that_is_not_there() -> None:
    assert trust_of(answer(), ANN, "D" * 43, None) is DeviceTrust.UNKNOWN
    assert trust_of(answer(), "@bob:x", CURVE, None) is DeviceTrust.UNKNOWN
    assert trust_of({}, ANN, CURVE, None) is DeviceTrust.UNKNOWN


def test_nobody_lends_another_their_device() -> None:
    """Ann's device, cross-signed, shown under other names."""
    eves = signed(device("@eve:x"), ANN, "ANNS", DEVICE_KEY.sign)
    assert trust_of(answer(cross_signed(eves)), ANN, CURVE, None) is not DeviceTrust.SIGNED
    shown = answer()
    shown["device_keys"][ANN] = {"OTHER": shown["device_keys"][ANN]["ANNS"]}
    assert trust_of(shown, ANN, CURVE, None) is DeviceTrust.UNKNOWN


Change = Callable[[Json], object]
CHANGES: list[Change] = [
    lambda raw: raw.update(device_keys=[]),
    lambda raw: raw["device_keys"].update({ANN: "none"}),
    lambda raw: raw["device_keys"][ANN].update(ANNS=None),
    lambda raw: raw["device_keys"][ANN]["ANNS"].update(keys=[]),
    lambda raw: raw["device_keys"][ANN]["ANNS"]["keys"].update({"ed25519:ANNS": 7}),
    lambda raw: raw["device_keys"][ANN]["ANNS"].pop("signatures"),
    lambda raw: raw["device_keys"][ANN]["ANNS"].update(user_id="@eve:x"),
    lambda raw: raw["device_keys"][ANN]["ANNS"].update(more=1),
    lambda raw: raw.update(master_keys=None),
    lambda raw: raw["master_keys"][ANN].update(user_id="@eve:x"),
    lambda raw: raw["master_keys"][ANN].update(usage="master"),
    lambda raw: raw["master_keys"][ANN].update(usage=["user_signing"]),
    lambda raw: raw["master_keys"][ANN].update(keys={}),
    lambda raw: raw["master_keys"][ANN]["keys"].update({"ed25519:other": "other"}),
    lambda raw: raw["master_keys"][ANN].update(keys={"ed25519:a": "b"}),
    lambda raw: raw["self_signing_keys"][ANN].update(signatures={}),
    lambda raw: raw["self_signing_keys"][ANN].update(usage=["master"]),
    lambda raw: raw["self_signing_keys"].update({ANN: []}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_wrong_is_no_signature(change: Change) -> None:
    raw = copy.deepcopy(answer())
    change(raw)
    assert trust_of(raw, ANN, CURVE, None) is not DeviceTrust.SIGNED


def test_a_published_identity_is_read_back() -> None:
    public = PublicIdentity.of(answer(), ANN)
    assert public is not None
    assert OWNER.is_of(public)
    assert not PrivateIdentity.generate().is_of(public)
    assert not [secret for secret in OWNER.secrets.values() if secret in repr(OWNER)]


# --- who was who ----------------------------------------------------------------------------------


def test_people_are_known_by_the_key_that_was_seen_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "known"
    known = KnownIdentities(file)
    known.see(answer(), "@bot:x")
    known.see(answer(), "@bot:x")
    assert known.master_of(ANN) == OWNER.master_public
    assert file.read_text() == f"{ANN} {OWNER.master_public}\n"
    assert not caplog.records
    for _ in range(2):
        known.see(answer(owner=PrivateIdentity.generate()), "@bot:x")
    assert caplog.text.count("@ann:x has changed") == 2
    again = KnownIdentities(file)
    assert again.master_of(ANN) == OWNER.master_public


def test_a_change_is_warned_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    known = KnownIdentities(tmp_path / "known")
    changed = answer(owner=PrivateIdentity.generate())
    for one in (answer(), changed, changed):
        known.see(one, "@bot:x")
    assert caplog.text.count("has changed") == 1


@pytest.mark.parametrize(
    "raw", [{}, {"master_keys": []}, {"master_keys": {ANN: None}}, {"master_keys": {"a b": {}}}]
)
def test_malformed_answers_make_nobody_known(tmp_path: Path, raw: dict[str, Any]) -> None:
    known = KnownIdentities(tmp_path / "known")
    known.see(raw, "@bot:x")
    assert not (tmp_path / "known").exists()


def test_we_are_not_among_the_people_that_we_know(tmp_path: Path) -> None:
    known = KnownIdentities(tmp_path / "known")
    known.see(answer(), ANN)
    assert known.master_of(ANN) is None


def test_what_is_remembered_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "KNOWN_AT_MOST", 0)
    known = KnownIdentities(tmp_path / "known")
    known.see(answer(), "@bot:x")
    assert known.master_of(ANN) is None


def test_lines_that_a_crash_cut_off_and_files_that_cannot_be_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "known"
    file.write_text(f"{ANN} {OWNER.master_public}\n@bob:x {OWNER.master_public[:9]}")
    known = KnownIdentities(file)
    assert known.master_of(ANN) == OWNER.master_public
    assert known.master_of("@bob:x") is None
    file.write_text("@bob:x abc")
    KnownIdentities(file).see(answer(), "@bot:x")
    assert KnownIdentities(file).master_of(ANN) == OWNER.master_public
    caplog.set_level(logging.WARNING)
    unusable = KnownIdentities(tmp_path)
    unusable.see(answer(), "@bot:x")
    assert "could not be read" in caplog.text
    assert "could not be written" in caplog.text
    assert unusable.master_of(ANN) == OWNER.master_public
