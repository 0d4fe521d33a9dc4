"""`voip verify`: the bot's side of an emoji verification, on the terminal or for a program."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voip.matrix.edge import MatrixEdge
from voip.matrix.errors import MatrixError
from voip.matrix.identity import IdentityState
from voip.matrix.sas import Stage, Verification
from voip.service.bot_command import complain
from voip.service.running import Exit, Interrupted, run
from voip.service.settings import Settings
from voip.service.settings_sources import SettingsError, load_settings
from voip.service.translation import matrix_settings

SIGNED_WITHIN = 30.0
"""Seconds in which our device has to be signed."""


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    user_id: str | None = None
    within: float = 300.0
    as_json: bool = False


def verify_command(config: Path | None, options: VerifyOptions) -> Exit:
    try:
        settings = load_settings(config)
    except SettingsError as error:
        complain(*error.problems)
        return Exit.WRONG_INPUT
    try:
        verification = run(_verify(settings, options))
    except Interrupted:
        return Exit.INTERRUPTED
    except TimeoutError:
        complain(f"nobody finished a verification within {options.within:g} s")
        return Exit.FAILED
    except MatrixError as error:
        complain(str(error))
        return Exit.FAILED
    done = verification.stage is Stage.DONE
    _tell(options, {"ok": done, "user": verification.user_id, "reason": verification.problem})
    if not options.as_json:
        sys.stdout.write("verified\n" if done else f"not verified: {verification.problem}\n")
    return Exit.DONE if done else Exit.FAILED


async def _verify(settings: Settings, options: VerifyOptions) -> Verification:
    edge = MatrixEdge(replace(matrix_settings(settings), verifies=True), lambda _event: None)
    async with edge:
        syncing = asyncio.create_task(edge.run(), name="sync")
        try:
            async with asyncio.timeout(options.within):
                await _signed(edge, syncing)
                _tell(options, {"ready": edge.user_id, "device": edge.device_id})
                if not options.as_json:
                    sys.stdout.write(
                        f"In your client, open the profile of {edge.user_id} and verify them with"
                        f" emoji; or verify their session {edge.device_id}.\n"
                    )
                return await edge.verifier.run(
                    options.user_id, lambda verification: _compare(verification, options)
                )
        finally:
            syncing.cancel()
            await asyncio.gather(syncing, return_exceptions=True)


async def _signed(edge: MatrixEdge, syncing: asyncio.Task[None]) -> None:
    """Wait until our device is signed: only then are there keys that a person could verify."""
    end = asyncio.get_running_loop().time() + SIGNED_WITHIN
    while edge.identity.state is not IdentityState.SIGNED:
        if syncing.done():
            syncing.result()  # raises what ended it
        if edge.identity.problem is not None:
            raise edge.identity.problem
        if asyncio.get_running_loop().time() > end:
            raise TimeoutError
        await asyncio.sleep(0.1)


async def _compare(verification: Verification, options: VerifyOptions) -> bool:
    if options.as_json:
        _tell(options, {"emoji": [list(each) for each in verification.emoji]})
    else:
        signs = "   ".join(f"{sign} {name}" for sign, name in verification.emoji)
        sys.stdout.write(f"{verification.user_id} sees:\n\n  {signs}\n\nThe same? [yes/no] ")
        sys.stdout.flush()
    return (await _line()).strip().lower() in {"y", "yes"}


async def _line() -> str:
    """What is typed. Not in a thread: one that waits for a key could not be ended."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        return (await reader.readline()).decode(errors="replace")
    finally:
        transport.close()


def _tell(options: VerifyOptions, what: dict[str, Any]) -> None:
    if options.as_json:
        sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
        sys.stdout.flush()
