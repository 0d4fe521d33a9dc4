"""Processes are killed in the middle: a worker costs its own calls, the owner takes all along."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.media.audio import decode, rms
from tests.media.calls import Heard, engine, until
from tests.media.workers.pools import A, B, C, alive, answer, called, kill, pool, worker_of
from voip.media.errors import NoWorker, UnknownCall, WorkerDied, WorkerFailed
from voip.media.events import Failed, FirstAudio, MediaFailure, RecordingEnd, RecordingEnded
from voip.media.settings import MediaSettings
from voip.media.sounds import Tone
from voip.media.workers import crew, process, restarts
from voip.media.workers.pool import MediaPool
from voip.media.workers.restarts import Restarts


def children() -> list[int]:
    """Workers of this process."""
    tasks = Path("/proc/self/task")
    pids = [int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()]
    return [pid for pid in pids if "workers.worker" in Path(f"/proc/{pid}/cmdline").read_text()]


async def test_a_worker_that_is_killed_costs_its_own_calls_alone(tmp_path: Path) -> None:
    lost, kept = tmp_path / "lost", tmp_path / "kept"
    async with called(A, B) as (one, heard, caller, _):
        for key, folder in ((A, lost), (B, kept)):
            folder.mkdir()
            await one.start_recording(key, folder)
        saying = [asyncio.create_task(caller.play(key, Tone(seconds=60))) for key in (A, B)]
        await asyncio.sleep(3)
        waiting = asyncio.create_task(one.play(A, Tone(seconds=60)))
        sound = one.listen(A)
        await asyncio.sleep(0.1)
        kill(worker_of(one, A))

        failed = await heard.wait(Failed)
        assert (failed.key, failed.failure) == (A, MediaFailure.WORKER_DIED)
        with pytest.raises(WorkerDied):
            await waiting
        async with asyncio.timeout(10):
            async for _ in sound:  # until its end
                pass
        with pytest.raises(UnknownCall):
            await one.play(A, Tone())
        await one.close(A)  # as signalling does; it waits for the repair
        (ended,) = heard.of(RecordingEnded)
        assert (ended.key, ended.recording.ended) == (A, RecordingEnd.REPAIRED)
        samples = decode(lost / "audio.ogg")
        assert len(samples) / 48_000 == pytest.approx(ended.recording.seconds, abs=0.001)
        assert rms(samples) > 1000
        assert ended.recording.seconds > 1.5

        await caller.close(A)
        before = (await one.stats(B)).packets_received  # the other call noticed nothing
        await asyncio.sleep(0.5)
        assert (await one.stats(B)).packets_received > before + 10
        await one.close(B)
        assert [event.recording.ended for event in heard.of(RecordingEnded)] == [
            RecordingEnd.REPAIRED,
            RecordingEnd.CALL_ENDED,
        ]
        assert len(heard.of(Failed)) == 1
        assert one.live == 0
        for task in saying:
            task.cancel()
        await asyncio.gather(*saying, return_exceptions=True)


async def test_another_takes_its_place_and_is_given_calls() -> None:
    async with pool(1) as (one, heard), engine() as (caller, _):
        await one.prepare(Tone())
        await answer(one, caller, A)
        dead = worker_of(one, A)
        kill(dead)
        await heard.wait(Failed)
        await answer(one, caller, B)  # waits until there is one
        assert worker_of(one, B) is not dead
        assert dead.pid is not None
        assert not alive(dead.pid)
        await heard.wait(FirstAudio)


async def test_a_call_whose_worker_dies_while_it_begins_is_refused() -> None:
    async with pool(1) as (one, heard):
        (worker,) = one._crew.running
        beginning = asyncio.create_task(one.create_offer(A, video=False, ice_servers=()))
        await asyncio.sleep(0)
        kill(worker)
        with pytest.raises(WorkerDied):
            await beginning
        assert one.live == 0
        assert not heard.of(Failed)  # that it was refused is enough


async def test_a_call_that_is_being_closed_when_its_worker_dies_is_closed(tmp_path: Path) -> None:
    async with called(A, workers=1) as (one, heard, _, _):
        await one.start_recording(A, tmp_path)
        await asyncio.sleep(0.5)
        kill(worker_of(one, A))
        await one.close(A)
        assert len(heard.of(RecordingEnded)) == 1
        assert not heard.of(Failed)  # whoever closes a call does not care how


async def test_a_worker_that_hangs_does_not_keep_the_end_from_coming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voip.media.workers.pool.CLOSES_WITHIN", 0.5)
    async with called(A, workers=1) as (one, heard, _, _):
        await one.start_recording(A, tmp_path)
        pid = worker_of(one, A).pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        await one.aclose()
        assert not alive(pid)
        assert len(heard.of(RecordingEnded)) == 1


async def test_a_worker_that_hangs_is_ended(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(process, "BEAT", 0.2)
    async with called(A, B) as (one, heard, _, _):
        hung = worker_of(one, A)
        assert hung.pid is not None
        os.kill(hung.pid, signal.SIGSTOP)
        assert (await heard.wait(Failed)).key == A
        await until(lambda: len(one._crew.running) == 2)  # and another is there
        assert not alive(hung.pid)
        assert (await one.stats(B)).connected  # who answers is left alone
    assert "does not answer any more" in caplog.text


async def test_who_dies_again_and_again_is_not_followed_for_ever(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(restarts, "MOST", 1)
    async with pool(1) as (one, _):
        for _ in range(2):
            await until(lambda: bool(one._crew.running))
            kill(one._crew.running[0])
            await until(lambda: not one._crew.running)
        with pytest.raises(NoWorker):
            await one.create_offer(C, video=False, ice_servers=())
    assert "restart the bot" in caplog.text


async def test_a_start_that_is_given_up_leaves_no_process() -> None:
    one = MediaPool(MediaSettings(workers=2), Heard())
    opening = asyncio.create_task(one.open())
    await until(lambda: len(children()) == 2)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    await one.aclose()
    assert not children()


async def test_a_worker_that_cannot_be_started_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(WorkerFailed, match="did not start"):
        await MediaPool(MediaSettings(workers=2), Heard()).open()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_when_their_owner_dies_no_worker_is_left(how: signal.Signals) -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.media.workers.owner"), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    try:
        line = await asyncio.wait_for(owner.stdout.readline(), 30)
    finally:
        owner.send_signal(how)
        await owner.wait()
    pids = [int(pid) for pid in line.split()]
    assert len(pids) == 2
    await until(lambda: not any(map(alive, pids)))


async def test_signals_to_everybody_are_the_owners_to_heed() -> None:
    """Ctrl-C reaches the whole group; the owner closes recordings then, and needs its workers."""
    async with called(A, workers=1) as (one, _, _, _):
        pid = worker_of(one, A).pid
        assert pid is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(pid, number)
        await asyncio.sleep(0.2)
        assert (await one.stats(A)).connected


async def test_a_worker_knows_no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOIP_PASSWORD", "secret")
    async with pool(1) as (one, _):
        (worker,) = one._crew.running
        for name in ("environ", "cmdline"):
            seen = await asyncio.to_thread(Path(f"/proc/{worker.pid}/{name}").read_bytes)
            assert b"secret" not in seen
            assert b"VOIP_" not in seen


def test_the_first_who_dies_is_followed_soon() -> None:
    assert (Restarts().wait(0.0) or 99) < crew.PATIENCE
