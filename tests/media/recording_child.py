"""A process that records in real time until it is killed:
`recording_child FOLDER CODEC|none [SECONDS A FILE]`.

It writes one byte for every packet of sound, before it hands it to the recorder.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from pathlib import Path

from tests.media.audio import picture, sweep_packets
from voip.media.limits import PartLimits
from voip.media.packets import AudioPacket, VideoFrame
from voip.media.recorder import Recorder


async def main(folder: Path, codec: str, limits: PartLimits) -> None:
    frames = itertools.cycle(enumerate(picture(codec))) if codec != "none" else None
    payloads = itertools.cycle(sweep_packets())
    recorder = Recorder(folder, limits=limits)
    start = time.monotonic()
    shown = 0
    for number, payload in enumerate(payloads):
        due = start + number * 0.02
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        sys.stdout.buffer.write(b".")
        sys.stdout.buffer.flush()
        recorder.audio(AudioPacket(payload, number % 65536, number * 960, 1, due, None))
        while frames and shown / 30 <= due - start:
            _, frame = next(frames)
            recorder.video(VideoFrame(frame.codec, frame.data, shown * 3000, frame.keyframe, due))
            shown += 1


if __name__ == "__main__":
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else None
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], PartLimits(seconds)))
