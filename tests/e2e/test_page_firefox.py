"""The main calls in Debian's Firefox ESR, driven over WebDriver BiDi by puppeteer-core."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tools.build_page import install_packages, node_folder
from voip.bot.call import Call
from voip.media.sounds import Tone

PACKAGE = Path(__file__).with_name("firefox")
PATIENCE = 90.0
"""Firefox starts slowly on a loaded machine."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


class Firefox:
    """A page in Firefox, and what a person does in it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, *command: str) -> str:
        """:raises AssertionError: Firefox could not; with its words."""
        into, out = self._process.stdin, self._process.stdout
        assert into is not None
        assert out is not None
        into.write(json.dumps(command).encode() + b"\n")
        async with asyncio.timeout(PATIENCE):
            answer = json.loads(await out.readline())
        assert "error" not in answer, answer["error"]
        return str(answer["result"])

    async def sign_in(self, user: str, password: str) -> None:
        await self.do("type", "user", user)
        await self.do("type", "password", password)
        await self.do("click", "signin")
        await self.do("appears", '[data-testid="connection"][data-state="online"]')

    async def connected(self) -> None:
        await self.do("appears", '[data-testid="call"][data-phase="connected"]')

    async def hears(self) -> None:
        """Wait until packets have arrived."""
        async with asyncio.timeout(PATIENCE):
            await self.do("appears", '[data-testid="call-stats"]')
            while int(await self.do("data", "call-stats", "received")) < 20:  # noqa: ASYNC110  # a browser gives no event to wait for
                await asyncio.sleep(0.2)

    async def over(self) -> str:
        """What it says of the end."""
        await self.do("goes", '[data-testid="call"]')
        await self.do("appears", '[data-testid="notice"] p')
        return await self.do("text", "notice")


@pytest.fixture
async def firefox() -> AsyncIterator[Firefox]:
    program = shutil.which("firefox-esr")
    if program is None:
        pytest.skip("the command firefox-esr is missing: on Debian, apt-get install firefox-esr")
    node = node_folder()
    await asyncio.to_thread(install_packages, PACKAGE, node)
    process = await asyncio.create_subprocess_exec(
        str(node / "node"),
        "person.mjs",
        program,
        cwd=PACKAGE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Firefox(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()  # it closes its browser and ends
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


async def test_firefox_calls_and_is_called(
    firefox: Firefox, exchange: Exchange, page_url: str, make_user: MakeUser
) -> None:
    phone, user = await exchange.phone(), make_user()
    rang: asyncio.Queue[Call] = asyncio.Queue()
    phone.on_call = rang.put_nowait
    await firefox.do("open", page_url)
    await firefox.sign_in(user.localpart, user.password)
    inviting = asyncio.create_task(phone.matrix.direct_room(user.user_id))
    await firefox.do("click", "accept-invite")
    room_id = await inviting

    await firefox.do("appears", '[data-testid="call-voice"]:enabled')
    await firefox.do("click", "call-voice")
    call = await asyncio.wait_for(rang.get(), PATIENCE)
    await call.answer()
    await firefox.connected()
    await call.play(Tone(seconds=2.0))
    await firefox.hears()
    await firefox.do("click", "hang-up")
    assert "Call ended after" in await firefox.over()
    await call.closed()

    call = await phone.place(room_id, invitee=user.user_id)
    await firefox.do("click", "answer")
    await call.established()
    await firefox.connected()
    await call.play(Tone(seconds=2.0))
    await firefox.hears()
    call.hang_up()
    assert "Call ended after" in await firefox.over()
