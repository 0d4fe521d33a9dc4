"""`voip bot`, which kills itself at the point of a call that a file names: see `points.ORDER`."""

from __future__ import annotations

import sys

from tests.bot.killed.points import POINTS
from voip.service.cli import main

if __name__ == "__main__":
    for point in POINTS:
        point.set_trap(point.name)
    sys.argv[1:] = ["bot"]
    main()
