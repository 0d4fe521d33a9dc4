"""Install what the tests run from Debian: ``python tools/debian.py coturn=turnserver …``.

Each argument is ``package=command``; a package is installed when its command is missing. Where
that cannot be done the exit status is 1 and the message says what to do. On another system it
only says which commands are missing: the tests that need them say so again, one by one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
FORBID_START = "#!/bin/sh\nexit 101\n"  # "action forbidden by policy", invoke-rc.d(8)


def main(arguments: Sequence[str]) -> int:
    wanted = dict(argument.split("=", 1) for argument in arguments)
    missing = {package: command for package, command in wanted.items() if not shutil.which(command)}
    if not missing:
        return 0
    commands = ", ".join(missing.values())
    if shutil.which("apt-get") is None:
        print(f"Missing commands: {commands}. This is not Debian: install them your own way.")
        print("The tests that need them will not run.")
        return 0
    prefix = _as_root()
    by_hand = f"apt-get install {' '.join(missing)}"
    if prefix is None:
        print(f"Missing commands: {commands}. Run this as root, then try again: {by_hand}")
        return 1
    print(f"Missing commands: {commands}. Installing from Debian: {' '.join(missing)}", flush=True)
    if not _install(prefix, list(missing)):
        print(f"Debian's packages could not be installed. Try it by hand as root: {by_hand}")
        return 1
    left = [command for command in missing.values() if not shutil.which(command)]
    if left:
        print(f"The packages are installed, but these commands are not on the PATH: {left}")
    return 1 if left else 0


def _as_root() -> list[str] | None:
    """What to put before a command so that it runs as root, or None where we may not."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and _quiet(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def _install(prefix: list[str], packages: list[str]) -> bool:
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    with _no_services(prefix):
        return _visible([*apt, "update"]) and _visible(
            [*apt, "install", "--no-install-recommends", *packages]
        )


@contextlib.contextmanager
def _no_services(prefix: list[str]) -> Iterator[None]:
    """Debian starts what it installs; we want the program, not a relay open to the network."""
    if POLICY.exists():
        yield
        return
    write = ["sh", "-c", f"printf '%s' '{FORBID_START}' > {POLICY} && chmod 755 {POLICY}"]
    _quiet([*prefix, *write])
    try:
        yield
    finally:
        _quiet([*prefix, "rm", "-f", str(POLICY)])


def _quiet(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _visible(command: list[str]) -> bool:
    print("+", " ".join(command), flush=True)
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
