"""A dictation machine: a key pauses the recording and goes on with it, another one ends it."""

import asyncio

from voip.bot import BEEP, Bot, Call

bot = Bot()


@bot.on_call
async def dictation(call: Call) -> None:
    await call.answer()
    await call.say("Speak after the tone. 1 pauses and goes on, 0 ends.")
    await call.play(BEEP)
    recording = asyncio.create_task(call.record(max_seconds=3600))
    paused = False
    while (key := await call.digit()) != "0":
        if key == "1":
            paused = not paused
            await (call.pause_recording() if paused else call.resume_recording())
    await call.stop_recording()
    message = await recording
    await call.say(f"That was {message.seconds:.0f} seconds. Goodbye.")


if __name__ == "__main__":
    bot.main()
