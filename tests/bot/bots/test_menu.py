"""The dial menu: languages, hours, menus within menus, and people who press the wrong key."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from voip.bot import EndReason, Flow
from voip.bot.bots.file import parse
from voip.bot.bots.menu import menu
from voip.bot.bots.menu_file import MenuSettings
from voip.bot.testing import FakeCall, virtual_time
from voip.bot.testing.phone import Person

FILE = """
timezone = "Europe/Berlin"
goodbye = { en = "Goodbye.", de = "Auf Wiederhören." }
unknown_key = { en = "No such key.", de = "Diese Taste gibt es nicht." }
not_reached = { en = "Nobody is there.", de = "Niemand ist da." }

[languages]
en = "For English, press 1."
de = "Für Deutsch drücken Sie die 2."

[hours]
days = ["mon", "tue", "wed", "thu", "fri"]
from = "9:00"
to = "17:00"
closed = "night"

[menus.main]
say = { en = "Press 1 for sales, 2 for help.", de = "Die 1 für den Verkauf." }

[menus.main.keys]
1 = { menu = "sales" }
2 = { transfer = "@help:example.org" }
9 = { say = { en = "Our address is 1, Main Street.", de = "Hauptstraße 1." } }
"*" = { hang_up = true }

[menus.sales]
say = { en = "Sales. Press 1 to leave a message, 0 to go back.", de = "Verkauf." }

[menus.sales.keys]
0 = { menu = "main" }
1 = { record = 60 }

[menus.night]
say = { en = "We are closed. Press 1 to leave a message.", de = "Geschlossen." }
nothing = { hang_up = true }

[menus.night.keys]
1 = { record = 60 }
"""
SETTINGS = parse(FILE, MenuSettings)
OPEN = datetime(2026, 7, 1, 8, tzinfo=UTC)
CLOSED = datetime(2026, 7, 1, 18, tzinfo=UTC)


def at(moment: datetime, settings: MenuSettings = SETTINGS) -> Flow:
    return partial(menu, settings=settings, now=lambda: moment)


@virtual_time
async def test_a_menu_within_a_menu_and_back() -> None:
    async with FakeCall(at(OPEN)) as caller:
        await caller.hears("For English")
        caller.press("1")
        await caller.hears("Press 1 for sales")
        caller.press("1")
        await caller.hears("Sales.")
        caller.press("0")
        await caller.hears("Press 1 for sales")
        caller.press("9")
        await caller.hears("Main Street")
        await caller.hears("Press 1 for sales")
        caller.press("*")
        await caller.hears("Goodbye")
        assert (await caller.ended()).reason is EndReason.HANGUP


@virtual_time
async def test_the_language_that_is_chosen_is_spoken_from_then_on() -> None:
    async with FakeCall(at(OPEN)) as caller:
        await caller.hears("Für Deutsch")
        caller.press("2")
        await caller.hears("Die 1 für den Verkauf")
        caller.press("7")
        await caller.hears("Diese Taste")
        await caller.hears("Die 1 für den Verkauf")


@virtual_time
async def test_outside_of_the_hours_another_menu_is_the_first() -> None:
    async with FakeCall(at(CLOSED)) as caller:
        await caller.hears("We are closed")
        caller.press("1")
        await caller.hears("tone")
        caller.says(seconds=4)
        await caller.hears("We are closed")
        await caller.hears("Goodbye")
        await caller.ended()
    assert len(caller.phone.matrix.files) == 1


@virtual_time
async def test_who_presses_nothing_hears_it_thrice() -> None:
    async with FakeCall(at(OPEN)) as caller:
        await caller.ended()
    assert sum("for sales" in one for one in caller.heard) == 3
    assert caller.heard[-1] == "Goodbye."


@virtual_time
async def test_a_transfer_that_fails_leads_back() -> None:
    async with FakeCall(at(OPEN), Person(transferee=False)) as caller:
        await caller.hears("For English")
        caller.press("1")
        await caller.hears("for sales")
        caller.press("2")
        helper = await caller.dialled("@help:example.org")
        helper.rejects()
        await caller.hears("Nobody is there")
        await caller.hears("for sales")


@virtual_time
async def test_keys_pressed_in_a_loop_end_somewhere() -> None:
    loop = parse('[menus.main]\nsay = "Again."\nkeys = { 1 = { menu = "main" } }', MenuSettings)
    async with FakeCall(at(OPEN, loop)) as caller:
        caller.press("1" * 300)
        await caller.ended()
    assert caller.heard[-1] == "Goodbye."
