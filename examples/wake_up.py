"""Calls somebody, speaks to a person and leaves a message with a machine.

python wake_up.py @ann:example.org
"""

import asyncio
import sys

from voip.bot import AnsweredBy, Bot, Call, CallEnded


async def wake_up(call: Call) -> None:
    await call.established()
    if await call.answered_by() is AnsweredBy.MACHINE:
        await call.silence()  # until its greeting is over
        await call.say("This was your wake-up call.")
        return
    pressed = await call.gather(prompt="Good morning. Press 1 if you are awake.", timeout=20)
    await call.say("Have a nice day." if pressed else "I shall call again.")


async def main(person: str) -> None:
    async with Bot() as bot, bot.call(person) as call:
        try:
            await wake_up(call)
        except CallEnded as over:
            print(f"{person}: {over.end.reason.value}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
