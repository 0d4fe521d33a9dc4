"""`voip announce`: the options; see `cli.py`."""
# ruff: noqa: PLC0415 - as in cli.py: help does not wait for the media libraries

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voip.service.options import Config, Json

announce_app = typer.Typer(rich_markup_mode=None)


@announce_app.command()
def announce(
    people: Annotated[
        list[str] | None, typer.Argument(metavar="[USER]...", help="Whom to call (@name:server).")
    ] = None,
    *,
    people_file: Annotated[
        Path | None,
        typer.Option(
            "--list",
            metavar="FILE",
            dir_okay=False,
            help="A text file with a user id on each line; # begins a remark.",
        ),
    ] = None,
    play: Annotated[
        Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Play a sound file.")
    ] = None,
    say: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Say a text; needs the speech extra.")
    ] = None,
    confirm: Annotated[
        str, typer.Option(metavar="KEY", help="The key that confirms. Without it: none is asked.")
    ] = "",
    tries: Annotated[int, typer.Option(min=1, max=100, help="Calls to each person, at most.")] = 3,
    pause: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="Between two calls to one person.")
    ] = 60.0,
    ring: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, help="After which nobody answers.")
    ] = 40.0,
    at_once: Annotated[int, typer.Option(min=1, max=50, help="Calls at the same time.")] = 5,
    machines: Annotated[
        bool, typer.Option("--machines", help="Leave the message where a machine picks up.")
    ] = False,
    json: Json = False,
    config: Config = None,
) -> None:
    """Call some people, play a message, and say who has heard it.

    Ends with status 0 only if everybody has. With --json, the report is one line.

    \b
    Example:
      voip announce @ann:example.org @bob:example.org --say "The server is down." --confirm 1
      voip announce --list on-call.txt --play alarm.ogg --tries 5 --pause 30 --json
    """
    from voip.service.announce_command import AnnounceOptions, announce_command

    if (play is None) == (say is None):
        raise typer.BadParameter("give one of --play and --say")
    options = AnnounceOptions(
        tuple(people or ()),
        people_file,
        play,
        say,
        confirm,
        tries,
        pause,
        ring,
        at_once,
        machines,
        json,
    )
    raise typer.Exit(announce_command(options, config))
