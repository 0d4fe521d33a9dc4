"""Music until somebody is free. The caller can press a key to be called back instead."""

import asyncio
from pathlib import Path

from voip.bot import BargeIn, Bot, Call, SoundFile, Tone

FILE = Path("music.ogg")
MUSIC = SoundFile(FILE) if FILE.exists() else Tone(440, 2, (0.5, 1.5))

bot = Bot()
free = asyncio.Event()
"""Set where somebody is free: by whatever knows, in your own code."""


@bot.on_call
async def waiting_music(call: Call) -> None:
    await call.answer()
    await call.say("All lines are busy. Press 1 to be called back.")
    playing = asyncio.create_task(call.play(MUSIC, loop=True, until=BargeIn.DIGIT))
    waiting = asyncio.create_task(free.wait())
    try:
        await asyncio.wait({playing, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        playing.cancel()
    if free.is_set():
        await call.transfer("@alice:example.org")
    else:
        await call.post(f"Please call {call.peer_user_id} back.")
        await call.say("We will call you. Goodbye.")


if __name__ == "__main__":
    bot.main()
