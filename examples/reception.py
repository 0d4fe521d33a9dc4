"""A reception: one key leaves a message, another one is put through to a person."""

from voip.bot import BEEP, Bot, Call, TransferError

PERSON = "@alice:example.org"

bot = Bot()


@bot.on_call
async def reception(call: Call) -> None:
    await call.answer()
    prompt = "Welcome. Press 1 to leave a message, 2 to speak to someone."
    match await call.gather(digits=1, timeout=8, prompt=prompt):
        case "1":
            await call.play(BEEP)
            await call.record(until_silence=3, max_seconds=120)
        case "2":
            try:
                await call.transfer(PERSON)
            except TransferError:
                await call.say("Sorry, nobody is there.")
        case _:
            await call.say("Goodbye.")


if __name__ == "__main__":
    bot.main()
