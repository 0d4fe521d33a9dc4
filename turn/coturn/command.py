"""`matrix-turn config` and `config --check`: what they print and write."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from turn.coturn.check import Finding, Level, check
from turn.coturn.config import Decision, decisions, render, warnings
from turn.coturn.plan import PlanError
from turn.coturn.version import CoturnError, Installed, Version, installed, parse_version
from turn.coturn.wishes import Target, Wishes, plan_of

DONE, FAILED, WRONG_INPUT = 0, 1, 2
NEWEST_KNOWN = Version(4, 17)
"""What a file is judged by where no coturn is installed and no version given."""


def config_command(wishes: Wishes, target: Target, *, as_json: bool) -> int:
    """Write the file, or print it. Returns the exit status."""

    async def work() -> int:
        coturn = await _coturn(target.version)
        plan = await plan_of(wishes)
        lines = decisions(plan, coturn.version)
        _require_known(lines, coturn)
        if target.output is not None:
            text = render(lines, coturn.version, with_secrets=True)
            await asyncio.to_thread(_write_file, target.output.absolute(), text, target)
        thoughts = warnings(plan, coturn.version)
        if as_json:
            _write(json.dumps(_as_json(lines, coturn.version, target, thoughts)))
            return DONE
        if target.output is None:
            _write(render(lines, coturn.version, with_secrets=False).rstrip("\n"))
        else:
            _write(f"wrote {target.output}, for coturn {coturn.version}, {len(lines)} settings")
        for thought in thoughts:
            sys.stderr.write(f"note: {thought}\n")
        return DONE

    return _guarded(work)


def check_command(file: Path, version: str, *, as_json: bool) -> int:
    """Say what is unsafe in a file. Returns the exit status, which is 1 if something is."""

    async def work() -> int:
        text = await asyncio.to_thread(file.read_text, "utf-8", "replace")
        try:
            coturn = await _coturn(version)
        except CoturnError:
            coturn = Installed(NEWEST_KNOWN, frozenset())
        found = [*check(text, coturn.version, coturn.options or None), *_of_mode(file, text)]
        if as_json:
            _write(json.dumps({"file": str(file), "findings": [_finding(one) for one in found]}))
        for one in () if as_json else found:
            where = f"{file}:{one.line}" if one.line else str(file)
            _write(f"{one.level.value:7} {where}: {one.text}")
        unsafe = any(one.level is Level.UNSAFE for one in found)
        if not as_json and not unsafe:
            _write(f"{file} holds nothing that is unsafe, as far as a file can tell")
        return FAILED if unsafe else DONE

    return _guarded(work)


def _guarded(work: Callable[[], Coroutine[Any, Any, int]]) -> int:
    try:
        return asyncio.run(work())
    except PlanError as error:
        for problem in error.problems:
            sys.stderr.write(f"matrix-turn: {problem}\n")
        return WRONG_INPUT
    except CoturnError as error:
        sys.stderr.write(f"matrix-turn: {error}\n")
        return FAILED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"matrix-turn: {where}{error.strerror or error}\n")
        return FAILED


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")


async def _coturn(wanted: str) -> Installed:
    if not wanted:
        return await installed()
    version = parse_version(wanted)
    if version is None:
        raise PlanError([f"{wanted!r} is no version of coturn: write it like 4.6.1"])
    return Installed(version, frozenset())


def _require_known(lines: tuple[Decision, ...], coturn: Installed) -> None:
    """coturn only warns of an unknown option: a rule that is not there must stop us here."""
    if not coturn.options:
        return
    unknown = sorted({one.option for one in lines} - coturn.options)
    if unknown:
        raise CoturnError(
            f"coturn {coturn.version} does not list {', '.join(unknown)} in its help, and would run"
            " without: update coturn, or name the version that the file is for"
        )


def _write_file(file: Path, text: str, target: Target) -> None:
    """At once, and never readable by others, not even for a moment."""
    if file.exists() and not target.force:
        raise PlanError([f"{file} is there already: give another --output, or --force"])
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if target.owner:
            _give(Path(name), target.owner)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _give(file: Path, owner: str) -> None:
    try:
        shutil.chown(file, user=owner)
    except LookupError:
        raise PlanError([f"there is no user {owner}: name the one that runs coturn"]) from None


def _of_mode(file: Path, text: str) -> list[Finding]:
    if not file.stat().st_mode & stat.S_IRWXO or "secret=" not in text.replace(" ", ""):
        return []
    why = f"it holds a secret, and other users may read it: chmod 640 {file}"
    return [Finding(Level.UNSAFE, why)]


def _finding(one: Finding) -> dict[str, Any]:
    return {"level": one.level.value, "line": one.line, "text": one.text}


def _as_json(
    lines: tuple[Decision, ...], version: Version, target: Target, thoughts: list[str]
) -> dict[str, Any]:
    return {
        "coturn": str(version),
        "output": None if target.output is None else str(target.output),
        "decisions": [
            {"option": one.option, "value": None if one.secret else one.value, "why": one.why}
            for one in lines
        ],
        "notes": thoughts,
    }
