"""The shortest bot: it says hello, and hangs up."""

from voip.bot import Bot, Call

bot = Bot()


@bot.on_call
async def greet(call: Call) -> None:
    await call.answer()
    await call.say("Hello. Thank you for calling.")


if __name__ == "__main__":
    bot.main()
