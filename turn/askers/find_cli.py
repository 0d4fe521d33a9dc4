"""`matrix-turn find`: the options; what it does is in `find_command.py`."""
# ruff: noqa: PLC0415 - help does not wait for the libraries

from __future__ import annotations

from typing import Annotated

import typer


def find(
    server_name: Annotated[
        str,
        typer.Argument(metavar="SERVER_NAME", help="As it ends user ids, such as example.org."),
    ],
    *,
    nameserver: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            show_default=False,
            help="A DNS server to ask in place of the system's; may be given several times.",
        ),
    ] = None,
    within: Annotated[
        float,
        typer.Option(min=1, metavar="SECONDS", help="How long each step may take."),
    ] = 10.0,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON, for programs.")] = False,
) -> None:
    """Say how a homeserver is found, and whether it answers about OpenID tokens.

    Goes the way of the endpoint, step by step, with a token that nobody has: whether users of that
    server could prove who they are, and if not, what stands in the way. Status 0 where they could.

    \b
    Example:
      matrix-turn find example.org
      matrix-turn find example.org:8448 --nameserver 9.9.9.9 --json
    """
    from turn.askers.find_command import find_command

    raise typer.Exit(find_command(server_name, nameserver or [], within, as_json=json))
