"""An operator: it rings one person after the other, and connects the first who answers."""

import asyncio

from voip.bot import Bot, Call, CallEnded

PEOPLE = ["@alice:example.org", "@bob:example.org"]
RING_SECONDS = 20

bot = Bot()


@bot.on_call
async def operator(call: Call) -> None:
    await call.answer()
    await call.say("One moment, please.")
    for person in PEOPLE:
        async with call.dial(person) as onward:
            if await answers(onward):
                await call.bridge(onward)
                return
    await call.say("Sorry, nobody is free.")


async def answers(call: Call) -> bool:
    try:
        async with asyncio.timeout(RING_SECONDS):
            await call.established()
    except (TimeoutError, CallEnded):
        return False
    return True


if __name__ == "__main__":
    bot.main()
