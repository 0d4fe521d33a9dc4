"""Chromium as the other side of a call: a bare RTCPeerConnection, without any signalling."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page, Route

from tests.media.calls import KEY, Heard
from voip.media.engine import MediaEngine
from voip.media.events import Connected
from voip.signalling.events import Change

# A microphone needs a secure context; what the page is made of never leaves the browser.
URL = "https://call.test/"
SCRIPT = """
window.pc = new RTCPeerConnection();
window.gathered = () => new Promise(resolve => {
  const look = () => pc.iceGatheringState === "complete" && resolve(pc.localDescription.sdp);
  pc.addEventListener("icegatheringstatechange", look);
  look();
});
window.begin = async () => {
  window.stream = await navigator.mediaDevices.getUserMedia({audio: true});
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
};
window.offer = async () => { await pc.setLocalDescription(); return gathered(); };
window.answer = async sdp => {
  await pc.setRemoteDescription({type: "offer", sdp});
  await pc.setLocalDescription();
  return gathered();
};
window.answered = sdp => pc.setRemoteDescription({type: "answer", sdp});
window.camera = async () => {
  const video = await navigator.mediaDevices.getUserMedia({video: {width: 320, height: 240}});
  return video.getVideoTracks()[0];
};
window.statistics = async () => {
  const found = {received: 0, lost: 0, sent: 0, frames: 0, path: "", state: pc.connectionState};
  const reports = await pc.getStats();
  for (const report of reports.values()) {
    if (report.type === "inbound-rtp" && report.kind === "audio") {
      found.received += report.packetsReceived;
      found.lost += report.packetsLost;
    }
    if (report.type === "outbound-rtp" && report.kind === "audio")
      found.sent += report.packetsSent;
    if (report.type === "outbound-rtp" && report.kind === "video")
      found.frames += report.framesEncoded || 0;
    if (report.type === "transport") found.path = report.selectedCandidatePairId;
  }
  return found;
};
"""


@dataclass
class Tab:
    """A page with one RTCPeerConnection, in a call with `engine`."""

    page: Page
    engine: MediaEngine

    async def run(self, script: str, argument: Any = None) -> Any:
        return await self.page.evaluate(script, argument)

    async def connect(self, heard: Heard, *, calls: bool) -> None:
        """`calls`: the browser offers."""
        await self.run("begin()")
        if calls:
            offer = await self.run("offer()")
            answer = await self.engine.create_answer(KEY, offer, ice_servers=[])
            await self.run("sdp => answered(sdp)", answer)
        else:
            offer = await self.engine.create_offer(KEY, video=False, ice_servers=[])
            answer = await self.run("sdp => answer(sdp)", offer)
            await self.engine.apply_answer(KEY, answer)
        await heard.wait(Connected)

    async def change(self, change: Change) -> tuple[str, str]:
        """An offer of ours in the middle of the call; gives it and the browser's answer."""
        offer = await self.engine.create_reoffer(KEY, change)
        answer = await self.run("sdp => answer(sdp)", offer)
        await self.engine.apply_answer(KEY, answer)
        return offer, answer

    async def renegotiate(self) -> tuple[str, str]:
        """An offer of the browser's in the middle of the call; gives it and our answer."""
        offer = await self.run("offer()")
        answer = await self.engine.create_reanswer(KEY, offer)
        await self.run("sdp => answered(sdp)", answer)
        return offer, answer

    async def statistics(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.run("statistics()")
        return found


@asynccontextmanager
async def tab(browser: Browser, engine: MediaEngine) -> AsyncIterator[Tab]:
    async def serve(route: Route) -> None:
        await route.fulfill(
            body="<!doctype html><title>call</title>", headers={"content-type": "text/html"}
        )

    context = await browser.new_context()
    page = await context.new_page()
    try:
        await page.route(f"{URL}**", serve)
        await page.goto(URL)
        await page.evaluate(SCRIPT)
        yield Tab(page, engine)
    finally:
        await context.close()
