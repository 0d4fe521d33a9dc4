"""Only verified devices in encrypted rooms get through; the others are told why in the room."""

from voip.bot import Bot, Call

bot = Bot()


@bot.on_call
async def screening(call: Call) -> None:
    who = await call.who()
    if not (who.encrypted and who.verified):
        await call.post(f"{who.display_name}, please verify your device, then call again.")
        call.reject()
        return
    await call.answer()
    await call.say(f"Welcome, {who.display_name}.")


if __name__ == "__main__":
    bot.main()
