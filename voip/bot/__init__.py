"""What the author of a bot imports; docs/bots.md begins with ten lines of it.

Each name is loaded when it is first used, so that `import voip.bot.digits` stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from voip.bot.answering import AnsweredBy, AnsweringRules
    from voip.bot.app import Bot
    from voip.bot.barge_in import BargeIn
    from voip.bot.call import Call
    from voip.bot.ending import CallEnded
    from voip.bot.flows import Flow
    from voip.bot.transfers import TransferError
    from voip.bot.who import Who
    from voip.media.events import Recording
    from voip.media.sounds import BEEP, KeyTones, Played, Silence, Sound, SoundFile, Speech, Tone
    from voip.signalling.commands import By, Ended, EndReason

__all__ = [
    "BEEP",
    "AnsweredBy",
    "AnsweringRules",
    "BargeIn",
    "Bot",
    "By",
    "Call",
    "CallEnded",
    "EndReason",
    "Ended",
    "Flow",
    "KeyTones",
    "Played",
    "Recording",
    "Silence",
    "Sound",
    "SoundFile",
    "Speech",
    "Tone",
    "TransferError",
    "Who",
]

_WHERE: Final = {
    "voip.bot.answering": ("AnsweredBy", "AnsweringRules"),
    "voip.bot.app": ("Bot",),
    "voip.bot.barge_in": ("BargeIn",),
    "voip.bot.call": ("Call",),
    "voip.bot.ending": ("CallEnded",),
    "voip.bot.flows": ("Flow",),
    "voip.bot.transfers": ("TransferError",),
    "voip.bot.who": ("Who",),
    "voip.media.events": ("Recording",),
    "voip.media.sounds": (
        *("BEEP", "KeyTones", "Played", "Silence", "Sound", "SoundFile", "Speech", "Tone"),
    ),
    "voip.signalling.commands": ("By", "Ended", "EndReason"),
}
_MODULES: Final = {name: module for module, names in _WHERE.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
