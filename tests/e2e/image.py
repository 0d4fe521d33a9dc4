"""The image of the Dockerfile without a container engine: its own steps, in folders of ours.

What is copied, what is built and what is installed are the Dockerfile's words; its folders, its
Python and its user are this machine's.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import venv
from pathlib import Path

from tests.deployment import ROOT

INSTALLED_WITHIN = 300.0
_INSTRUCTION = re.compile(r"^(FROM|WORKDIR|COPY|RUN) (.+)$", re.MULTILINE)
_USER_OF_THE_IMAGE = re.compile(r"&& useradd .*")


def build_image(folder: Path) -> Path:
    """The folder of its commands. Takes about a minute; raises CalledProcessError."""
    source, built = folder / "src", folder / "built"
    for made in (source, built):
        made.mkdir()
    venv.create(folder / "venv", with_pip=True)
    commands = folder / "venv" / "bin"
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    for instruction, words in _INSTRUCTION.findall(text):
        if instruction == "RUN":
            step = _USER_OF_THE_IMAGE.sub("", words).replace("/built", str(built))
            subprocess.run(
                ["sh", "-ec", step],
                cwd=source,
                env=os.environ | {"PATH": f"{commands}:/usr/bin:/bin", "PIP_QUIET": "1"},
                check=True,
                timeout=INSTALLED_WITHIN,
            )
        elif instruction == "COPY" and not words.startswith("--from"):
            *sources, target = shlex.split(words)
            for pattern in sources:
                _copy(pattern, source / target)
    return commands


def _copy(pattern: str, target: Path) -> None:
    """As `COPY` does: of a folder what is in it, and other things into a folder."""
    for found in ROOT.glob(pattern):
        if found.is_dir():
            leave = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(found, target, ignore=leave, dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, target)
