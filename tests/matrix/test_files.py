"""Recordings posted and fetched at a real homeserver, and how an upload fails."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from tests.matrix.conftest import Bot, MakePerson, Person
from tests.matrix.faults import DROP, Answer, FaultyHomeserver, limited
from voip.matrix.errors import DownloadError, UploadRefusedError
from voip.matrix.files import Files, MediaFile, Uploaded, media_content
from voip.matrix.http import Json
from voip.matrix.session import Session

BYTES = os.urandom(700_001)


@pytest.fixture
def recording(tmp_path: Path) -> MediaFile:
    file = tmp_path / "recording.ogg"
    file.write_bytes(BYTES)
    return MediaFile(
        file, "audio/ogg", "call.ogg", duration=3.25, waveform=(0, 512, 2000, -3), voice=True
    )


async def posted(alice: Person, bob: Person, room_id: str, file: MediaFile) -> Json:
    shown = await alice.edge.upload(room_id, file, within=60)
    event_id = await alice.edge.post(room_id, shown, "txn1", 60)
    async with asyncio.timeout(30):  # Its keys may come after it.
        while not (messages := await bob.edge.recent_messages(room_id)):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    (message,) = messages
    assert (message.event_id, message.sender) == (event_id, alice.user.user_id)
    return dict(message.content)


@pytest.mark.parametrize("encrypted", [True, False])
async def test_a_recording_is_posted_and_fetched_again(
    person: MakePerson, recording: MediaFile, tmp_path: Path, encrypted: bool
) -> None:
    alice, bob = await person(), await person()
    room_id = await alice.invite_into_room(bob, encrypted=encrypted)
    content = await posted(alice, bob, room_id, recording)
    assert (content["msgtype"], content["body"]) == ("m.audio", "call.ogg")
    assert content["info"] == {"mimetype": "audio/ogg", "size": len(BYTES), "duration": 3250}
    assert ("file" in content, "url" in content) == (encrypted, not encrypted)
    fetched = await bob.edge.download(content, tmp_path / "fetched.ogg")
    assert fetched.read_bytes() == BYTES
    # The same transaction posts nothing twice, also when the file is uploaded again.
    assert await posted(alice, bob, room_id, recording) == content


async def test_an_encrypted_file_that_was_changed_is_not_taken(
    person: MakePerson, recording: MediaFile, tmp_path: Path
) -> None:
    alice, bob = await person(), await person()
    room_id = await alice.invite_into_room(bob, encrypted=True)
    content = await posted(alice, bob, room_id, recording)
    content["file"]["hashes"] = {"sha256": "AAAA"}
    with pytest.raises(DownloadError, match="not what its event says"):
        await bob.edge.download(content, tmp_path / "fetched.ogg")
    assert await asyncio.to_thread(lambda: list(tmp_path.rglob("*fetched*"))) == []


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"url": "https://x/y"},
        {"url": "mxc://server"},
        {"url": "mxc://server/a/b"},
        {"url": 7},
        {"file": {}},
    ],
)
async def test_events_without_a_file(session: Session, tmp_path: Path, content: Json) -> None:
    with pytest.raises(DownloadError, match="names no file"):
        await Files(session).download(content, tmp_path / "x")


async def test_a_file_that_is_gone(
    faulty: FaultyHomeserver, session: Session, tmp_path: Path
) -> None:
    faulty.on("/whoami", {})
    with pytest.raises(DownloadError, match="404"):
        await Files(session).download({"url": "mxc://x/gone"}, tmp_path / "x")
    (asked,) = faulty.asked("/x/gone")
    assert asked.path == "/_matrix/client/v1/media/download/x/gone"


TAKEN = {"content_uri": "mxc://x/1"}


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize("fault", [limited(10), (502, {}), DROP, {}])
async def test_uploads_are_tried_again_from_the_start(
    faulty: FaultyHomeserver, session: Session, recording: MediaFile, fault: Answer, encrypted: bool
) -> None:
    faulty.on("/upload", fault, TAKEN)
    uploaded = await Files(session).upload(recording, encrypted=encrypted)
    first, *_, last = faulty.asked("/upload")
    assert len(last.body) == uploaded.size == len(BYTES)
    assert (last.body == BYTES) is not encrypted
    assert ("filename" in last.query) is not encrypted
    if encrypted:
        assert first.body != last.body  # a key is used for one ciphertext only
        assert uploaded.fields["file"]["url"] == "mxc://x/1"
        assert uploaded.fields["file"]["v"] == "v2"


async def test_an_expired_token_during_an_upload(
    faulty: FaultyHomeserver, session: Session, recording: MediaFile
) -> None:
    expired = (401, {"errcode": "M_UNKNOWN_TOKEN", "soft_logout": True})
    faulty.on("/upload", expired, TAKEN)
    faulty.on("/refresh", {"access_token": "second"})
    await Files(session).upload(recording, encrypted=False)
    assert [asked.token for asked in faulty.asked("/upload")] == ["first", "second"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((413, {"errcode": "M_TOO_LARGE"}), "raise its upload limit"),
        ((403, {"errcode": "M_FORBIDDEN", "error": "no"}), "does not take the file"),
    ],
)
async def test_a_refused_upload_says_why_and_where_the_file_is(
    faulty: FaultyHomeserver, session: Session, recording: MediaFile, answer: Any, message: str
) -> None:
    faulty.on("/upload", answer)
    with pytest.raises(UploadRefusedError, match=message) as raised:
        await Files(session).upload(recording, encrypted=False)
    assert str(recording.path) in str(raised.value)


async def test_a_file_that_is_not_there(bot: Bot, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await Files(bot.edge.session).upload(
            MediaFile(tmp_path / "none", "audio/ogg", "x"), encrypted=False
        )


def test_content_of_a_voice_message() -> None:
    file = MediaFile(Path("x"), "audio/ogg", "x.ogg", 1.5, waveform=(0, 2000, -3), voice=True)
    content = media_content(file, Uploaded({"url": "mxc://x/1"}, 9))
    assert content["org.matrix.msc1767.audio"] == {"duration": 1500, "waveform": [0, 1024, 0]}
    assert content["org.matrix.msc3245.voice"] == {}
    assert content["url"] == "mxc://x/1"


def test_content_of_a_video() -> None:
    file = MediaFile(Path("x"), "video/webm", "x.webm", 2.0, 640, 480, waveform=(1,), voice=True)
    content = media_content(file, Uploaded({"url": "mxc://x/1"}, 9))
    assert content["msgtype"] == "m.video"
    info = {"mimetype": "video/webm", "size": 9, "duration": 2000, "w": 640, "h": 480}
    assert content["info"] == info
    assert not [key for key in content if key.startswith("org.matrix")]


def test_content_of_anything_else() -> None:
    content = media_content(MediaFile(Path("x"), "text/plain", "x.txt"), Uploaded({}, 9))
    assert content["msgtype"] == "m.file"
    assert content["info"] == {"mimetype": "text/plain", "size": 9}
