"""What can go wrong while the demo's programs start; each says what to do about it."""

from __future__ import annotations


class DemoError(Exception):
    """The demo cannot go on; the message is for the person who started it."""


class MissingProgramError(DemoError):
    """A program or package is not installed."""


class StartError(DemoError):
    """A program was started and did not become ready; carries the end of its log."""


class PortBusyError(DemoError):
    """Somebody else listens on the port that was asked for."""


class HomeserverError(DemoError):
    """The homeserver answered an administrative request with an error.

    ``errcode`` is the Matrix error code, such as ``M_USER_IN_USE``, or ``""``.
    """

    def __init__(self, message: str, errcode: str = "") -> None:
        super().__init__(message)
        self.errcode = errcode
