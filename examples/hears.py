"""A bot that hears: it asks, listens, and says what it understood.

    pip install 'matrix-voip[speech,listening,transcription]'
    export VOIP_HOMESERVER=https://matrix.example.org VOIP_USER_ID=@bot:example.org VOIP_PASSWORD=…
    python examples/hears.py

Then call it. It understands the answers below; another recogniser understands more
(docs/listening.md).
"""

from __future__ import annotations

import asyncio

from voip.bot.call import Call
from voip.bot.runner import running_bot
from voip.bot.sphinx import Sphinx
from voip.media.sounds import Speech
from voip.service.settings_sources import load_settings
from voip.service.translation import bot_settings

ANSWERS = ["yes", "no", "maybe", "goodbye"]


async def hears(call: Call, sphinx: Sphinx) -> None:
    await call.answer()
    async with call.utterances(silence=0.8, max_seconds=10) as heard:
        await say(call, "Do you like telephones? Say yes, no, or goodbye.")
        async for utterance in heard:
            words = (await sphinx.transcribe(utterance)).text
            if words == "goodbye":
                await call.play(Speech("Goodbye."))
                return
            await say(call, f"You said {words}." if words else "Please say it again.")


async def say(call: Call, text: str) -> None:
    """To the end, or until the other side begins to speak."""
    speaking = asyncio.create_task(call.play(Speech(text)))
    interrupted = asyncio.create_task(call.speech_began())
    either = {speaking, interrupted}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in either:
            task.cancel()
        await asyncio.gather(*either, return_exceptions=True)


async def main() -> None:
    settings = bot_settings(load_settings())
    async with (
        Sphinx(ANSWERS) as sphinx,
        running_bot(settings, lambda call: hears(call, sphinx)) as bot,
    ):
        print(f"ready: {bot.phone.user_id} answers, and hears", flush=True)
        await bot.phone.run()


if __name__ == "__main__":
    asyncio.run(main())
