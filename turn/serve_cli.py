"""`matrix-turn serve`: the options; what it does is in `serve_command.py`."""
# ruff: noqa: PLC0415 - help does not wait for the libraries

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="TURN_CONFIG",
        metavar="FILE",
        help="Settings file (TOML). Without it: matrix-turn.toml of this folder, where there is"
        " one. Settings from the environment (TURN_...) win over the file's.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON, for programs.")]


def serve(
    *,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Print the settings in effect and what is wrong with them, and end."
        ),
    ] = False,
    json: Json = False,
    config: Config = None,
) -> None:
    """Give out TURN credentials over HTTP: to Matrix users, and to whoever has an API key.

    Logs one line when it is ready. SIGTERM or Ctrl-C ends it after the requests under way.

    \b
    Example:
      matrix-turn serve --check
      TURN_URIS=turn:turn.example.org TURN_SECRET_FILE=secret TURN_KEYS_FILE=keys.db \\
        matrix-turn serve
    """
    from turn.serve_command import check_command, serve_command

    if json and not check:
        raise typer.BadParameter("--json is for --check: what is served is logged")
    raise typer.Exit(check_command(config, as_json=json) if check else serve_command(config))
