"""What others send harms no call: events of wrong shapes, names that are markup or megabytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import expect

from tests.e2e.accounts import Account
from tests.e2e.conftest import Join

pytestmark = pytest.mark.long

ODD: list[tuple[str, dict[str, object]]] = [
    ("m.call.invite", {"call_id": "x1", "version": "1", "party_id": "P", "lifetime": 60_000}),
    ("m.call.invite", {"call_id": "x2", "version": 1, "offer": "v=0", "lifetime": "long"}),
    ("m.call.invite", {"call_id": {"a": 1}, "offer": {"sdp": 7}, "lifetime": 60_000}),
    ("m.call.hangup", {"call_id": ["x"]}),
    ("m.call.reject", {}),
    ("m.call.asserted_identity", {"call_id": "x1", "asserted_identity": "<b>x</b>"}),
    ("m.call.replaces", {"call_id": "x1", "replacement_id": {}, "create_call": "<img>"}),
    ("m.call.answer", {"call_id": "x9", "answer": None}),
]
# Of the call in progress, from a device that is no party of it.
MEDDLING: list[tuple[str, dict[str, object]]] = [
    ("m.call.hangup", {"reason": "user_hangup"}),
    ("m.call.negotiate", {"description": "v=0"}),
    ("m.call.sdp_stream_metadata_changed", {"sdp_stream_metadata": {}}),
    ("m.call.asserted_identity", {"asserted_identity": {"display_name": "Mallory"}}),
    (
        "m.call.replaces",
        {"replacement_id": "r", "create_call": "c", "target_user": {"id": "@mallory:evil"}},
    ),
]


NO_OTHER_DEVICE = """() => {
  const none = () => Promise.reject(new DOMException("", "NotFoundError"));
  navigator.mediaDevices.getUserMedia = none;
}"""
END_TRACKS = """video => {
  for (const track of video.srcObject.getTracks()) {
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }
}"""


async def test_events_of_any_shape_leave_the_call_alone(
    account: Callable[[], Account], join: Join
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    ann, bob = await asyncio.gather(join(a.user), join(b.user))
    await ann.open_room(room_id)
    await ann.call()
    await bob.answer()
    await bob.wait_phase("connected")
    path = f"/rooms/{room_id}/messages?dir=b&limit=100"
    events = a.request("GET", path)["chunk"]
    call_id = next(e["content"]["call_id"] for e in events if e["type"] == "m.call.invite")
    for kind, content in ODD:
        a.send(room_id, content, kind)
    for kind, content in MEDDLING:
        common = {"call_id": call_id, "version": "1", "party_id": "MALLORY"}
        a.send(room_id, {**common, **content}, kind)
    a.send(room_id, {"msgtype": "m.text", "body": "that was all"})
    await expect(bob.at("view-conversations")).to_be_visible()
    await expect(bob.at("room").first).to_contain_text("that was all")
    before = await bob.stats()
    await bob.wait_packets(before.received + 50)
    await bob.wait_phase("connected")
    for nothing in ("transfer-asked", "said-to-be", "incoming"):
        await expect(bob.at(nothing)).to_have_count(0)
    await bob.hang_up()
    assert (await ann.wait_call_over()).startswith("Call ended after")


async def test_a_name_that_is_a_weapon_is_a_name(
    account: Callable[[], Account], join: Join
) -> None:
    a, b = account(), account()
    name = "\u202e<b onclick=alert(1)>Mallory</b>\u2066" + "x" * 200
    path = f"/profile/{a.user.user_id}/displayname"
    a.request("PUT", path, {"displayname": name})
    room_id = a.direct_room(b)
    ann, bob = await asyncio.gather(join(a.user), join(b.user, size=(320, 640)))
    await ann.open_room(room_id)
    await ann.call()
    rung = await bob.wait_ringing()
    assert rung.startswith("<b onclick=alert(1)>Mallory</b>")
    assert len(rung) <= 100
    await bob.assert_fits()
    await bob.answer()
    await bob.wait_phase("connected")
    await expect(bob.at("hang-up")).to_be_in_viewport(ratio=1)
    await bob.assert_fits()
    await bob.hang_up()
    await ann.wait_call_over()


async def test_a_camera_that_is_taken_away_ends_the_picture_and_not_the_call(
    account: Callable[[], Account], join: Join
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    ann, bob = await asyncio.gather(join(a.user), join(b.user))
    await ann.open_room(room_id)
    await ann.call(video=True)
    await bob.answer(video=True)
    await expect(bob.at("call")).to_have_attribute("data-peer-video", "true")
    # Chromium's fake devices cannot be unplugged: the tracks end as it ends those of real ones.
    await ann.page.evaluate(NO_OTHER_DEVICE)
    await ann.at("local-video").evaluate(END_TRACKS)
    await expect(ann.at("notice")).to_contain_text("there is no other")
    await expect(bob.at("call")).to_have_attribute("data-peer-video", "false")
    await expect(bob.at("call")).to_contain_text("Muted")
    await ann.wait_phase("connected")
    await ann.hang_up()
    assert (await bob.wait_call_over()).startswith("Call ended after")
