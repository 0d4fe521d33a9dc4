"""What a caller hears when their recording ended because it could not be written any further."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from voip.media.events import RecordingEnd
from voip.media.sound_errors import SpeechUnavailable
from voip.media.sounds import Speech

if TYPE_CHECKING:
    from voip.bot.call import Call

BY_THE_DISK: Final = {RecordingEnd.DISK_FULL, RecordingEnd.WRITE_FAILED}
CUT_OFF: Final = Speech(
    "Sorry, the recording ended early, by a fault on our side. Please call again later."
)
"""Nothing is promised of what came before: on a disk that was full already, that is nothing."""


async def tell_if_cut_off(call: Call) -> bool:
    """After a recording: whether that was so, and it was said. Where nothing can be said (speech is
    an extra) the caller is not told that all is well, at least."""
    if not any(one.ended in BY_THE_DISK for one in call.recordings):
        return False
    with contextlib.suppress(SpeechUnavailable):
        await call.play(CUT_OFF)
    return True
