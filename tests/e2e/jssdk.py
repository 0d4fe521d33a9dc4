"""matrix-js-sdk on the far end: its own call implementation, in Chromium, driven by a test.

The methods do what a person does with a client that is built on it; `JsCall.view` is what the SDK
says of a call, and the `log` is what passed, for whoever wonders why a test failed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page

from tests.conftest import User
from tests.e2e.browser import PATIENCE

PERIOD = 0.1
"""Seconds between two looks at what gives no event to wait for."""


@dataclass(frozen=True)
class Feed:
    """One stream of the other side, as the SDK understands it."""

    purpose: str
    audio_muted: bool
    video_muted: bool


@dataclass(frozen=True)
class View:
    """What the SDK says of a call."""

    state: str
    direction: str | None
    hangup_party: str | None
    """`local` or `remote`."""
    hangup_reason: str | None
    local_hold: bool
    """The other side holds us."""
    remote_hold: bool
    """We hold the other side."""
    transferable: bool
    takes_digits: bool
    identity: dict[str, str | None] | None
    feeds: list[Feed]


@dataclass(frozen=True)
class Flow:
    """Packets, counted from 0; `energy` grows with what is heard; the path's ICE user name."""

    audio_received: int
    audio_sent: int
    video_received: int
    video_sent: int
    energy: float
    local_ufrag: str | None


class JsClient:
    """One page with one signed-in client."""

    def __init__(self, page: Page, user_id: str) -> None:
        self.page = page
        self.user_id = user_id
        self.refused_candidates: list[str] = []
        """What the SDK said of candidates of ours that the browser did not take."""
        page.on("console", self._console)

    def _console(self, message: ConsoleMessage) -> None:
        if "failed to add remote ICE candidate" in message.text:
            self.refused_candidates.append(message.text)

    @classmethod
    async def sign_in(cls, browser: Browser, url: str, homeserver: str, user: User) -> JsClient:
        page = await (await browser.new_context()).new_page()
        page.set_default_timeout(PATIENCE * 1000)
        await page.goto(url)
        client = cls(page, user.user_id)
        await client.do("signIn", homeserver, user.localpart, user.password)
        return client

    async def do(self, name: str, *arguments: object) -> Any:
        """Call a function of the harness, and wait for its result."""
        script = "([name, args]) => window.harness[name](...args)"
        async with asyncio.timeout(PATIENCE):
            return await self.page.evaluate(script, [name, list(arguments)])

    async def has_a_blue_screen(self) -> None:
        """What is shared from now on is blue all over, 640 by 400; the browser's own fake screen
        has the picture of its fake camera."""
        await self.page.evaluate(
            """() => {
              navigator.mediaDevices.getDisplayMedia = async () => {
                const canvas = document.createElement("canvas");
                [canvas.width, canvas.height] = [640, 400];
                const context = canvas.getContext("2d");
                let shade = 0;
                setInterval(() => {
                  context.fillStyle = `rgb(0 0 ${200 + (shade++ % 20)})`;
                  context.fillRect(0, 0, 640, 400);
                }, 50);
                return canvas.captureStream(20);
              };
            }"""
        )

    async def has_a_blue_camera(self) -> None:
        """What its camera shows is blue all over, 320 by 240."""
        await self.page.evaluate(
            """() => {
              const getUserMedia = navigator.mediaDevices.getUserMedia;
              navigator.mediaDevices.getUserMedia = async (wanted) => {
                const stream = await getUserMedia.call(navigator.mediaDevices, wanted);
                if (stream.getVideoTracks().length === 0) return stream;
                const canvas = document.createElement("canvas");
                [canvas.width, canvas.height] = [320, 240];
                const context = canvas.getContext("2d");
                let shade = 0;
                setInterval(() => {
                  context.fillStyle = `rgb(0 0 ${200 + (shade++ % 20)})`;
                  context.fillRect(0, 0, 320, 240);
                }, 50);
                return new MediaStream([
                  ...stream.getAudioTracks(),
                  ...canvas.captureStream(20).getVideoTracks(),
                ]);
              };
            }"""
        )

    async def ready(self, room_id: str, user_id: str) -> None:
        """Wait until calls can be placed in a room; invitations are accepted by themselves."""
        await self.do("ready", room_id, user_id)

    async def leave(self, room_id: str) -> None:
        await self.do("leave", room_id)

    async def place(
        self, room_id: str, invitee: str, *, video: bool = False, call_id: str | None = None
    ) -> JsCall:
        return JsCall(self, await self.do("place", room_id, invitee, video, call_id))

    async def ringing(self) -> JsCall:
        """The next call that rings."""
        return JsCall(self, await self.do("nextRinging"))

    async def calls(self) -> list[JsCall]:
        """Every call that was ever seen, in order."""
        return [JsCall(self, call_id) for call_id in await self.do("ids")]

    async def log(self) -> str:
        return "\n".join(await self.do("log"))


class JsCall:
    """A call by its wire id, which both sides know it by."""

    def __init__(self, client: JsClient, call_id: str) -> None:
        self.client = client
        self.id = call_id

    async def do(self, name: str, *arguments: object) -> Any:
        return await self.client.do(name, self.id, *arguments)

    # --- what a person does

    async def answer(self, *, video: bool = False) -> None:
        await self.do("answer", video)

    async def reject(self) -> None:
        await self.do("reject")

    async def hang_up(self) -> None:
        await self.do("hangUp")

    async def hold(self, on: bool) -> None:
        await self.do("setRemoteOnHold", on)

    async def mute(self, on: bool) -> None:
        assert await self.do("setMicrophoneMuted", on) is on

    async def camera(self, on: bool) -> None:
        assert await self.do("setLocalVideoMuted", not on) is not on

    async def share_screen(self, on: bool) -> None:
        assert await self.do("setScreensharingEnabled", on) is on

    async def restart_ice(self) -> None:
        await self.do("restartIce")

    async def digit(self, digit: str) -> None:
        await self.do("sendDtmfDigit", digit)

    async def transfer(self, user_id: str) -> None:
        await self.do("transfer", user_id)

    async def transfer_to_call(self, target: JsCall) -> None:
        await self.do("transferToCall", target.id)

    # --- what came of it

    async def view(self) -> View:
        said = await self.do("view")
        return View(**{**said, "feeds": [Feed(**feed) for feed in said["feeds"]]})

    async def flow(self) -> Flow:
        return Flow(**await self.do("stats"))

    async def until(self, what: Callable[[View], object]) -> View:
        """Wait until what the SDK says of the call is so."""
        deadline = time.monotonic() + PATIENCE
        while not what(view := await self.view()):
            assert time.monotonic() < deadline, f"{view}\n{await self.client.log()}"
            await asyncio.sleep(PERIOD)
        return view

    async def connected(self) -> None:
        view = await self.until(lambda view: view.state in {"connected", "ended"})
        assert view.state == "connected", f"{view}\n{await self.client.log()}"

    async def ended(self) -> tuple[str | None, str | None]:
        """Who ended it, and why, once it is over."""
        view = await self.until(lambda view: view.state == "ended")
        return view.hangup_party, view.hangup_reason

    async def more(self, what: Callable[[Flow], float], by: float) -> None:
        """Wait until a figure has grown by so much from now on."""
        before, deadline = what(await self.flow()), time.monotonic() + PATIENCE
        while (now := what(await self.flow())) < before + by:
            assert time.monotonic() < deadline, f"{before} → {now}\n{await self.client.log()}"
            await asyncio.sleep(PERIOD)

    async def moved_from(self, local_ufrag: str | None) -> None:
        """Wait until another network path is in use: an ICE restart makes new user names."""
        deadline = time.monotonic() + PATIENCE
        while (now := (await self.flow()).local_ufrag) in {None, local_ufrag}:
            assert time.monotonic() < deadline, f"still {now}\n{await self.client.log()}"
            await asyncio.sleep(PERIOD)

    async def ends_of_candidates(self, at_least: int) -> int:
        """How often we have told it that no more of ours will come, once it was so often."""
        deadline = time.monotonic() + PATIENCE
        while True:
            lines = (await self.client.log()).splitlines()
            told = [line for line in lines if f" {self.id} of" in line]
            count = sum("(end of candidates)" in line for line in told)
            if count >= at_least:
                return count
            assert time.monotonic() < deadline, await self.client.log()
            await asyncio.sleep(PERIOD)

    async def sees(self, colour: str, purpose: str = "m.usermedia") -> None:
        """What it is shown for this purpose has this colour, `red`, `green` or `blue`; `nothing`:
        it is shown nothing, or black."""
        deadline = time.monotonic() + PATIENCE
        while (now := _colour(await self.do("picture", purpose))) != colour:
            assert time.monotonic() < deadline, f"{now}\n{await self.client.log()}"
            await asyncio.sleep(PERIOD)

    async def talks_both_ways(self) -> None:
        """Audio flows from now on, in both directions."""
        await self.more(lambda flow: flow.audio_received, by=10)
        await self.more(lambda flow: flow.audio_sent, by=10)


def _colour(mean: list[float] | None) -> str:
    """What there is most of."""
    if mean is None or max(mean) < 30:
        return "nothing"
    return ("red", "green", "blue")[mean.index(max(mean))]
