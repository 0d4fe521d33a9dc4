"""Questions that are answered by a word or by a key; the answers are posted into the room.

Words need the `listening` and `transcription` extras.
"""

from voip.bot import Bot, Call

QUESTIONS = ["Was your call answered quickly?", "Would you call again?"]
KEYS = {"1": "yes", "2": "no"}

bot = Bot()


@bot.on_call
async def survey(call: Call) -> None:
    await call.answer()
    answers = []
    for question in QUESTIONS:
        prompt = f"{question} Say yes or no, or press 1 or 2."
        answer = await call.gather(prompt=prompt, phrases=["yes", "no"])
        answers.append(KEYS.get(answer, answer or "no answer"))
    await call.say("Thank you. Goodbye.")
    await call.post("\n".join(f"{q} {a}" for q, a in zip(QUESTIONS, answers, strict=True)))


if __name__ == "__main__":
    bot.main()
