"""`voip outbox list`, `show`, `retry`, `give-up`: the options; see `cli.py`."""
# ruff: noqa: PLC0415 - as in cli.py: help does not wait for the media libraries

from __future__ import annotations

from typing import Annotated

import typer

from voip.service.options import Config, DataDir, Json

outbox_app = typer.Typer(
    help="What is to leave, or could not: recordings on their way to rooms and storage, notices,"
    " webhooks. A bot may run meanwhile.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Ids = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...", help="The id of a delivery, or its beginning; `all` for all given up."
    ),
]


@outbox_app.command("list")
def list_(
    *,
    every: Annotated[
        bool, typer.Option("--all", help="List what has been delivered, too.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """List what waits and what was given up, the newest first.

    \b
    Example:
      voip outbox list
      voip outbox list --all --json
    """
    from voip.service.outbox_command import list_command

    raise typer.Exit(list_command(data_dir, config, every=every, as_json=json))


@outbox_app.command()
def show(
    wanted: Annotated[
        str, typer.Argument(metavar="ID", help="The id of a delivery, or its beginning.")
    ],
    *,
    data_dir: DataDir = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Say what a delivery is, where it is going, how often it was tried, and what went wrong.

    \b
    Example:
      voip outbox show 3f2a9c01
    """
    from voip.service.outbox_command import show_command

    raise typer.Exit(show_command(wanted, data_dir, config, as_json=json))


@outbox_app.command()
def retry(
    wanted: Ids,
    *,
    data_dir: DataDir = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Try at once what waits or was given up, as if it were new.

    A bot that runs takes it up within seconds; else the next start does.

    \b
    Example:
      voip outbox retry 3f2a9c01
      voip outbox retry all
    """
    from voip.service.outbox_command import Change, change_command

    raise typer.Exit(change_command(Change.RETRY, wanted, data_dir, config, as_json=json))


@outbox_app.command("give-up")
def give_up(
    wanted: Ids,
    *,
    data_dir: DataDir = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Try no more what waits. It stays in the list; recordings stay on the disk.

    \b
    Example:
      voip outbox give-up 3f2a9c01
    """
    from voip.service.outbox_command import Change, change_command

    raise typer.Exit(change_command(Change.GIVE_UP, wanted, data_dir, config, as_json=json))
