"""Run a program that must not outlive whoever asked for it: ``guard.py PARENT PROGRAM ARGS…``.

A wrapper, and not ``preexec_fn``, because Python code between fork and exec can deadlock in a
process that has threads. The request survives the exec, so the program needs to know nothing.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2), Linux only


def main() -> None:
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(parent):  # it died before the request was made
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
