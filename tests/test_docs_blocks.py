"""Every block of code in the documents is run, parsed or validated.

Python of docs/bots.md and docs/start.md is run by `bot/test_bots_doc.py` and here; all Python is
held against the types. Shell is parsed by bash, and its commands by the programs that they start:
`shell_blocks.NOT_RUN` says which of those are not run, and why.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp.test_utils import TestClient, TestServer

from tests.blocks import ROOT, Block, blocks
from tests.shell_blocks import RUN, check, commands
from turn.relay.options import RelayOptions
from turn.settings_sources import load_settings as load_turn
from voip.bot.bots.bridge_recorder import BridgeSettings
from voip.bot.bots.file import Strict, parse
from voip.bot.bots.menu_file import MenuSettings
from voip.bot.bots.voicemail import VoicemailSettings
from voip.bot.testing import FakeCall, virtual_time
from voip.delivery.webhooks import signature
from voip.service.settings_sources import load_settings
from voip.service.web import create_app

CHECKED: Final = {"python", "bash", "toml", "yaml", "json", "js"}
SHOWN: Final = {
    "text": "output, trees and drawings",
    "mermaid": "drawn by the reader's browser; states.md is held against the table that it is of",
    "html": "an element for somebody else's page; tests/e2e/test_page_embedded.py embeds the same",
    "nginx": "the server is not among what the tests have",
}
"""Languages of which nothing is run, and why."""


def test_each_block_has_a_language_that_is_checked_or_explained() -> None:
    assert [str(one) for one in blocks() if one.language not in CHECKED | SHOWN.keys()] == []


# --- shell ---


@pytest.mark.parametrize("block", blocks("bash"), ids=str)
def test_shell(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True, timeout=10)
    found = commands(block.text)
    assert found
    for words in found:
        check(words, block)


@pytest.mark.parametrize(
    "block",
    [one for one in blocks("bash") if any(words[0] == "openssl" for words in commands(one.text))],
    ids=str,
)
def test_secrets_are_made(block: Block, tmp_path: Path) -> None:
    kept = [line for line in block.text.splitlines() if RUN & {line.split(";")[0].split()[0]}]
    if not kept:  # it is inside $( )
        kept = [line for line in block.text.splitlines() if "openssl" in line]
    script = "set -e\n" + "\n".join(kept)
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True, timeout=10)
    for file in tmp_path.iterdir():
        assert len(file.read_text().strip()) >= 40


# --- settings ---

NEEDED: Final = (
    'homeserver = "https://matrix.example.org"\nuser_id = "@bot:example.org"\npassword = "x"\n'
)
TURN_NEEDED: Final = "".join(
    f"{name} = {value!r}\n"
    for name, value in (("secret", "5" * 40), ("id_key", "7" * 40), ("keys_file", "keys.db"))
)
BOTS: Final[Mapping[str, type[Strict]]] = {
    "Voicemail": VoicemailSettings,
    "Menu": MenuSettings,
    "Bridge-recorder": BridgeSettings,
    "2. What is said, and when": VoicemailSettings,
}
"""By the headline: blocks that are a bot's own file."""


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_toml(block: Block, tmp_path: Path) -> None:
    if block.headline in BOTS:
        parse(block.text, BOTS[block.headline], str(block))
        return
    given = tomllib.loads(block.text)
    file = tmp_path / "settings.toml"
    if block.document.name.startswith("turn"):
        relays = "" if "relays" in given else 'uris = ["turn:turn.example.org"]\n'
        file.write_text(TURN_NEEDED + relays + block.text)
        settings: Any = load_turn(file)
    else:
        needed = "".join(
            line + "\n" for line in NEEDED.splitlines() if line.split(" = ")[0] not in given
        )
        file.write_text(needed + block.text)
        settings = load_settings(file)
    for key in given:
        assert getattr(settings, key), f"{key} has no effect"


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_yaml(block: Block) -> None:
    parse(block.text, BOTS[block.headline], f"{block.document.name}.yaml")


# --- json ---


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json(block: Block) -> None:
    text = block.text.strip()
    read = json.loads(text if text.startswith("{") else f"{{{text}}}")
    assert read


async def test_the_page_is_told_no_more_by_us_than_by_the_document(tmp_path: Path) -> None:
    (block,) = [one for one in blocks("json") if one.document.name == "page.md"]
    async with TestClient(TestServer(create_app(tmp_path))) as client:
        config = await (await client.get("/config.json")).json()
    assert json.loads(block.text).keys() <= config.keys()


@pytest.mark.parametrize("block", blocks("js"), ids=str)
def test_javascript(block: Block, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing")
    file = tmp_path / "block.mjs"
    file.write_text(block.text)
    subprocess.run([node, "--check", str(file)], check=True, timeout=20)


# --- Python ---

COMMON: Final = "from __future__ import annotations\nfrom typing import Any\n"
PREAMBLES: Final[Mapping[str, str]] = {
    "README.md": "from voip.bot import Call, Speech\nfrom voip.bot.sphinx import Sphinx\n",
    "listening.md": (
        "import asyncio\nimport concurrent.futures\nimport numpy\n"
        "from voip.bot import Call\nfrom voip.bot.sphinx import Sphinx\n"
        "from voip.bot.transcription import Transcript\n"
        "from voip.media.utterance import Utterance\n"
        "faster_whisper: Any\n"
        "async def say(call: Call, text: str) -> None: ...\n"
    ),
    "outbox.md": "import hashlib\nimport hmac\nfrom collections.abc import Mapping\n",
    "recordings.md": "from pathlib import Path\nfrom voip.bot import Call\n",
    "turn-relay.md": (
        "from turn.relay.options import RelayOptions\nfrom turn.relay.serve import Relay\n"
        "from turn.secrets.model import FixedSecrets\n"
    ),
}
"""What a block of these documents takes for granted."""
INSIDE: Final[Mapping[str, str]] = {
    "recordings.md": "async def block(call: Call) -> None:\n",
    "turn-relay.md": "async def block(secret: str) -> None:\n",
}
"""Blocks that are part of a coroutine."""
METHOD: Final = "from typing import Protocol\nclass Block(Protocol):\n"
"""Before a method by itself."""


def module_of(block: Block) -> str:
    """The block as a module of its own."""
    name = block.document.name
    text = block.text
    inside = METHOD if "(self," in text.partition("\n")[0] else INSIDE.get(name)
    if inside is not None:
        text = inside + "".join(f"    {line}\n" for line in text.splitlines())
    return COMMON + PREAMBLES.get(name, "") + text


@pytest.mark.long
@pytest.mark.timeout(300)
def test_python_has_the_right_types(tmp_path: Path) -> None:
    """Every name, argument and attribute is there. One run for all: loading takes most of it."""
    for block in blocks("python"):
        name = f"{block.document.stem}_{block.line}.py".replace("-", "_")
        (tmp_path / name).write_text(module_of(block))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def names_of(document: str) -> dict[str, Any]:
    """What the only block of Python in a document defines."""
    (block,) = [one for one in blocks("python") if one.document.name == document]
    names: dict[str, Any] = {"__name__": "of_the_document"}
    exec(compile(module_of(block), str(block), "exec"), names)  # noqa: S102  # our own text
    return names


@virtual_time
async def test_the_bot_of_the_first_five_minutes() -> None:
    async with FakeCall(names_of("start.md")["reception"]) as caller:
        await caller.hears("Press 1")
        caller.press("1")
        await caller.hears("Speak now")
        caller.says(seconds=4)
        await caller.hears("That was 1")
        await caller.ended()
    assert len(caller.call.recordings) == 1


def test_a_webhook_is_checked_as_the_document_says() -> None:
    is_ours = names_of("outbox.md")["is_ours"]
    body = b'{"event": "call.ended"}'
    headers = {
        "Matrix-Voip-Timestamp": "1000",
        "Matrix-Voip-Signature": signature("a secret of ours", "1000", body),
    }
    assert is_ours("a secret of ours", headers, body, 1010.0)
    assert not is_ours("a secret of ours", headers, body + b" ", 1010.0)
    assert not is_ours("a secret of ours", headers, body, 2000.0)
    assert not is_ours("another secret of", headers, body, 1010.0)


async def test_the_relay_in_another_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = names_of("turn-relay.md")

    def here(listen: object, realm: str) -> RelayOptions:
        return RelayOptions(listen=(("127.0.0.1", 0),), realm=realm)

    names["RelayOptions"] = here  # 203.0.113.7 is nobody's
    await names["block"]("0123456789abcdef0123456789abcdef")
    assert "turn:127.0.0.1:" in capsys.readouterr().out
