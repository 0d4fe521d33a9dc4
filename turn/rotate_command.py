"""`matrix-turn rotate` and its `--status`: what they print."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.status import Status

from turn.secrets.model import SecretsUnavailable
from turn.secrets.places import PlaceError, open_store
from turn.secrets.rotate import Order, Walk, is_under_way, others
from turn.secrets.rotation import Change, Did, Phase, Snapshot, Wait, fingerprint, secrets_of
from turn.secrets.rotation_text import to_fields

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
CARRY_ON = "what is done is kept; carry on with: matrix-turn rotate --continue"


def rotate_command(place: str, realm: str | None, order: Order, *, as_json: bool) -> int:
    """Walk, and print each step. Returns the exit status."""

    async def work() -> int:
        store = open_store(place, realm)
        if as_json:
            after = await Walk(store, order, _print_json).run()
            _write(json.dumps({"event": "end", **_status(after, store.where)}))
            return DONE
        with _Printer() as printer:
            after = await Walk(store, order, printer).run()
        _write(_in_words(after, store.where))
        return DONE

    return _guarded(work)


def status_command(place: str, realm: str | None, *, as_json: bool) -> int:
    """Read alone. Returns the exit status."""

    async def work() -> int:
        store = open_store(place, realm)
        snapshot = await store.read()
        if as_json:
            _write(json.dumps(_status(snapshot, store.where)))
        else:
            _write(_in_words(snapshot, store.where))
        return DONE

    return _guarded(work)


def _guarded(work: Callable[[], Coroutine[Any, Any, int]]) -> int:
    try:
        return asyncio.run(work())
    except PlaceError as error:
        sys.stderr.write(f"matrix-turn: {error}\n")
        return WRONG_INPUT
    except SecretsUnavailable as error:
        sys.stderr.write(f"matrix-turn: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write(f"matrix-turn: interrupted; {CARRY_ON}\n")
        return INTERRUPTED


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _status(snapshot: Snapshot, where: str) -> dict[str, Any]:
    """For programs. Secrets appear by their fingerprints alone."""
    rotation = snapshot.rotation
    return {
        "where": where,
        "under_way": is_under_way(snapshot),
        "signing": fingerprint(secrets_of(snapshot, where).signing) if snapshot.values else None,
        "accepted": [fingerprint(value) for value in snapshot.values],
        "others": [fingerprint(value) for value in others(snapshot)],
        "rotation": None if rotation is None else to_fields(rotation),
        "due": None if rotation is None else rotation.due(),
    }


def _print_json(step: Change | Wait) -> None:
    if isinstance(step, Wait):
        _write(json.dumps({"event": "wait", "until": step.until}))
    else:
        _write(json.dumps({"event": step.did.value, "rotation": to_fields(step.rotation)}))


class _Printer:
    """A line for each step, and on a terminal one that says how long the wait still is."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._waiting_until: int | None = None

    def __enter__(self) -> _Printer:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def __call__(self, step: Change | Wait) -> None:
        if isinstance(step, Wait):
            self._wait(step.until)
            return
        self._stop()
        if step.did is not Did.STAMPED:
            self._console.print(_sentence(step), markup=False)

    def _wait(self, until: int) -> None:
        text = f"waiting until {_when(until)} (interrupt at will; {CARRY_ON})"
        if not self._console.is_terminal:
            if until != self._waiting_until:
                self._console.print(text, markup=False)
        elif self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        self._waiting_until = until

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def _sentence(change: Change) -> str:
    now = change.rotation
    if change.did is Did.ADDED and now.phase is Phase.STEADY:
        return f"made the first secret, {now.signing}: it signs"
    return {
        Did.ADDED: f"added {now.fresh}: accepted, while {now.signing} still signs",
        Did.PROMOTED: f"{now.signing} signs now; {now.retiring} is still accepted",
        Did.REMOVED: f"removed the old secret: {now.signing} is what signs",
        Did.ABANDONED: f"the new secret was removed by somebody: {now.signing} signs",
        Did.HURRIED: "the waits of the rotation that is under way are taken out",
        Did.STAMPED: "the wait begins",
    }[change.did]


def _in_words(snapshot: Snapshot, where: str) -> str:
    lines = [where]
    if not snapshot.values:
        return f"{where} holds no secret yet: make the first with matrix-turn rotate"
    lines.append(f"  signs:    {fingerprint(secrets_of(snapshot, where).signing)}")
    lines.append(f"  accepted: {', '.join(fingerprint(value) for value in snapshot.values)}")
    rotation = snapshot.rotation
    if rotation is None or rotation.phase is Phase.STEADY:
        lines.append("  no rotation is under way")
    else:
        step = "signs with the new one" if rotation.fresh else "removes the old one"
        due = rotation.due()
        when = "as soon as it is carried on" if due is None else f"not before {_when(due)}"
        lines.append(f"  rotation: {rotation.phase.value}; the next step {step}, {when}")
    if others(snapshot):
        lines.append(
            "  others:   "
            + ", ".join(fingerprint(value) for value in others(snapshot))
            + " are accepted, and never removed by us: see who signs with them"
        )
    return "\n".join(lines)


def _when(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
