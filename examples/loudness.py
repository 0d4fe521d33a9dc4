"""Listens to every sample: says how loud the caller was, as a sound check before a concert."""

import asyncio

import numpy as np

from voip.bot import Bot, Call

SECONDS = 5

bot = Bot()


@bot.on_call
async def loudness(call: Call) -> None:
    await call.answer()
    await call.say("Please speak.")
    loudest = 0
    try:
        async with asyncio.timeout(SECONDS), call.listen() as sound:
            async for samples in sound:
                loudest = max(loudest, int(np.abs(samples.astype(int)).max()))
    except TimeoutError:
        pass
    level = 20 * np.log10(max(loudest, 1) / 32768)
    await call.say(f"Your loudest sound was {-level:.0f} decibels below the limit.")


if __name__ == "__main__":
    bot.main()
