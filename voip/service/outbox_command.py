"""`voip outbox`: what is to leave, or could not, read and changed while a bot runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from voip.service.recordings_command import complain, console, plain, write_json
from voip.service.running import Exit
from voip.service.settings_sources import SettingsError, data_dir
from voip.store.database import Use
from voip.store.errors import StoreError
from voip.store.outbox import NAME, Outbox
from voip.store.outbox_records import Entry, State

LISTED = 50
"""Entries that a list for people has."""
EVERY = "all"
BY_HAND = "given up by hand"


class NoSuchDelivery(Exception):
    """The message says what to do."""


class Change(Enum):
    RETRY = "to be tried at once"
    GIVE_UP = "given up"


def list_command(given: Path | None, config: Path | None, *, every: bool, as_json: bool) -> Exit:
    async def work(outbox: Outbox) -> Exit:
        states = State if every else (State.WAITING, State.GIVEN_UP)
        entries = await outbox.entries(states)
        counts = await outbox.counts()
        if as_json:
            write_json([_line(entry) for entry in entries])
        else:
            _print_list(entries, counts)
        return Exit.DONE

    return _with_outbox(given, config, work)


def show_command(wanted: str, given: Path | None, config: Path | None, *, as_json: bool) -> Exit:
    async def work(outbox: Outbox) -> Exit:
        entry = await _find(outbox, wanted)
        if as_json:
            write_json(_line(entry))
        else:
            to = console()
            for line in _told(entry):
                to.print(line)
        return Exit.DONE

    return _with_outbox(given, config, work)


def change_command(
    change: Change,
    wanted: Sequence[str],
    given: Path | None,
    config: Path | None,
    *,
    as_json: bool,
) -> Exit:
    async def work(outbox: Outbox) -> Exit:
        entries = await _all_wanted(outbox, wanted, change)
        lines = []
        for entry in entries:
            if change is Change.RETRY:
                done = await outbox.retry(entry.id)
            else:
                done = await outbox.give_up(entry.id, BY_HAND)
            lines.append({"id": entry.id, "changed": done})
            if not as_json:
                said = change.value if done else f"left as it is: it is {_word(entry.state)}"
                sys.stdout.write(f"{entry.id}  {said}\n")
        if as_json:
            write_json(lines)
        return Exit.DONE if all(line["changed"] for line in lines) else Exit.FAILED

    return _with_outbox(given, config, work)


def _with_outbox(
    given: Path | None, config: Path | None, work: Callable[[Outbox], Awaitable[Exit]]
) -> Exit:
    """What every command of the outbox makes of what can go wrong."""

    async def opened(path: Path) -> Exit:
        outbox = await Outbox.open(path, use=Use.GUEST)
        try:
            return await work(outbox)
        finally:
            await outbox.close()

    try:
        path = (given or data_dir(config)) / NAME
        if not path.is_file():
            return complain(
                f"there is no {path}: is that the bot's data folder (--data-dir, VOIP_DATA_DIR)?"
                " Did a bot run there yet?",
                Exit.FAILED,
            )
        return asyncio.run(opened(path))
    except SettingsError as error:
        return complain("; ".join(error.problems), Exit.WRONG_INPUT)
    except (StoreError, NoSuchDelivery) as error:
        return complain(str(error), Exit.FAILED)


async def _find(outbox: Outbox, wanted: str) -> Entry:
    found = await outbox.named(wanted)
    if len(found) > 1:
        raise NoSuchDelivery(f"more than one delivery begins with {wanted}: give more of the id")
    if not found:
        raise NoSuchDelivery(f"there is no delivery {wanted}: see voip outbox list --all")
    return found[0]


async def _all_wanted(outbox: Outbox, wanted: Sequence[str], change: Change) -> list[Entry]:
    if list(wanted) == [EVERY]:
        state = State.GIVEN_UP if change is Change.RETRY else State.WAITING
        return await outbox.entries([state], limit=-1)
    return [await _find(outbox, each) for each in wanted]


def _print_list(entries: Sequence[Entry], counts: dict[State, int]) -> None:
    table = Table(box=None, header_style="bold")
    for column in ("id", "since (UTC)", "what", "", "tries", "next (UTC)", "problem"):
        table.add_column(column, no_wrap=column != "problem")
    for entry in entries[:LISTED]:
        table.add_row(
            entry.id[:8],
            _when(entry.began),
            entry.kind.value,
            _state(entry.state),
            str(entry.attempts),
            _when(entry.not_before) if entry.state is State.WAITING else "",
            plain(entry.problem or ""),
        )
    if entries:
        console().print(table)
    if len(entries) > LISTED:
        sys.stdout.write(f"and {len(entries) - LISTED} older ones\n")
    sys.stdout.write(
        f"{counts[State.WAITING]} waiting, {counts[State.GIVEN_UP]} given up,"
        f" {counts[State.DONE]} delivered in the last 30 days\n"
    )
    if counts[State.GIVEN_UP]:
        sys.stdout.write("what was given up is tried anew by: voip outbox retry ID\n")


def _told(entry: Entry) -> list[Text]:
    lines = [
        Text.assemble((entry.id, "bold"), "  ", entry.kind.value, "  ", _state(entry.state)),
        plain(f"to: {entry.lane}"),
        *(plain(f"{name}: {value}") for name, value in _described(entry).items()),
        plain(f"written down: {_when(entry.began)} UTC, {entry.attempts} failed tries in a row"),
    ]
    if entry.sent is not None and entry.state is not State.DONE:
        lines.append(plain(f"left: {_when(entry.sent)} UTC; whether it arrived is not known"))
    if entry.state is State.WAITING:
        lines.append(plain(f"next try: {_when(entry.not_before)} UTC"))
    if entry.problem is not None:
        lines.append(plain(f"problem: {entry.problem}"))
    if entry.result is not None:
        lines.append(plain(f"result: {entry.result}"))
    return lines


def _described(entry: Entry) -> dict[str, str]:
    """What it is, without what people said: neither texts nor whole events."""
    payload = entry.payload
    body = payload.get("body")
    described = {
        name: str(payload[name]) for name in ("folder", "file", "target") if name in payload
    }
    if isinstance(body, dict):
        described["event"] = str(body.get("event"))
    return described


def _line(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind.value,
        "state": entry.state.value,
        "to": entry.lane,
        **_described(entry),
        "began": entry.began,
        "attempts": entry.attempts,
        "next": entry.not_before if entry.state is State.WAITING else None,
        "sent": entry.sent,
        "problem": entry.problem,
        "result": entry.result,
        "ended": entry.ended,
    }


def _state(state: State) -> Text:
    styles = {State.WAITING: "yellow", State.DONE: "green", State.GIVEN_UP: "red"}
    return Text(_word(state), style=styles[state])


def _word(state: State) -> str:
    return {State.DONE: "delivered"}.get(state, state.value.replace("_", " "))


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
