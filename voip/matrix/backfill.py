"""Fetch what a `limited` timeline left out.

A sync response carries the last events of a room only. In a busy room the invite or the hangup is
among those that were left out; they are fetched from before `prev_batch` back to where we had
read ("Syncing", on limited timelines).
"""

from __future__ import annotations

import asyncio
import json
import logging

from voip.matrix.backoff import until_done
from voip.matrix.errors import MatrixError
from voip.matrix.http import Json, path
from voip.matrix.session import Session
from voip.matrix.timeline import is_event, timeline_filter

log = logging.getLogger(__name__)

PAGES = 10
"""Of a hundred events each, per room and gap: what is further back is no live call."""
WITHIN = 10.0
"""Seconds that all gaps of one sync response may hold up its events."""
AT_ONCE = 4


async def backfill(session: Session, gaps: dict[str, str], since: str) -> dict[str, list[Json]]:
    """The missing events of each room, oldest first, with what could be fetched in time.

    :param gaps: room id → `prev_batch` of its limited timeline.
    """
    found: dict[str, list[Json]] = {room_id: [] for room_id in gaps}
    lanes = asyncio.Semaphore(AT_ONCE)

    async def fill(room_id: str, prev_batch: str) -> None:
        async with lanes:
            try:
                await _fill(session, room_id, prev_batch, since, found[room_id])
            except MatrixError as error:
                log.warning("Events of a busy room may be missing: %s", error)

    try:
        async with asyncio.timeout(WITHIN), asyncio.TaskGroup() as group:
            for room_id, prev_batch in gaps.items():
                group.create_task(fill(room_id, prev_batch))
    except TimeoutError:
        log.warning("Events of busy rooms may be missing: not fetched within %.0f s", WITHIN)
    return {room_id: events[::-1] for room_id, events in found.items()}


async def _fill(
    session: Session, room_id: str, prev_batch: str, since: str, newest_first: list[Json]
) -> None:
    position: str | None = prev_batch
    for _ in range(PAGES):
        if position is None or position == since:
            return
        page = await _page(session, room_id, position, since)
        chunk = page.get("chunk")
        newest_first += [event for event in chunk if is_event(event)] if chunk else []
        end = page.get("end")  # absent when there is no more
        position = end if isinstance(end, str) and end != position else None
    log.warning("A gap of more than %d pages in a room was not filled to its end", PAGES)


async def _page(session: Session, room_id: str, start: str, stop: str) -> Json:
    params = {
        "dir": "b",
        "from": start,
        "to": stop,
        "limit": "100",
        "filter": json.dumps(timeline_filter()),
    }
    where = path("rooms", room_id, "messages")
    return await until_done(lambda: session.request("GET", where, params=params), WITHIN)
