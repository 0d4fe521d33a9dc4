"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CONFIG_HELP = (
    "Settings file (TOML). Without it: voip.toml of this folder, where there is one. Settings from"
    " the environment (VOIP_...) win over the file's."
)
Config = Annotated[
    Path | None, typer.Option("--config", envvar="VOIP_CONFIG", metavar="FILE", help=CONFIG_HELP)
]
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON, for programs.")]
DataDir = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="The bot's data folder. Without it: that of the settings."),
]
