"""What can go wrong, told apart by whose fault it is."""

from __future__ import annotations

from voip.signalling.ids import CallKey
from voip.signalling.states import State


class SignallingError(Exception):
    """Every error of this package."""


class ContentError(SignallingError):
    """The peer's fault: an event's content is not what the specification says.

    The message names the field and what was wrong with it, never its value.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class UnknownContent(ContentError):
    """Nobody's fault: an event of a type that we do not read."""


class LocalError(SignallingError):
    """Ours: something was asked of a call that it cannot do."""


class UnknownCall(LocalError):
    def __init__(self, key: CallKey) -> None:
        super().__init__(f"there is no live call {key.call_id} in {key.room_id}; it may have ended")


class CallExists(LocalError):
    def __init__(self, key: CallKey) -> None:
        super().__init__(f"the id {key.call_id} was used in {key.room_id} before; choose a new one")


class WrongState(LocalError):
    def __init__(self, key: CallKey, wanted: str, state: State) -> None:
        super().__init__(f"call {key.call_id} cannot {wanted} while it is {state.value}")
