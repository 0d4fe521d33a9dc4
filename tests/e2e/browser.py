"""The page in Debian's Chromium, as a person uses it: sign in, call, answer, read what it says.

Everything is found by `data-testid` or by what a person reads; nothing reaches into the page's
script. A `Person` collects what the browser complains about, and `assert_clean` fails on it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect

CHROMIUM = Path("/usr/bin/chromium")
DESKTOP = (1280, 800)
PHONE = (390, 844)
SMALL_PHONE = (320, 640)

# A camera and a microphone that show and sound a pattern, and a person who grants them.
FAKE_DEVICES = "--use-fake-device-for-media-stream"
GRANT = "--use-fake-ui-for-media-stream"
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# Seconds; a loaded machine with two cores starts a client in about three.
PATIENCE = 30.0
expect.set_options(timeout=PATIENCE * 1000)

# The browser reports every refused request as an error. These refusals are answers that the
# client asks for: no key backup yet or not that key in it, no account data of that type, an
# endpoint not implemented.
EXPECTED_REFUSALS = re.compile(
    r"/(room_keys/(version|keys)|account_data/|keys/device_signing|dehydrated_device|rtc/transports"
    r"|auth_metadata|auth_issuer|profile/)"
    r"|client/v3/login$"  # Nobody logs in there where accounts are an OAuth 2.0 server's.
)

Phase = Literal["starting", "calling", "connecting", "connected", "reconnecting"]


@dataclass(frozen=True)
class Stats:
    """What the page shows of the media connection.

    Packets and frames are counted from 0; the level is the loudness of what arrives, 0 to 1.
    """

    route: str
    received: int
    sent: int
    frames: int
    level: float


@asynccontextmanager
async def chromium(
    *,
    microphone: Path | None = None,
    devices: Sequence[str] = (FAKE_DEVICES, GRANT),
    program: Path = CHROMIUM,
) -> AsyncIterator[Browser]:
    """A headless browser with a fake camera; `microphone` (a WAV file) is played once into it.
    `program` may be a script that starts the browser somewhere else."""
    flags = [*FLAGS, *devices]
    if microphone is not None:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(program), args=flags)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Person:
    """One page, used by one person."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    # -- opening and signing in

    @classmethod
    async def open(
        cls,
        browser: Browser,
        url: str,
        *,
        size: tuple[int, int] = DESKTOP,
        dark: bool = False,
        relay_only: bool = False,
    ) -> Person:
        """A page with storage of its own, at the sign-in."""
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE * 1000)
        person = cls(await context.new_page())
        person.page.on("console", person._note_console)
        person.page.on("pageerror", lambda error: person.complaints.append(f"thrown: {error}"))
        await person.page.goto(url + ("?relay=1" if relay_only else ""))
        return person

    async def sign_in(self, user: str, password: str, homeserver: str | None = None) -> None:
        """Signs in and waits until the list of conversations is up to date."""
        await self.try_sign_in(user, password, homeserver)
        await self.wait_online()

    async def try_sign_in(self, user: str, password: str, homeserver: str | None = None) -> None:
        if homeserver is not None:
            await self.at("homeserver").fill(homeserver)
        await self.at("user").fill(user)
        await self.at("password").fill(password)
        await self.at("signin").click()

    async def wait_online(self) -> None:
        await expect(self.at("connection")).to_have_attribute("data-state", "online")

    async def sign_in_problem(self) -> str:
        """The sentence under the fields, once there is one."""
        await expect(self.at("signin-problem")).not_to_be_empty()
        return await self.at("signin-problem").inner_text()

    async def close(self) -> None:
        await self.page.context.close()

    # -- people and rooms

    async def start_chat(self, user_id: str) -> None:
        """Opens the direct room with somebody, creating an encrypted one if there is none."""
        await self.at("new-chat").click()
        await self.at("new-chat-user").fill(user_id)
        await self.at("new-chat-start").click()
        await expect(self.at("room-name")).to_be_visible()

    async def accept_invite(self) -> None:
        await self.at("accept-invite").first.click()
        await expect(self.at("room-name")).to_be_visible()

    async def open_room(self, room_id: str) -> None:
        await self.page.locator(f'[data-testid="room"][data-room="{room_id}"]').click()
        await expect(self.at("room-name")).to_be_visible()

    async def open_person(self, user_id: str) -> None:
        await self.page.locator(f'[data-testid="room"][data-peer="{user_id}"]').first.click()
        await expect(self.at("room-name")).to_be_visible()

    # -- calls

    async def call(self, *, video: bool = False) -> None:
        """Calls whom the open room is with."""
        await self.at("call-video" if video else "call-voice").click()

    async def wait_ringing(self) -> str:
        """Who calls, once it rings."""
        await expect(self.at("incoming")).to_be_visible()
        return await self.at("incoming-peer").inner_text()

    async def answer(self, *, video: bool = False) -> None:
        await self.wait_ringing()
        await self.at("answer-video" if video else "answer").click()

    async def decline(self) -> None:
        await self.wait_ringing()
        await self.at("decline").click()

    async def hang_up(self) -> None:
        await self.at("hang-up").click()

    async def wait_phase(self, phase: Phase) -> None:
        await expect(self.at("call")).to_have_attribute("data-phase", phase)

    async def wait_call_over(self) -> str:
        """The sentence that tells why the call ended."""
        await expect(self.at("call")).to_have_count(0)
        await expect(self.at("notice")).not_to_be_empty()
        return await self.notice()

    async def notice(self) -> str:
        return await self.at("notice").locator("p").inner_text()

    async def timer(self) -> str:
        return await self.at("call-timer").inner_text()

    async def stats(self) -> Stats:
        """The newest figures; the page takes them once a second."""
        line = self.at("call-stats")
        await expect(line).to_be_attached()
        names = ("received", "sent", "frames")
        received, sent, frames = [
            int(await line.get_attribute(f"data-{name}") or 0) for name in names
        ]
        level = float(await line.get_attribute("data-level") or 0)
        route = await line.get_attribute("data-route") or ""
        return Stats(route, received, sent, frames, level)

    async def wait_packets(self, at_least: int) -> Stats:
        """Waits until that many packets have arrived."""
        for _ in range(int(PATIENCE * 2)):
            stats = await self.stats()
            if stats.received >= at_least:
                return stats
            await self.page.wait_for_timeout(500)
        raise AssertionError(f"fewer than {at_least} packets arrived: {await self.stats()}")

    # -- recordings

    async def wait_recording(self, sender: str) -> None:
        """Waits for an audio message of `sender` in the open room."""
        await expect(self._recording(sender)).to_be_visible()

    async def play_recording(self, sender: str) -> float:
        """Plays the newest recording of `sender`; the position in seconds once it moves."""
        recording = self._recording(sender)
        await recording.get_by_test_id("play-recording").click()
        player = recording.get_by_test_id("recording")
        await expect(player).not_to_have_attribute("data-position", "0")
        return float(await player.get_attribute("data-position") or 0)

    # -- what the browser says

    async def assert_fits(self) -> None:
        """Nothing makes the page scroll sideways."""
        wide = await self.page.evaluate("document.documentElement.scrollWidth")
        width = await self.page.evaluate("innerWidth")
        assert wide <= width, f"the page is {wide} px wide in a window of {width} px"

    def assert_clean(self) -> None:
        """No script error, no blocked resource, no violation of the Content-Security-Policy."""
        assert self.complaints == []

    def at(self, testid: str) -> Locator:
        return self.page.get_by_test_id(testid)

    def _recording(self, sender: str) -> Locator:
        return self.page.locator(f'[data-testid="message-audio"][data-sender="{sender}"]').last

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        where = message.location.get("url", "")
        if "Failed to load resource" in message.text and EXPECTED_REFUSALS.search(where):
            return
        self.complaints.append(f"{message.text} [{where}]")
