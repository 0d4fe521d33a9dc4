"""What can come of a try at a delivery, besides success. The message goes into the outbox, for an
operator: it says what happened and what to do, without addresses, secrets or contents."""

from __future__ import annotations


class DeliveryError(Exception):
    """It did not arrive, as far as is known."""


class Postponed(DeliveryError):
    """The other side cannot take it now: the same again later."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """`retry_after`: seconds that the other side asked for."""
        super().__init__(message)
        self.retry_after = retry_after


class Refused(DeliveryError):
    """The other side does not take it: again only when somebody asks for that."""
