"""A code opens the door. While it is typed, nothing of it is kept anywhere."""

import hmac

from voip.bot import Bot, Call

CODE = "4711"
TRIES = 3

bot = Bot()


@bot.on_call
async def door(call: Call) -> None:
    await call.answer()
    for _ in range(TRIES):
        async with call.mask():
            code = await call.gather(digits=8, timeout=10, prompt="Your code, then the hash key.")
        if hmac.compare_digest(code, CODE):
            await call.post("The door was opened.")
            await call.say("Come in.")
            return
        await call.say("That is not the code.")


if __name__ == "__main__":
    bot.main()
