"""The file of the dial menu: what may be in it, and what it means. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, RootModel, StringConstraints, model_validator

from voip.bot.bots.file import Strict
from voip.bot.bots.hours import Hours, Zone
from voip.bot.bots.texts import Text

DEEP: Final = 100
"""Menus in one file."""
User = Annotated[str, StringConstraints(pattern=r"^@[^:\s]*:\S+$", max_length=255)]
Key = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"]
Name = Annotated[str, StringConstraints(pattern=r"^[\w-]{1,40}$")]


class Texts(RootModel[dict[str, Text]]):
    """One text for all languages, or a table with one for each."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _one_for_all(cls, value: Any) -> Any:
        return {"": value} if isinstance(value, str) else value

    def of(self, language: str) -> str:
        return self.root.get(language) or self.root[""]


class Action(Strict):
    """What a key does: `say` first, then the others. Without any of those: the menu again."""

    say: Texts | None = None
    menu: str | None = None
    transfer: User | None = None
    record: Annotated[float, Field(gt=0, le=3600)] | None = None
    """The longest message, in seconds; it is posted into the room."""
    hang_up: bool = False

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        does = (self.menu, self.transfer, self.record, self.hang_up or None)
        if sum(one is not None for one in does) > 1:
            raise ValueError("a key does one of menu, transfer, record and hang_up")
        if self.say is None and all(one is None for one in does):
            raise ValueError("a key needs one of say, menu, transfer, record and hang_up")
        return self


class Menu(Strict):
    say: Texts
    timeout: Annotated[float, Field(gt=0, le=60)] = 6
    """Seconds for which a key is waited for."""
    keys: dict[Key, Action] = Field(min_length=1)
    nothing: Action | None = None
    """What happens where nothing is pressed; without it the menu is heard again, thrice."""


class Opening(Hours):
    """When the first menu is another one."""

    closed: str
    """The menu outside of these hours."""


class MenuSettings(Strict):
    """The whole file."""

    timezone: Zone = "UTC"
    languages: dict[str, Text] = Field(default={"en": "For English, press 1."}, min_length=1)
    """By the voice that speaks it: how its key is announced, in it. The first has the key 1."""
    start: Name = "main"
    hours: Opening | None = None
    menus: dict[Name, Menu] = Field(min_length=1, max_length=DEEP)
    unknown_key: Texts | None = Texts({"": "That key does nothing here."})
    not_reached: Texts | None = Texts({"": "Sorry, nobody was reached."})
    goodbye: Texts | None = Texts({"": "Goodbye."})

    def first(self, moment: datetime) -> str:
        """The menu that a call begins with; `moment` in any time zone."""
        if self.hours is None or self.hours.has(moment.astimezone(ZoneInfo(self.timezone))):
            return self.start
        return self.hours.closed

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        for where, name in self._names():
            if name not in self.menus:
                raise ValueError(f"{where} leads to the menu {name!r}, and there is none")
        return self

    @model_validator(mode="after")
    def _speaks_each_language(self) -> Self:
        for where, texts in self._texts():
            missing = [
                one for one in self.languages if one not in texts.root and "" not in texts.root
            ]
            if missing:
                raise ValueError(f"{where} has no text for {', '.join(missing)}")
        return self

    def _actions(self) -> list[tuple[str, Action]]:
        found = []
        for name, menu in self.menus.items():
            found += [(f"menus.{name}.keys.{key}", one) for key, one in menu.keys.items()]
            if menu.nothing is not None:
                found.append((f"menus.{name}.nothing", menu.nothing))
        return found

    def _names(self) -> list[tuple[str, str]]:
        names = [("start", self.start)]
        if self.hours is not None:
            names.append(("hours.closed", self.hours.closed))
        return names + [(where, one.menu) for where, one in self._actions() if one.menu is not None]

    def _texts(self) -> list[tuple[str, Texts]]:
        own = {
            "unknown_key": self.unknown_key,
            "not_reached": self.not_reached,
            "goodbye": self.goodbye,
        }
        texts = [(f"menus.{name}.say", menu.say) for name, menu in self.menus.items()]
        texts += [(f"{where}.say", one.say) for where, one in self._actions() if one.say]
        return texts + [(name, one) for name, one in own.items() if one is not None]
