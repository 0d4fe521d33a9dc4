"""A request that is answered with an error."""

from __future__ import annotations

from turn.stun.message import Pair
from turn.stun.names import Attribute, Code
from turn.stun.values import error_code


class Refused(Exception):
    """Raised anywhere below `Core.handle`, which makes the error response of it."""

    def __init__(self, code: Code, *attributes: Pair, why: str = "") -> None:
        super().__init__(f"{code.value} {why}".strip())
        self.code = code
        self.attributes = attributes

    def pairs(self, *, brief: bool = False) -> tuple[Pair, ...]:
        """The attributes of the response; `brief` leaves out the phrase, which is for people."""
        error = error_code(self.code, "" if brief else None)
        return ((Attribute.ERROR_CODE, error), *self.attributes)


class Dropped(Exception):
    """A message that gets no answer; the text is the reason, as metrics count it."""
