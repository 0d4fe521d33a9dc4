"""One emoji verification, in the part of the side that is asked ("Short Authentication String (SAS)
verification" of the client-server specification). Pure but for the key pair that it makes.

    request → (we) ready → start → (we) accept → key → (we) key → both look → (both) mac → done

`receive` takes a content and gives what to send; `emoji` is there once both keys are; a person
compares, then `confirm` or `refuse`. What is wrong ends it with a cancel (`problem` says why):
nobody may get another try within one verification.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, ClassVar, Final, TypeAlias

import vodozemac

from voip.matrix.emoji import EMOJI
from voip.matrix.http import Json
from voip.matrix.signatures import canonical_json, encode_base64

PREFIX: Final = "m.key.verification."
SAS: Final = "m.sas.v1"
AGREEMENT, HASH, MAC = "curve25519-hkdf-sha256", "sha256", "hkdf-hmac-sha256.v2"
TEN_MINUTES_MS: Final = 600_000
FIVE_MINUTES_MS: Final = 300_000
"""How far in the future a request may be ("Key verification framework")."""

Send: TypeAlias = tuple[str, Json]
"""Type without its prefix, and content."""


class Stage(Enum):
    REQUESTED = auto()
    READY = auto()
    ACCEPTED = auto()
    COMPARING = auto()
    """A person has to look."""
    CONFIRMED = auto()
    """They have; the other side has not yet."""
    DONE = auto()
    CANCELLED = auto()


@dataclass(frozen=True, slots=True)
class Us:
    user_id: str
    device_id: str
    keys: Mapping[str, str]
    """`ed25519:…` → public key: our device's and our master key."""


class _Wrong(Exception):
    """Ends it: a code of the specification, and why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class Verification:
    """
    :param their_keys: `ed25519:…` → public key of what the homeserver shows of a device of theirs
        and of their identity: what they claim is compared with that.
    """

    def __init__(
        self,
        us: Us,
        user_id: str,
        request: Json,
        their_keys: Callable[[str], Mapping[str, str]],
        request_id: str | None = None,
    ) -> None:
        """`request_id`: the event id of a request in a room, to which everything then refers; None
        for one that came to our device and has a transaction id."""
        self.user_id = user_id
        self.device_id = str(request.get("from_device", ""))
        self.transaction_id = request_id or str(request.get("transaction_id", ""))
        self._in_room = request_id is not None
        self.stage = Stage.REQUESTED
        self.problem = ""
        self._us, self._their_keys = us, their_keys
        self._pair = vodozemac.Sas()
        self._public = str(self._pair.public_key.to_base64())
        self._theirs = ""
        self._sas: Any = None
        self._mac: Json | None = None

    @property
    def emoji(self) -> tuple[tuple[str, str], ...]:
        """Seven signs with their names; none before both keys are there."""
        if self._sas is None:
            return ()
        # "MATRIX_KEY_VERIFICATION_SAS|" and both sides, whoever sent the start first.
        parts = (
            *(self.user_id, self.device_id, self._theirs),
            *(self._us.user_id, self._us.device_id, self._public),
            self.transaction_id,
        )
        info = "|".join(("MATRIX_KEY_VERIFICATION_SAS", *parts))
        return tuple(EMOJI[index] for index in self._sas.bytes(info).emoji_indices)

    def ready(self) -> list[Send]:
        """Agree to a request."""
        self.stage = Stage.READY
        return [("ready", self._content({"from_device": self._us.device_id, "methods": [SAS]}))]

    def receive(self, kind: str, content: Json) -> list[Send]:
        """Take an event of this transaction: its type without the prefix, and its content."""
        if self.stage in {Stage.DONE, Stage.CANCELLED}:
            return []
        if kind == "cancel":
            self.stage = Stage.CANCELLED
            self.problem = f"the other side ended it ({content.get('code')})"
            return []
        step = self._steps.get(kind)
        if step is None:
            return self._cancel("m.unexpected_message", f"{kind} was not expected")
        try:
            return step(self, content)
        except _Wrong as wrong:
            return self._cancel(wrong.code, str(wrong))

    def confirm(self) -> list[Send]:
        """A person here says that the emoji are the same."""
        if self.stage is not Stage.COMPARING:
            return []
        self.stage = Stage.CONFIRMED
        sends = [("mac", self._content(self._our_macs()))]
        if self._mac is None:
            return sends
        try:
            return [*sends, *self._check(self._mac)]
        except _Wrong as wrong:
            return [*sends, *self._cancel(wrong.code, str(wrong))]

    def refuse(self) -> list[Send]:
        """They are not the same, or nobody looked."""
        return self._cancel("m.mismatched_sas", "the emoji were not confirmed here")

    # --- steps ----------------------------------------------------------------------------------

    def _start(self, content: Json) -> list[Send]:
        self._expect(Stage.READY, "start")
        if content.get("from_device") != self.device_id:
            raise _Wrong("m.user_error", "another device went on than the one that asked")
        offered = {
            "key_agreement_protocols": AGREEMENT,
            "hashes": HASH,
            "message_authentication_codes": MAC,
            "short_authentication_string": "emoji",
        }
        if content.get("method") != SAS or not all(
            isinstance(content.get(name), list) and wanted in content[name]
            for name, wanted in offered.items()
        ):
            raise _Wrong("m.unknown_method", "the other side's client offers no way that we know")
        self.stage = Stage.ACCEPTED
        # "the hash of the concatenation of the device's ephemeral public key and the canonical
        # JSON representation of the m.key.verification.start message": we cannot choose our key
        # after seeing theirs.
        hashed = hashlib.sha256(self._public.encode() + canonical_json(content)).digest()
        body = {
            "method": SAS,
            "key_agreement_protocol": AGREEMENT,
            "hash": HASH,
            "message_authentication_code": MAC,
            "short_authentication_string": ["emoji"],
            "commitment": encode_base64(hashed),
        }
        return [("accept", self._content(body))]

    def _key(self, content: Json) -> list[Send]:
        self._expect(Stage.ACCEPTED, "key")
        self._theirs = str(content.get("key", ""))
        try:
            public = vodozemac.Curve25519PublicKey.from_base64(self._theirs)
            self._sas = self._pair.diffie_hellman(public)
        except Exception as error:
            raise _Wrong("m.invalid_message", "the other side's key is none") from error
        self.stage = Stage.COMPARING
        return [("key", self._content({"key": self._public}))]

    def _take_mac(self, content: Json) -> list[Send]:
        if self.stage is Stage.COMPARING:  # they were faster than the person here
            if self._mac is not None:
                raise _Wrong("m.unexpected_message", "mac came twice")
            self._mac = content
            return []
        self._expect(Stage.CONFIRMED, "mac")
        return self._check(content)

    def _their_done(self, _content: Json) -> list[Send]:
        return []  # ours went out when their keys had been checked

    def _check(self, content: Json) -> list[Send]:
        """Their keys, by the secret that only the two of us can have."""
        macs = content.get("mac")
        if not isinstance(macs, dict) or not macs:
            raise _Wrong("m.key_mismatch", "the other side showed no keys")
        names = ",".join(sorted(macs))
        self._verify("KEY_IDS", names, content.get("keys"))
        shown = self._their_keys(self.device_id)
        known = [name for name in macs if name in shown]
        for name in known:
            self._verify(name, shown[name], macs[name])
        if f"ed25519:{self.device_id}" not in known:
            raise _Wrong("m.key_mismatch", "the other side did not show its device's key")
        self.stage = Stage.DONE
        return [("done", self._content({}))]

    def _verify(self, name: str, value: str, mac: object) -> None:
        info = self._mac_info(self.user_id, self.device_id, self._us.user_id, self._us.device_id)
        try:
            self._sas.verify_mac(value, info + name, mac)
        except Exception as error:
            raise _Wrong("m.key_mismatch", "the other side's keys are not those shown") from error

    def _our_macs(self) -> Json:
        us = self._us
        info = self._mac_info(us.user_id, us.device_id, self.user_id, self.device_id)
        names = ",".join(sorted(us.keys))
        return {
            "mac": {
                name: self._sas.calculate_mac(key, info + name) for name, key in us.keys.items()
            },
            "keys": self._sas.calculate_mac(names, info + "KEY_IDS"),
        }

    def _mac_info(self, *ids: str) -> str:
        return "MATRIX_KEY_VERIFICATION_MAC" + "".join(ids) + self.transaction_id

    def _expect(self, stage: Stage, kind: str) -> None:
        if self.stage is not stage:
            raise _Wrong("m.unexpected_message", f"{kind} was not expected")

    def _cancel(self, code: str, why: str) -> list[Send]:
        self.stage, self.problem = Stage.CANCELLED, why
        return [("cancel", self._content({"code": code, "reason": why}))]

    def _content(self, body: Json) -> Json:
        if self._in_room:
            relation = {"rel_type": "m.reference", "event_id": self.transaction_id}
            return {"m.relates_to": relation, **body}
        return {"transaction_id": self.transaction_id, **body}

    _steps: ClassVar[Mapping[str, Callable[[Any, Json], list[Send]]]] = {
        "start": _start,
        "key": _key,
        "mac": _take_mac,
        "done": _their_done,
    }


def transaction_of(content: Json) -> object:
    """What an event belongs to: a transaction id, or the request's event id in a room."""
    relation = content.get("m.relates_to")
    return relation.get("event_id") if isinstance(relation, dict) else content.get("transaction_id")


def is_fresh(request: Json, now_ms: int) -> bool:
    """Whether to answer: "if the timestamp is more than 10 minutes in the past or 5 minutes in the
    future, the message should be ignored" ("m.key.verification.request").
    """
    sent = request.get("timestamp")
    if not isinstance(sent, int) or isinstance(sent, bool):
        return False
    methods = request.get("methods")
    known = isinstance(methods, list) and SAS in methods
    return known and now_ms - TEN_MINUTES_MS <= sent <= now_ms + FIVE_MINUTES_MS
