"""The lines of the log: their shape, and that no secret is in them whoever logs."""

from __future__ import annotations

import asyncio
import importlib
import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import aioice
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from voip.service.logs import TAMED, set_up_logging

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ [\w.]+ .*")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything logged from here on, at the level that says most; undone afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    tamed = {name: logging.getLogger(name).level for name in TAMED}
    stream = io.StringIO()
    set_up_logging("debug", stream)
    yield stream
    logging.captureWarnings(capture=False)
    root.handlers[:], level = before
    root.setLevel(level)
    for name, least in tamed.items():
        logging.getLogger(name).setLevel(least)


def fail(why: str) -> None:
    raise ValueError(why)


def lines(log: io.StringIO) -> list[str]:
    return log.getvalue().splitlines()


def test_one_line_per_record(log: io.StringIO) -> None:
    logging.getLogger("voip.x").info("first\nsecond\r\nthird")
    try:
        fail("bad\nthing")
    except ValueError:
        logging.getLogger("voip.x").exception("failed")
    assert len(lines(log)) == 2
    assert all(LINE.fullmatch(line) for line in lines(log))
    assert "first ⏎ second ⏎ third" in lines(log)[0]
    assert "ValueError: bad" in lines(log)[1]


def test_the_calls_own_id(log: io.StringIO) -> None:
    logging.getLogger("voip.x").info("rings", extra={"call": "3f2a9c01d4e5b6a7"})
    assert lines(log)[0].endswith(" INFO voip.x [3f2a9c01d4e5b6a7] rings")


def test_the_level_holds(log: io.StringIO) -> None:
    set_up_logging("warning", log)
    logging.getLogger("voip.x").info("quiet")
    logging.getLogger("voip.x").warning("loud")
    assert [line.rsplit(" ", 1)[1] for line in lines(log)] == ["loud"]


def test_secrets_in_arguments_and_exceptions_go(log: io.StringIO) -> None:
    try:
        fail("no such candidate:1 1 udp 99 192.0.2.7 4001 typ host")
    except ValueError:
        logging.getLogger("voip.x").exception("for %s", {"body": "s3cr3t"})
    assert "192.0.2.7" not in log.getvalue()
    assert "s3cr3t" not in log.getvalue()


def test_an_event_that_nio_rejects_is_not_printed(log: io.StringIO) -> None:
    event = {
        "type": "m.call.candidates",
        "event_id": "$1",
        "sender": "@a:b",
        "origin_server_ts": 1,
        "content": {"call_id": "1", "version": 0, "candidates": [{"candidate": "s3cr3t"}]},
    }
    nio = importlib.import_module("nio")  # it has no types to check against
    assert isinstance(nio.Event.parse_event(event), nio.BadEvent)
    assert log.getvalue() == ""


def test_nios_store_prints_no_keys(log: io.StringIO, tmp_path: Path) -> None:
    """nio keeps Olm keys through peewee, which prints each statement with its values."""
    store = importlib.import_module("nio.store").SqliteStore("@a:b", "D", str(tmp_path), "s3cr3t")
    store.database.close()
    assert log.getvalue() == ""


async def test_two_peers_that_connect_print_no_address(log: io.StringIO) -> None:
    """aioice and aiortc at work, at the level at which they say most."""
    one, other = RTCPeerConnection(), RTCPeerConnection()
    connected = asyncio.Event()

    def look() -> None:
        if one.connectionState == "connected":
            connected.set()

    one.on("connectionstatechange", look)
    one.createDataChannel("x")
    try:
        await one.setLocalDescription(await one.createOffer())
        offer = RTCSessionDescription(one.localDescription.sdp, "offer")
        await other.setRemoteDescription(offer)
        await other.setLocalDescription(await other.createAnswer())
        answer = RTCSessionDescription(other.localDescription.sdp, "answer")
        await one.setRemoteDescription(answer)
        await asyncio.wait_for(connected.wait(), 20)
    finally:
        await one.close()
        await other.close()
    text = log.getvalue()
    addresses = aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True)
    assert any(address in offer.sdp for address in addresses)
    assert not [address for address in addresses if address in text]
    assert "v=0" not in text
    assert "candidate:" not in text
