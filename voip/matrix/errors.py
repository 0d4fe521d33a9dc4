"""What can go wrong between us and the homeserver; each message says what to do about it.

`TransientError` and its kinds pass by themselves: whoever asked tries again later. Everything
else stays as it is until somebody changes something.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MatrixError(Exception):
    """Anything the Matrix edge raises on purpose."""


# --- the answer to one request ---------------------------------------------------------------


class TransientError(MatrixError):
    """The request may succeed when it is made again."""


class RateLimitedError(TransientError):
    """429: the homeserver wants a pause of `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"The homeserver limits our rate: again in {retry_after:.1f} s")
        self.retry_after = retry_after


class ServerTroubleError(TransientError):
    """A 5xx, or an answer that is no Matrix: the homeserver or a proxy before it is in trouble."""


class NoAnswerError(TransientError):
    """Nobody answered: no connection, a connection that broke, or silence."""


class RequestRefusedError(MatrixError):
    """A 4xx: the homeserver understood and said no."""

    def __init__(
        self,
        status: int,
        errcode: str = "",
        reason: str = "",
        *,
        soft_logout: bool = False,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"The homeserver refused: {status} {errcode} {reason}".rstrip())
        self.status = status
        self.errcode = errcode
        self.reason = reason
        self.soft_logout = soft_logout
        self.answer: Mapping[str, Any] = answer or {}
        """The whole answer, for the requests where a refusal says how to go on."""


class SettingsError(MatrixError):
    """A setting cannot be meant as it is."""


# --- logging in -----------------------------------------------------------------------------


class DiscoveryError(MatrixError):
    """The server name leads to no homeserver."""


class HomeserverUnreachableError(MatrixError):
    """At the first start the homeserver did not answer in time."""


class LoginRefusedError(MatrixError):
    """Wrong user, wrong password, or a token that is not accepted."""


class LoggedOutError(MatrixError):
    """The homeserver ended our session, and we cannot open it again by ourselves."""


class DataFolderError(MatrixError):
    """The data folder is unusable, or belongs to another account."""


class IdentityError(MatrixError):
    """Our device cannot be signed by its owner as things are; calls go on without."""


# --- sending --------------------------------------------------------------------------------


class SendError(MatrixError):
    """The event was not taken by the homeserver and will not be tried again."""


class SendRefusedError(SendError):
    """The homeserver said no; `errcode` is its Matrix error code, or empty."""

    def __init__(self, message: str, errcode: str = "") -> None:
        super().__init__(message)
        self.errcode = errcode


class SendTimeoutError(SendError):
    """The deadline passed. The event may have arrived, if the server only failed to say so."""


class SendQueueFullError(SendError):
    """More events wait than the queue holds."""


class SendSupersededError(SendError):
    """Candidates of a call that was hung up or rejected before they left."""


# --- rooms and files ------------------------------------------------------------------------


class RoomError(MatrixError):
    """A room could not be made, joined or found."""


class NotJoinedError(RoomError):
    """The other person did not join the direct room in time, or declined."""


class HistoryTooLongError(RoomError):
    """What we look for in a room is further back than we read."""


class UploadRefusedError(MatrixError):
    """The homeserver does not take the file."""


class DownloadError(MatrixError):
    """The file cannot be fetched, or is not what its event says."""
