"""The table of shapes: for each, who asks how, what the parameters are called, and the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from turn.asking import Asker
from turn.endpoint import recognising
from turn.endpoint.reading import Parameters, first, seconds
from turn.endpoint.refusals import Refusal
from turn.endpoint.service import ANYTHING, Order, Service
from turn.issuing import BadRequest, Issued
from turn.regions import Address
from turn.shapes import cloudflare, matrix, rest, services, twilio, w3c

Recognise = Callable[[Service, web.Request, Parameters], Awaitable[Asker]]


def retry_after_ms(refusal: Refusal) -> int | None:
    """Rounded up: asking after exactly that time succeeds."""
    return None if refusal.retry_after is None else int(refusal.retry_after * 1000) + 1


def _matrix_refusal(refusal: Refusal) -> dict[str, Any]:
    return matrix.refusal(refusal.errcode, refusal.text, retry_after_ms(refusal))


def _twilio_refusal(refusal: Refusal) -> dict[str, Any]:
    return twilio.refusal(refusal.status, refusal.text)


def _cloudflare_refusal(refusal: Refusal) -> dict[str, Any]:
    return cloudflare.refusal(refusal.status, refusal.text)


@dataclass(frozen=True, slots=True)
class Shape:
    """How one kind of client talks."""

    name: str
    recognise: Recognise
    answer: Callable[[Issued, web.Request], dict[str, Any]]
    refusal: Callable[[Refusal], dict[str, Any]] = _matrix_refusal
    status: int = 200
    ttl: str = "ttl"
    user: tuple[str, ...] = ("user",)
    any_page: bool = False
    """Pages of every origin may ask, since what they send is the user's own token."""
    challenge: str = "Bearer"

    def order(self, given: Parameters, address: Address | None) -> Order:
        """Raises BadRequest."""
        if not given:
            return ANYTHING if address is None else Order(address=address)
        if given.get("service", "turn") != "turn":  # the draft has no other, section 2.1
            raise BadRequest("service must be turn")
        return Order(
            seconds(given, self.ttl),
            first(given, "region"),
            first(given, "call", "room"),
            first(given, *self.user),
            address,
        )


MATRIX = Shape(
    "matrix",
    recognising.matrix_user,
    lambda issued, _: matrix.answer(issued),
    user=(),
    any_page=True,
)
W3C = Shape("w3c", recognising.anybody, lambda issued, _: w3c.answer(issued), any_page=True)
SERVICES = Shape(
    "services", recognising.anybody, lambda issued, _: services.answer(issued), any_page=True
)
REST = Shape(
    "rest",
    recognising.key_anywhere,
    lambda issued, _: rest.answer(issued),
    user=("username",),
)
TWILIO = Shape(
    "twilio",
    recognising.key_of_account,
    lambda issued, request: twilio.answer(issued, request.match_info["sid"]),
    _twilio_refusal,
    status=201,
    ttl="Ttl",
    challenge="Basic",
)
CLOUDFLARE = Shape(
    "cloudflare",
    recognising.key_of_path,
    lambda issued, _: cloudflare.answer(issued),
    _cloudflare_refusal,
    status=201,
    user=("customIdentifier",),
)
