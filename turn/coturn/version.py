"""Which coturn is here, and which options it knows.

coturn only warns of an option that it does not know, and runs on without what was asked for.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import dataclass

PROGRAM = "turnserver"
ANSWER_WITHIN = 10.0
MAX_OUTPUT = 1 << 20


class CoturnError(Exception):
    """coturn cannot be asked; the text says what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


OLDEST = Version(4, 6)
"""Older ones cannot turn RFC 5780 off, and those before 4.5.2 relay to loopback whatever their
rules say (CVE-2020-26262)."""
NO_HOLES_IN_RULES = Version(4, 13, 1)
"""Older ones let an IPv4 address that is written as IPv6 past rules for IPv4 (CVE-2026-27624 is
the mapped form of it, closed in 4.9)."""

OFF_SINCE = {
    "no-tlsv1": Version(4, 7),
    "no-tlsv1_1": Version(4, 7),
    "no-rfc5780": Version(4, 7),
    "no-stun-backward-compatibility": Version(4, 7),
    "no-software-attribute": Version(4, 7),
    "no-cli": Version(4, 10),
    "no-dtls": Version(4, 17),
}
"""What is off from some version on unless it is asked for. The option that turned it off does
nothing then, and is gone a few versions later."""


def must_turn_off(option: str, version: Version) -> bool:
    """Whether that version needs this option of OFF_SINCE."""
    return version < OFF_SINCE[option]


@dataclass(frozen=True, slots=True)
class Installed:
    """The coturn of this machine."""

    version: Version
    options: frozenset[str]
    """The long options that its help lists, without dashes."""


def parse_version(text: str) -> Version | None:
    """The first version in `--version`, or in the banner of a log; None where there is none."""
    found = re.search(r"(?<![\d.])(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?(?![\d.]*\d)", text)
    if found is None:
        return None
    return Version(int(found[1]), int(found[2]), int(found[3] or 0))


def parse_options(help_text: str) -> frozenset[str]:
    """The options in the text of `turnserver -h`, as they stand in a configuration file."""
    names = set()
    for line in help_text.splitlines():
        # " -L, --listening-ip <ip>  Listener...": only what stands before the explanation
        head = re.match(r" {1,6}-[^\t]*", line)
        if head is not None:
            names |= set(re.findall(r"--([a-z][a-zA-Z0-9_-]*)", head[0]))
    return frozenset(names)


async def installed() -> Installed:
    """Ask the program on the PATH.

    :raises CoturnError: there is none, or its answers cannot be understood.
    """
    if shutil.which(PROGRAM) is None:
        raise CoturnError(
            f"the command {PROGRAM} is missing: install coturn here, or name the version of the"
            " machine that the file is for, such as --coturn-version 4.6.1"
        )
    version = parse_version(await _output("--version"))
    if version is None:
        raise CoturnError(
            f"{PROGRAM} --version names no version: give it, such as --coturn-version 4.6.1"
        )
    return Installed(version, parse_options(await _output("-h")))


async def _output(option: str) -> str:
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        option,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            output, _ = await process.communicate()
    except TimeoutError:
        raise CoturnError(f"{PROGRAM} {option} does not end: see what is installed there") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output[:MAX_OUTPUT].decode(errors="replace")
