"""`matrix-turn key make`, `list`, `rotate`, `revoke`: the options; see `key_command.py`."""
# ruff: noqa: PLC0415 - help does not wait for the libraries

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from turn.serve_cli import Config, Json

key_app = typer.Typer(
    help="API keys of conference hosts: make, list, rotate and revoke them. A running endpoint"
    " takes each change within seconds.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
KeysFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="The file of keys. Without it: TURN_KEYS_FILE, or of the settings."
    ),
]
Whose = Annotated[
    str,
    typer.Argument(metavar="HOLDER", help="A holder's name or id, or the id of one of its keys."),
]


@key_app.command()
def make(
    name: Annotated[str, typer.Argument(help="Whose key it is: a name for people.")],
    *,
    longest_ttl: Annotated[
        int,
        typer.Option(
            min=60,
            max=604_800,
            metavar="SECONDS",
            help="The longest lifetime that may be asked for.",
        ),
    ] = 86_400,
    ttl: Annotated[
        int | None,
        typer.Option(
            min=60,
            metavar="SECONDS",
            show_default=False,
            help="The lifetime where none is asked for. Without it: the longest one.",
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGION",
            help="A region that it may use, the default one first; may be given several times."
            " Without it: all.",
        ),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(metavar="COUNT/TIME", help="How often it may ask, evened out, such as 600/m."),
    ] = None,
    quota: Annotated[
        str | None,
        typer.Option(metavar="COUNT/TIME", help="How many credentials it gets, such as 50000/d."),
    ] = None,
    id_prefix: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="What the ids of its users begin with at the relay: letters, digits and . _ -",
        ),
    ] = "",
    origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="A web page that may use the key from a browser, such as https://meet.example.org;"
            " may be given several times. Without it: servers only.",
        ),
    ] = None,
    keys_file: KeysFile = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Make a key for a new holder, and print it: once, as only its hash is kept.

    \b
    Example:
      matrix-turn key make meet.example.org --rate 600/m --quota 50000/d --longest-ttl 21600
      matrix-turn key make janus --region eu --id-prefix janus- --json
    """
    from turn.key_command import KeyOptions, make_command

    options = KeyOptions(
        name=name,
        ttl=ttl,
        longest_ttl=longest_ttl,
        regions=tuple(region or ()),
        rate=rate,
        quota=quota,
        id_prefix=id_prefix,
        origins=tuple(origin or ()),
    )
    raise typer.Exit(make_command(options, keys_file, config, as_json=json))


@key_app.command("list")
def list_(*, keys_file: KeysFile = None, json: Json = False, config: Config = None) -> None:
    """List the holders with their keys and scopes. The keys themselves are not kept.

    \b
    Example:
      matrix-turn key list
      matrix-turn key list --json
    """
    from turn.key_command import list_command

    raise typer.Exit(list_command(keys_file, config, as_json=json))


@key_app.command()
def rotate(
    holder: Whose,
    *,
    overlap: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="How long the old key works beside the new one, such as 12h or 7d; 0: not at all.",
        ),
    ] = "7d",
    keys_file: KeysFile = None,
    json: Json = False,
    config: Config = None,
) -> None:
    """Give a holder a new key, and let the old one end a little later. Limits and scopes stay.

    \b
    Example:
      matrix-turn key rotate meet.example.org --overlap 24h
      matrix-turn key rotate meet.example.org --overlap 0
    """
    from turn.key_command import rotate_command

    raise typer.Exit(rotate_command(holder, overlap, keys_file, config, as_json=json))


@key_app.command()
def revoke(
    holder: Whose, *, keys_file: KeysFile = None, json: Json = False, config: Config = None
) -> None:
    """End a key, by its id, or all keys of a holder, by the holder's name or id.

    What was given out with it goes on until it expires.

    \b
    Example:
      matrix-turn key revoke q7k2m5xa
      matrix-turn key revoke meet.example.org
    """
    from turn.key_command import revoke_command

    raise typer.Exit(revoke_command(holder, keys_file, config, as_json=json))
