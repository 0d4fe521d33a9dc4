"""Digits and a colon for the time below a waveform, so that no font is needed."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

_SIZE: Final = 2
"""Pixels of a dot."""
_GLYPHS: Final = {
    "0": (" ### ", "#   #", "#  ##", "# # #", "##  #", "#   #", " ### "),
    "1": ("  #  ", " ##  ", "  #  ", "  #  ", "  #  ", "  #  ", " ### "),
    "2": (" ### ", "#   #", "    #", "   # ", "  #  ", " #   ", "#####"),
    "3": ("#####", "   # ", "  #  ", "   # ", "    #", "#   #", " ### "),
    "4": ("   # ", "  ## ", " # # ", "#  # ", "#####", "   # ", "   # "),
    "5": ("#####", "#    ", "#### ", "    #", "    #", "#   #", " ### "),
    "6": ("  ## ", " #   ", "#    ", "#### ", "#   #", "#   #", " ### "),
    "7": ("#####", "    #", "   # ", "  #  ", " #   ", " #   ", " #   "),
    "8": (" ### ", "#   #", "#   #", " ### ", "#   #", "#   #", " ### "),
    "9": (" ### ", "#   #", "#   #", " ####", "    #", "   # ", " ##  "),
    ":": ("     ", "  #  ", "  #  ", "     ", "  #  ", "  #  ", "     "),
}
HEIGHT: Final = 7 * _SIZE
"""Rows of a text."""


def drawn(text: str) -> npt.NDArray[np.bool_]:
    """Where there is ink; digits and colons alone."""
    rows = [" ".join(_GLYPHS[each][row] for each in text) for row in range(7)]
    dots = np.array([[dot == "#" for dot in row] for row in rows])
    return dots.repeat(_SIZE, axis=0).repeat(_SIZE, axis=1)
