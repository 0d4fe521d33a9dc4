"""The page of a trace: complete, harmless, and readable in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import ConsoleMessage, Request, async_playwright

from tests.e2e.browser import CHROMIUM, FLAGS
from tests.service.traces import FAILED, GOOD
from voip.service.trace_page import page
from voip.tracing.record import Trace
from voip.tracing.verdict import verdict

EVIL = "<img src=x onerror=alert(1)>&\"'"


def evil() -> Trace:
    """A file from elsewhere, whose every text is an attempt."""
    step = msgspec.structs.replace(GOOD.steps[0], what=EVIL, facts={EVIL: EVIL}, state=EVIL)
    return msgspec.structs.replace(
        GOOD, id=EVIL, began=EVIL, ours=[EVIL], steps=[step], software={EVIL: EVIL}, peer=EVIL
    )


@pytest.mark.parametrize("trace", [GOOD, FAILED])
def test_the_page_has_the_verdict_and_every_step(trace: Trace) -> None:
    text = page(trace)
    assert f"<h1>{verdict(trace)[0]}</h1>" in text
    rows = re.findall(r"<tr class=\"\w+\"><td class=\"ms\">", text)
    assert len(rows) == len(trace.steps) + any(pair.chosen for pair in trace.pairs)


@pytest.mark.parametrize("trace", [GOOD, FAILED, evil()])
def test_the_page_can_do_nothing(trace: Trace) -> None:
    text = page(trace)
    assert not re.search(r"(?i)<(script|img|link|iframe|object|form)\b|url\(|@import", text)
    assert "default-src &#x27;none&#x27;" in text
    assert not re.search(r"https?://", text)


async def test_a_browser_shows_it_and_asks_nobody(tmp_path: Path) -> None:
    requests: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        requests.append(request.url)

    def complain(message: ConsoleMessage) -> None:
        complaints.append(message.text)

    for number, trace in enumerate((GOOD, FAILED, evil())):
        (tmp_path / f"{number}.html").write_text(page(trace), encoding="utf-8")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for width in (1280, 400):
            tab = await browser.new_page(viewport={"width": width, "height": 800})
            tab.on("console", complain)
            tab.on("request", note)
            for number in range(3):
                await tab.goto((tmp_path / f"{number}.html").as_uri())
                wide = await tab.evaluate("document.documentElement.scrollWidth")
                assert wide <= width
                arrow = tab.locator(".arrow.left").first
                assert await arrow.is_visible()
                colour = await arrow.evaluate("each => getComputedStyle(each).borderTopStyle")
                assert colour == "solid"
        await browser.close()
    assert all(url.startswith("file://") for url in requests)
    assert len(requests) == 6
    assert complaints == []


def test_a_trace_of_nothing_has_a_page() -> None:
    assert "had not ended" in page(Trace(id="1", direction="inbound", began=""))
