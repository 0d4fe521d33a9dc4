"""Traces of calls over the real homeserver, and of one that a crash cut off."""

from __future__ import annotations

from pathlib import Path

from tests.bot.conftest import Exchange
from tests.media.calls import own_address
from tests.tracing.scan import assert_tells_nothing
from voip.bot.caller import CallOrder, place_call
from voip.bot.runner import BotKind
from voip.bot.traces import Traces, TraceSettings
from voip.observers import Observers
from voip.signalling.ids import CallKey, Party
from voip.signalling.states import State
from voip.store.records import Direction, JournaledCall
from voip.store.traces import list_traces
from voip.tracing.record import Kind, Trace, decoded
from voip.tracing.verdict import verdict

CRASHED = JournaledCall(
    key=CallKey("!room:test", "call"),
    party_id="OURS",
    direction=Direction.INBOUND,
    peer_user_id="@ann:test",
    bot="recorder",
    folder="20260131T120000Z-3f2a9c01d4e5b6a7",
    began=1_769_860_800.0,
)


def traces(folder: Path) -> list[tuple[Trace, str]]:
    """What was kept, the newest first, with the text of the file."""
    texts = [(folder / file.name).read_text("utf-8") for file in list_traces(folder)]
    return [(decoded(text.encode()), text) for text in texts]


async def test_a_call_in_an_encrypted_room_is_told_by_both_ends(
    exchange: Exchange, tmp_path: Path
) -> None:
    bot, alice = await exchange.bot(BotKind.ECHO), await exchange.phone()
    report = await place_call(alice, CallOrder(bot.phone.user_id, seconds=1.5))
    assert report.ok, report.reason
    await bot.aclose()
    for phone in (bot.phone, alice):
        await phone.traces.aclose()
    (inbound, bots_text), (outbound, alices_text) = (
        *traces(tmp_path / "bot" / "traces"),
        *traces(tmp_path / "alice" / "traces"),
    )
    secrets = [own_address(), report.room_id]
    for phone in (bot.phone, alice):
        session = phone.matrix.session
        secrets += [phone.user_id, session._token(), phone.matrix.device_id]
    for text in (bots_text, alices_text):
        assert_tells_nothing(text, *secrets)
    for trace in (inbound, outbound):
        assert trace.encrypted
        assert verdict(trace)[0].startswith("It went well")
        assert trace.relay.missing
        assert trace.media is not None
        assert trace.media.packets_received > 0
    echoes = [step.what for step in outbound.steps if step.who == "us"]
    assert "m.call.invite" in echoes
    assert next(step.who for step in inbound.steps if step.kind is Kind.RECEIVED) == "peer"


async def test_the_trace_has_the_calls_own_id(exchange: Exchange, tmp_path: Path) -> None:
    bot, alice = await exchange.bot(), await exchange.phone()
    room = await alice.matrix.direct_room(bot.phone.user_id)
    call = await alice.place(room, invitee=bot.phone.user_id)
    call.hang_up()
    await call.closed()
    await alice.traces.aclose()
    ((trace, _),) = traces(tmp_path / "alice" / "traces")
    assert trace.id == call.id
    assert trace.end is not None
    assert trace.end.by == "us"


def started(folder: Path, settings: TraceSettings) -> Traces:
    kept = Traces(settings, folder, lambda: "new")
    us = Party("@bot:test", "OURS")
    kept.start(us, lambda key: State.ENDED, lambda: "", Observers())
    return kept


async def test_a_call_that_a_crash_cut_off_has_a_trace(tmp_path: Path) -> None:
    kept = started(tmp_path, TraceSettings(days=36_500))
    kept.crashed(CRASHED)
    await kept.aclose()
    ((trace, text),) = traces(tmp_path)
    assert trace.id == "3f2a9c01d4e5b6a7"
    assert trace.began == "2026-01-31T12:00:00.000Z"
    assert "Our process ended in the middle" in verdict(trace)[0]
    assert_tells_nothing(text)


async def test_without_traces_none_are_written(tmp_path: Path) -> None:
    kept = started(tmp_path / "traces", TraceSettings(keep=0))
    kept.crashed(CRASHED)
    kept.name(CRASHED.key, "x")
    await kept.aclose()
    assert list_traces(tmp_path / "traces") == []
