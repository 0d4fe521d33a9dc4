"""What `make run` promises: both people in one browser, the bots, and TLS for a phone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.browser import PATIENCE, Person, chromium
from voip.service.demo.demo import running_demo
from voip.service.demo.plan import DemoOptions


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_two_people_in_one_browser_over_tls(tmp_path: Path) -> None:
    options = DemoOptions(port=None, lan=True, data_dir=tmp_path / "demo")
    async with running_demo(options, print) as demo, chromium() as browser:
        # One context is one browser profile; the person clicks the certificate's warning away.
        profile = await browser.new_context(ignore_https_errors=True)
        profile.set_default_timeout(PATIENCE * 1000)
        people = {}
        for name in ("alice", "bob"):
            person = people[name] = Person(await profile.new_page())
            await person.page.goto(demo.plan.page_url(name))
            assert await person.page.evaluate("isSecureContext")  # else there is no microphone
            await person.sign_in(name, demo.accounts[name].password)
        alice, bob = people["alice"], people["bob"]

        recorder = demo.accounts["recorder"].user_id
        await alice.open_person(recorder)
        await alice.call()
        await alice.wait_phase("connected")
        # The announcement and its tone are some 220 packets; silence after them is not sent (DTX),
        # and five seconds of it end the recording: these are over in two, and it has begun.
        await alice.wait_packets(150)
        await asyncio.sleep(3)
        await alice.hang_up()
        await alice.wait_recording(recorder)
        assert await alice.play_recording(recorder) > 0

        await alice.open_person(demo.accounts["bob"].user_id)
        await alice.call(video=True)
        assert await bob.wait_ringing() == "Alice"
        await bob.answer(video=True)
        for person in (alice, bob):
            await person.wait_phase("connected")
            assert (await person.wait_packets(50)).route == "direct"
        await bob.hang_up()
        assert (await alice.wait_call_over()).startswith("Call ended")
