"""What two calls that are connected through us learn of each other beside sound and pictures."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from voip.bot.ending import CallEnded
from voip.media.errors import NoDigits
from voip.signalling.commands import IdentityAsserted, PeerState
from voip.signalling.errors import LocalError

if TYPE_CHECKING:
    from voip.bot.call import Call

log = logging.getLogger(__name__)


async def pass_on(one: Call, other: Call) -> None:
    """Keys, who is on the line (MSC3086) and what is muted (MSC3291), both ways, until cancelled.

    A side that does not understand one of them goes without: version 0 knows none.
    """
    for source, sink in ((one, other), (other, one)):
        source.on_said = _Passing(source, sink).said
        with contextlib.suppress(LocalError):
            sink.assert_identity(source.peer_user_id)
    try:
        await asyncio.gather(_keys(one, other), _keys(other, one))
        await asyncio.Future()  # both calls are over, or take no keys: whoever called ends this
    finally:
        one.on_said = other.on_said = None


async def _keys(source: Call, sink: Call) -> None:
    """Each key that one side presses is pressed once at the other, in their order (RFC 4733)."""
    refused = 0
    with contextlib.suppress(CallEnded):
        while True:
            digit = await source.digit()
            try:
                await sink.send_digits(digit)
            except NoDigits:
                refused += 1
                if refused == 1:
                    log.info("keys are not passed on: the other call takes none")


class _Passing:
    """From one call to the other, as it is said."""

    def __init__(self, source: Call, sink: Call) -> None:
        self._source, self._sink = source, sink

    def said(self, notice: IdentityAsserted | PeerState) -> None:
        with contextlib.suppress(LocalError):  # the other call is over, or of version 0
            match notice:
                case IdentityAsserted(identity=identity):
                    self._sink.assert_identity(
                        identity.user_id or self._source.peer_user_id,
                        identity.display_name,
                        identity.avatar_url,
                    )
                case PeerState(holds=holds, audio_muted=muted):
                    self._sink.say_muted(holds or muted)
